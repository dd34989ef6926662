import type { Match, Silence } from "../domain/index.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";
import type { Listener } from "./listener.ts";
import { MAX } from "./text.ts";
import type { Clean } from "./text.ts";

/** A row of the silence table. */
export interface SilenceRow {
  id: string;
  from_at: number;
  until_at: number;
  match: Match;
  reason: string;
  by: string;
}

/** SQL of the silences of fleet $1 that have not expired at $2, at most 1,000. */
export const ACTIVE_SILENCES =
  "SELECT id, from_at, until_at, match, reason, by FROM corewatch.silence WHERE fleet = $1 AND until_at > $2 ORDER BY from_at, id LIMIT 1000";

/** A row as the domain knows it. */
export function silenceOf(row: SilenceRow): Silence {
  return { id: row.id, match: row.match, from: row.from_at, until: row.until_at, reason: row.reason, by: row.by };
}

/** Silences made by people at the command line. */
export class Silences {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #listener: Listener;
  readonly #clean: Clean;

  constructor(connection: Connection, fleet: FleetRow, listener: Listener, clean: Clean) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#listener = listener;
    this.#clean = clean;
  }

  /** Not expired at `now`, oldest first. @throws StoreUnavailable */
  async active(now: number): Promise<Silence[]> {
    const { rows } = await this.#connection.query<SilenceRow>(ACTIVE_SILENCES, [
      await this.#fleet.id(),
      Math.round(now),
    ]);
    return rows.map(silenceOf);
  }

  /** Adds one; one with the same id is replaced. @throws StoreUnavailable */
  async add(silence: Silence): Promise<void> {
    const fleet = await this.#fleet.id();
    const { id, match, from, until } = silence;
    const texts = [this.#clean(silence.reason, MAX.text), this.#clean(silence.by, MAX.id)];
    await this.#connection.transaction(async (client) => {
      await client.query(
        `INSERT INTO corewatch.silence (fleet, id, from_at, until_at, match, reason, by) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (fleet, id) DO UPDATE SET (from_at, until_at, match, reason, by) =
           (excluded.from_at, excluded.until_at, excluded.match, excluded.reason, excluded.by)`,
        [fleet, id, Math.round(from), Math.round(until), JSON.stringify(match), ...texts],
      );
      await this.#listener.notify(client, fleet, ["silences"]);
    });
  }

  /** Ends one at `now`; `false` when none with this id holds then. @throws StoreUnavailable */
  async end(id: string, now: number): Promise<boolean> {
    const fleet = await this.#fleet.id();
    return this.#connection.transaction(async (client) => {
      const { rowCount } = await client.query(
        "UPDATE corewatch.silence SET until_at = $3 WHERE fleet = $1 AND id = $2 AND until_at > $3",
        [fleet, id, Math.round(now)],
      );
      if (rowCount === 0) return false;
      await this.#listener.notify(client, fleet, ["silences"]);
      return true;
    });
  }
}
