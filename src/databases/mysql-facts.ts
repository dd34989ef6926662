import type { Clock, DatabaseFacts } from "../domain/index.ts";
import type { MysqlSession, Row } from "./mysql-client.ts";
import { isUnavailable } from "./mysql-errors.ts";

/** Asked by name in one list: a server leaves out those it does not have (TiDB's, Aurora's, MySQL's own). */
const VARIABLES = [
  "version",
  "max_connections",
  "read_only",
  "super_read_only",
  "innodb_read_only",
  "offline_mode",
  "tidb_super_read_only",
  "tidb_restricted_read_only",
];
const READ_ONLY = VARIABLES.filter((name) => name.endsWith("read_only"));

const VARIABLES_SQL = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${VARIABLES.map((name) => `'${name}'`).join(", ")})`;
const CONNECTIONS_SQL = "SHOW GLOBAL STATUS LIKE 'Threads_connected'";
const READ_SQL = "SELECT COUNT(*) AS found FROM information_schema.SCHEMATA";

/** Reads the facts. `maxConnections` 0 is "no limit", as TiDB has it by default. @throws what mysql2 throws */
export async function lookThrough(session: MysqlSession, clock: Clock): Promise<DatabaseFacts> {
  const started = clock.monotonic();
  await session.query(READ_SQL);
  const readMs = clock.monotonic() - started;
  const variables = byName(await session.query(VARIABLES_SQL));
  const connections = byName(await session.query(CONNECTIONS_SQL));
  const version = variables.get("version") ?? "";
  // TiDB has no replication of this kind, and refuses the statement.
  const replication = /tidb/i.test(version) ? undefined : await replicationStatus(session);
  const readOnly = READ_ONLY.some((name) => isOn(variables.get(name)));
  return {
    version,
    readOnly,
    // A link of a chain replicates and takes writes: that is a primary to those who use it.
    inRecovery: readOnly && replication !== undefined,
    replicationLagMs: replication?.lagMs,
    connectionsUsed: numeric(connections.get("threads_connected")),
    maxConnections: numeric(variables.get("max_connections")),
    readMs,
  };
}

/** `undefined`: not a replica, or this role may not ask (it wants REPLICATION CLIENT). */
async function replicationStatus(session: MysqlSession): Promise<{ lagMs: number | undefined } | undefined> {
  // REPLICA since MySQL 8.0.22; MariaDB and older servers know the other word.
  for (const word of ["REPLICA", "SLAVE"]) {
    try {
      const row = (await session.query(`SHOW ${word} STATUS`))[0];
      if (row === undefined) return undefined;
      const seconds = row["Seconds_Behind_Source"] ?? row["Seconds_Behind_Master"];
      // NULL: its threads do not run, so how far behind it is cannot be told.
      return { lagMs: seconds === null || seconds === undefined ? undefined : Number(seconds) * 1000 };
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
  }
  return undefined;
}

/** Rows of SHOW … as name → value, names in lower case. */
function byName(rows: readonly Row[]): Map<string, string> {
  return new Map(rows.map((row) => [text(row["Variable_name"]).toLowerCase(), text(row["Value"])]));
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(on|1|true)$/i.test(value);
}

function numeric(value: string | undefined): number {
  const number = Number(value ?? Number.NaN);
  if (!Number.isFinite(number)) throw new Error("a number was expected");
  return number;
}
