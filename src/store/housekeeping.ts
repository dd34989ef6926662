import type { Housekeeping, Log } from "../domain/index.ts";
import { StoreUnavailable } from "../domain/index.ts";
import { run } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";
import { LOCKS } from "./locks.ts";
import { PARTITIONED, partitionStart } from "./partitions.ts";
import type { Partitions } from "./partitions.ts";
import { rollHour, rollMinute } from "./rollup.ts";
import { HOUR, MINUTE } from "./spans.ts";

/** A minute is rolled up this long after its end: what is late by more makes it again. */
const SETTLE_MS = 5_000;
/** Spans in one run, so that a long outage's backlog is worked off in several. */
const MOST_SPANS = 240;
/** Resolved incidents are few, and people look them up: they are kept by number, not by age. */
const KEPT_INCIDENTS = 5_000;

/** Rollups, partitions ahead, retention. */
export class PostgresHousekeeping implements Housekeeping {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #partitions: Partitions;
  readonly #log: Log;

  constructor(connection: Connection, fleet: FleetRow, partitions: Partitions, log: Log) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#partitions = partitions;
    this.#log = log;
  }

  /** Does what is due at `now`; when another process is at it, nothing. @throws StoreUnavailable */
  async run(now: number): Promise<void> {
    const fleet = await this.#fleet.id();
    const client = await this.#connection.dedicated("housekeeping");
    try {
      const lock = `SELECT pg_try_advisory_lock(${LOCKS.housekeeping}) AS got`;
      const { rows } = await run<{ got: boolean }>(client, lock);
      if (rows[0]?.got !== true) return;
      const before = await this.#retention(now);
      for (const table of ["observation", "missed"] as const) {
        await this.#partitions.ensure(table, [now, now + PARTITIONED[table]]);
      }
      await this.#rollUp(fleet, now, before.raw, before.minute);
      await this.#drop(before);
      await this.#dropIncidents(fleet);
    } catch (error) {
      throw this.#connection.failure(error);
    } finally {
      await client.end();
    }
  }

  /** The moments before which rows of each kind may go: of several fleets in one database the longest retention holds. */
  async #retention(now: number): Promise<{ raw: number; minute: number; hour: number }> {
    const { rows } = await this.#connection.query<{ raw: number; minute: number; hour: number }>(
      "SELECT max(raw_ms) AS raw, max(minute_ms) AS minute, max(hour_ms) AS hour FROM corewatch.fleet",
    );
    const kept = rows[0];
    if (kept === undefined) throw new StoreUnavailable("the store has no fleet yet");
    return { raw: now - kept.raw, minute: now - kept.minute, hour: now - kept.hour };
  }

  async #rollUp(fleet: number, now: number, rawFrom: number, minuteFrom: number): Promise<void> {
    // A minute whose observations are gone in part, or will be: its rollup stays as it is.
    await this.#connection.query(
      "DELETE FROM corewatch.stale WHERE fleet = $1 AND ((span = 0 AND start < $2) OR (span = 1 AND start < $3))",
      [fleet, Math.ceil(partitionStart("observation", rawFrom)), Math.ceil(partitionStart("minute", minuteFrom))],
    );
    for (const start of await this.#stale(fleet, 0, now - SETTLE_MS - MINUTE)) {
      await rollMinute(this.#connection, this.#partitions, fleet, start);
    }
    for (const start of await this.#stale(fleet, 1, now - SETTLE_MS - MINUTE - HOUR)) {
      await rollHour(this.#connection, this.#partitions, fleet, start);
    }
  }

  async #stale(fleet: number, span: 0 | 1, startedBy: number): Promise<number[]> {
    const { rows } = await this.#connection.query<{ start: number }>(
      `SELECT start FROM corewatch.stale WHERE fleet = $1 AND span = $2 AND start <= $3 ORDER BY start LIMIT ${MOST_SPANS}`,
      [fleet, span, Math.floor(startedBy)],
    );
    return rows.map((row) => row.start);
  }

  async #drop(before: { raw: number; minute: number; hour: number }): Promise<void> {
    const dropped =
      (await this.#partitions.drop("observation", before.raw)) +
      (await this.#partitions.drop("missed", before.raw)) +
      (await this.#partitions.drop("minute", before.minute)) +
      (await this.#partitions.drop("hour", before.hour));
    if (dropped > 0) this.#log.debug("old partitions dropped", { dropped });
  }

  /** Keeps the newest 5,000 resolved incidents with all that belongs to them. */
  async #dropIncidents(fleet: number): Promise<void> {
    const { rows } = await this.#connection.query<{ number: number }>(
      `SELECT number FROM corewatch.incident WHERE fleet = $1 AND state = 'resolved'
       ORDER BY number DESC OFFSET ${KEPT_INCIDENTS} LIMIT 500`,
      [fleet],
    );
    if (rows.length === 0) return;
    const old = rows.map((row) => row.number);
    await this.#connection.transaction(async (client) => {
      for (const table of ["post", "notice", "incident_event"]) {
        await client.query(`DELETE FROM corewatch.${table} WHERE fleet = $1 AND incident = ANY ($2::int[])`, [
          fleet,
          old,
        ]);
      }
      await client.query("DELETE FROM corewatch.incident WHERE fleet = $1 AND number = ANY ($2::int[])", [fleet, old]);
    });
  }
}
