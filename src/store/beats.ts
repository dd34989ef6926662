import type { BeatStore } from "../domain/index.ts";
import type { Connection } from "./connection.ts";
import { errorText } from "./errors.ts";
import type { FleetRow } from "./fleet-row.ts";
import type { Beat, Listener } from "./listener.ts";
import { MAX } from "./text.ts";
import type { Clean } from "./text.ts";
import type { Log } from "../domain/index.ts";

/** The last beat of each heartbeat. */
export class Beats implements BeatStore {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #listener: Listener;
  readonly #clean: Clean;
  readonly #log: Log;

  constructor(connection: Connection, fleet: FleetRow, listener: Listener, clean: Clean, log: Log) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#listener = listener;
    this.#clean = clean;
    this.#log = log;
  }

  /** Keeps a beat, unless a newer one is there. @throws StoreUnavailable */
  async beat(id: string, at: number, ok: boolean, message: string): Promise<void> {
    const fleet = await this.#fleet.id();
    const beat = { id, at: Math.round(at), ok, message: this.#clean(message, MAX.detail) };
    await this.#connection.transaction(async (client) => {
      await client.query(
        `INSERT INTO corewatch.beat AS b (fleet, id, at, ok, message) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (fleet, id) DO UPDATE SET (at, ok, message) = (excluded.at, excluded.ok, excluded.message)
         WHERE b.at <= excluded.at`,
        [fleet, id, beat.at, ok, beat.message],
      );
      await this.#listener.notify(client, fleet, ["beat"], beat);
    });
  }

  /** @throws StoreUnavailable */
  async beats(): Promise<Beat[]> {
    const { rows } = await this.#connection.query<Beat & Record<string, unknown>>(
      "SELECT id, at, ok, message FROM corewatch.beat WHERE fleet = $1 ORDER BY id",
      [await this.#fleet.id()],
    );
    return rows;
  }

  onBeat(listener: (beat: Beat) => void): { stop(): void } {
    return this.#listener.add((heard) => {
      if (heard === "gap") void this.#replay(listener);
      else if (heard.beat !== undefined) listener(heard.beat);
    });
  }

  async #replay(listener: (beat: Beat) => void): Promise<void> {
    try {
      for (const beat of await this.beats()) listener(beat);
    } catch (error) {
      // The connection broke again; its next return replays again.
      this.#log.debug("beats could not be read again", { error: errorText(error) });
    }
  }
}
