import type { Connection } from "./connection.ts";

/** Retention as in the configuration, ms. */
export interface Retention {
  readonly rawMs: number;
  readonly minuteMs: number;
  readonly hourMs: number;
}

/**
 * The fleet's own number: several fleets may share one database. Looked up once per process, at the first use; the
 * fleet's retention is written down on the way, since partitions are shared and go by the longest.
 */
export class FleetRow {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #retention: Retention | undefined;
  #id: Promise<number> | undefined;

  constructor(connection: Connection, name: string, retention: Retention | undefined) {
    this.#connection = connection;
    this.#name = name;
    this.#retention = retention;
  }

  get name(): string {
    return this.#name;
  }

  /** @throws StoreUnavailable */
  id(): Promise<number> {
    this.#id ??= this.#find().catch((error: unknown) => {
      this.#id = undefined;
      throw error;
    });
    return this.#id;
  }

  async #find(): Promise<number> {
    const { rawMs, minuteMs, hourMs } = this.#retention ?? DEFAULT_RETENTION;
    const known = await this.#connection.query<{ id: number; same: boolean }>(
      "SELECT id, (raw_ms, minute_ms, hour_ms) = ($2::int8, $3::int8, $4::int8) AS same FROM corewatch.fleet WHERE name = $1",
      [this.#name, rawMs, minuteMs, hourMs],
    );
    const found = known.rows[0];
    if (found !== undefined && (found.same || this.#retention === undefined)) return found.id;
    const { rows } = await this.#connection.query<{ id: number }>(
      `INSERT INTO corewatch.fleet (name, raw_ms, minute_ms, hour_ms) VALUES ($1, $2, $3, $4)
       ON CONFLICT (name) DO UPDATE SET (raw_ms, minute_ms, hour_ms) = (excluded.raw_ms, excluded.minute_ms, excluded.hour_ms)
       RETURNING id`,
      [this.#name, rawMs, minuteMs, hourMs],
    );
    const id = rows[0]?.id;
    if (id === undefined) throw new Error("the store gave the fleet no number");
    return id;
  }
}

const DAY = 86_400_000;
const DEFAULT_RETENTION: Retention = { rawMs: DAY, minuteMs: 7 * DAY, hourMs: 400 * DAY };
