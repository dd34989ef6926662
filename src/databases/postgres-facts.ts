import type { Client } from "pg";
import type { Clock, DatabaseFacts } from "../domain/index.ts";
import { codeOf } from "./failure.ts";

/**
 * Client backends, as any role may count them: what another role's session does is hidden from an unprivileged one (its
 * backend_type is null), but whose it is and in which database is not, and only background workers have neither.
 */
const FACTS = `
  SELECT current_setting('server_version') AS version,
         pg_is_in_recovery() AS in_recovery,
         (SELECT count(*)::int FROM pg_stat_activity
           WHERE usesysid IS NOT NULL AND datid IS NOT NULL
             AND coalesce(backend_type, 'client backend') = 'client backend') AS used,
         current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true), '0')::int AS available`;

/** Touches a table, which `SELECT 1` does not. */
const READ = "SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()";

/**
 * On a replica: 0 while it is connected to its primary and has replayed all it received, else the age of the newest replayed
 * commit. On a primary: the worst of its replicas, where the role may see them (pg_monitor).
 */
const REPLICA_LAG = `
  SELECT CASE
    WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 END::float8 AS lag`;
const PRIMARY_LAG = `
  SELECT max(extract(epoch FROM coalesce(replay_lag, '0'))) * 1000::float8 AS lag
    FROM pg_stat_replication WHERE state IN ('streaming', 'catchup')`;

interface FactsRow {
  readonly version: string;
  readonly in_recovery: boolean;
  readonly used: number;
  readonly available: number;
}

/** Reads the facts through a connected client, with `budgetMs` for each statement. @throws what `pg` throws */
export async function lookThrough(client: Client, clock: Clock, budgetMs: number): Promise<DatabaseFacts> {
  // Before our own transaction: inside a READ ONLY one this would always say "on", and hide what the server does to others.
  const setting = await client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
  await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.ceil(budgetMs)}`);
  const started = clock.monotonic();
  await client.query(READ);
  const readMs = clock.monotonic() - started;
  const row = (await client.query<FactsRow>(FACTS)).rows[0];
  if (row === undefined) throw new Error("no row");
  // Last in the transaction: where the server refuses it, nothing after it is lost.
  const replicationLagMs = await lag(client, row.in_recovery);
  await client.query("COMMIT");
  return {
    version: row.version,
    readOnly: setting.rows[0]?.transaction_read_only === "on",
    inRecovery: row.in_recovery,
    replicationLagMs,
    connectionsUsed: row.used,
    maxConnections: row.available,
    readMs,
  };
}

/** `undefined` where there is none, or the server does not tell: some managed Postgres lack these functions. */
async function lag(client: Client, inRecovery: boolean): Promise<number | undefined> {
  try {
    const result = await client.query<{ lag: number | null }>(inRecovery ? REPLICA_LAG : PRIMARY_LAG);
    const found = result.rows[0]?.lag ?? undefined;
    return found === undefined ? undefined : Math.max(0, found);
  } catch (error) {
    const state = codeOf(error);
    // feature_not_supported, undefined_function, undefined_table, insufficient_privilege
    if (state === "0A000" || state === "42883" || state === "42P01" || state === "42501") return undefined;
    throw error;
  }
}
