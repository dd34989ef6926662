import type { PoolClient } from "pg";
import type { Connection } from "./connection.ts";
import { LOCKS } from "./locks.ts";

/** Tables that are partitioned by time, and the width of their partitions in ms: dropping one is how old rows go. */
export const PARTITIONED = {
  observation: 6 * 3_600_000,
  missed: 6 * 3_600_000,
  minute: 24 * 3_600_000,
  hour: 30 * 24 * 3_600_000,
} as const;
/** One of {@link PARTITIONED}. */
export type Partitioned = keyof typeof PARTITIONED;

/** Start of the partition of `table` that holds `at`. */
export function partitionStart(table: Partitioned, at: number): number {
  return Math.floor(at / PARTITIONED[table]) * PARTITIONED[table];
}

/** Makes partitions, and remembers which are there. */
export class Partitions {
  readonly #connection: Connection;
  #known = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes the partitions of `table` that hold the moments `at` where they are missing. @throws StoreUnavailable */
  async ensure(table: Partitioned, at: Iterable<number>): Promise<void> {
    const starts = new Set<number>();
    for (const one of at) starts.add(partitionStart(table, one));
    const missing = [...starts].filter((start) => !this.#known.has(`${table} ${start}`));
    if (missing.length === 0) return;
    await this.#connection.transaction(async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(${LOCKS.partitions})`);
      const there = new Set((await list(client, table)).map((partition) => partition.start));
      for (const start of missing.filter((one) => !there.has(one))) {
        await client.query(
          `CREATE TABLE ${nameOf(table, start)} PARTITION OF corewatch.${table}
           FOR VALUES FROM (${start}) TO (${start + PARTITIONED[table]})`,
        );
      }
    });
    for (const start of missing) this.#known.add(`${table} ${start}`);
  }

  /** Forgets what it knows: another process may have dropped some. */
  forget(): void {
    this.#known = new Set();
  }

  /** Drops the partitions of `table` that end at or before `before`. @throws StoreUnavailable */
  async drop(table: Partitioned, before: number): Promise<number> {
    const old = await this.#connection.transaction(async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(${LOCKS.partitions})`);
      const found = (await list(client, table)).filter(({ start }) => start + PARTITIONED[table] <= before);
      for (const { name } of found) await client.query(`DROP TABLE corewatch.${name}`);
      return found;
    });
    for (const { start } of old) this.#known.delete(`${table} ${start}`);
    return old.length;
  }
}

function nameOf(table: Partitioned, start: number): string {
  return `corewatch.${table}_${String(start).replace("-", "m")}`;
}

async function list(client: PoolClient, table: Partitioned): Promise<{ name: string; start: number }[]> {
  const { rows } = await client.query<{ name: string; bound: string }>(
    `SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass`,
    [`corewatch.${table}`],
  );
  return rows.map(({ name, bound }) => ({ name, start: Number(/FROM \('?(-?\d+)'?\)/.exec(bound)?.[1]) }));
}
