import type { Connection } from "mysql2";
import { createServer } from "mysql2";
import { Server } from "node:net";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { createMysqlProber } from "../../src/databases/mysql.ts";
import { Secret } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { closedPort, portOf, rawServer } from "./servers.ts";

const prober = createMysqlProber({ clock: systemClock });
const never = new AbortController().signal;
const look = (url: string, timeoutMs = 3_000) => prober.look(new Secret(url), timeoutMs, never);
afterAll(() => prober.close());

interface Answers {
  readonly variables: Readonly<Record<string, string>>;
  readonly connections?: number;
  /** Rows of SHOW REPLICA STATUS, or the error number. */
  readonly replica?: readonly Readonly<Record<string, string | null>>[] | number;
  readonly login?: number;
}

interface SpokenServer {
  readonly url: string;
  readonly asked: string[];
}

/** A server that speaks MySQL's protocol and knows the statements of a look. */
async function mysqlServer(answers: Answers): Promise<SpokenServer> {
  const asked: string[] = [];
  const server = createServer(() => undefined);
  const connections = new Set<Connection>();
  server.on("connection", (connection) => {
    connections.add(connection);
    connection.on("error", () => connections.delete(connection));
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: answers.variables["version"] ?? "8.0.36",
      connectionId: 1,
      statusFlags: 2,
      characterSet: 45,
      // All but CLIENT_SSL, CLIENT_DEPRECATE_EOF and CLIENT_QUERY_ATTRIBUTES.
      capabilityFlags: 0xf6_ff_f7_ff,
      authCallback: (_params: unknown, done: (error: null, refused?: { message: string; code: number }) => void) => {
        done(
          null,
          answers.login === undefined ? undefined : { message: "Access denied for 'someone'", code: answers.login },
        );
        number(connection, 0);
      },
    });
    connection.on("query", (sql: string) => {
      asked.push(sql);
      number(connection, 1);
      reply(connection, sql, answers);
      number(connection, 0);
    });
  });
  // Its types know only listen(port): the server inside is asked for the port it got.
  const inner: unknown = Reflect.get(server, "_server");
  if (!(inner instanceof Server)) throw new Error("the library keeps its server elsewhere");
  await new Promise<void>((resolve) => void inner.listen(0, "127.0.0.1", resolve));
  const port = portOf(inner);
  onTestFinished(async () => {
    for (const connection of connections) connection.destroy();
    await new Promise<void>((resolve) => void inner.close(() => resolve()));
  });
  return { url: `mysql://someone:secretword@127.0.0.1:${port}/somewhere`, asked };
}

/** Each command numbers its packets anew, which the library's server leaves to its user. */
function number(connection: Connection, sequenceId: number): void {
  Object.assign(connection, { sequenceId });
}

/** What the library's server can write besides what its types name. */
interface Writer {
  writeColumns(columns: readonly object[]): void;
  writeTextRow(values: readonly (string | null)[]): void;
  writeEof(): void;
}

function reply(connection: Connection & Partial<Writer>, sql: string, answers: Answers): void {
  const rows = (names: readonly string[], values: readonly (readonly (string | null)[])[]): void => {
    const common = { catalog: "def", schema: "", table: "", orgTable: "", characterSet: 45, columnLength: 255 };
    connection.writeColumns?.(
      names.map((name) => ({ ...common, name, orgName: name, columnType: 253, flags: 0, decimals: 0 })),
    );
    for (const row of values) connection.writeTextRow?.(row);
    connection.writeEof?.();
  };
  if (sql.startsWith("SHOW GLOBAL VARIABLES")) rows(["Variable_name", "Value"], Object.entries(answers.variables));
  else if (sql.startsWith("SHOW GLOBAL STATUS"))
    rows(["Variable_name", "Value"], [["Threads_connected", String(answers.connections ?? 3)]]);
  else if (/^SHOW (REPLICA|SLAVE) STATUS/.test(sql)) {
    const { replica = [] } = answers;
    if (typeof replica === "number") connection.writeError({ code: replica, message: "refused" });
    else
      rows(
        ["Seconds_Behind_Source"],
        replica.map((row) => [row["Seconds_Behind_Source"] ?? null]),
      );
  } else if (sql.startsWith("SELECT")) rows(["found"], [["5"]]);
  else connection.writeError({ code: 1064, message: "syntax" });
}

test("a MySQL primary tells its facts, and only SELECT and SHOW are sent", async () => {
  const server = await mysqlServer({
    variables: { version: "8.0.36", max_connections: "151", read_only: "OFF" },
    connections: 42,
  });
  const result = await look(server.url);
  expect(result).toMatchObject({
    ok: true,
    facts: {
      version: "8.0.36",
      readOnly: false,
      inRecovery: false,
      replicationLagMs: undefined,
      connectionsUsed: 42,
      maxConnections: 151,
    },
  });
  expect(server.asked.length).toBeGreaterThan(3);
  for (const sql of server.asked) expect(sql).toMatch(/^(SELECT|SHOW) /);
});

test("TiDB: no replication is asked for, and 0 connections is no limit", async () => {
  const server = await mysqlServer({
    variables: { version: "8.0.11-TiDB-v8.5.0", max_connections: "0", read_only: "OFF", tidb_super_read_only: "OFF" },
  });
  const result = await look(server.url);
  expect(result).toMatchObject({
    ok: true,
    facts: { readOnly: false, maxConnections: 0, replicationLagMs: undefined },
  });
  expect(server.asked.join("\n")).not.toMatch(/REPLICA|SLAVE/);
});

test("TiDB in restricted read-only mode is read-only", async () => {
  const server = await mysqlServer({
    variables: { version: "8.0.11-TiDB-v8.5.0", max_connections: "0", tidb_restricted_read_only: "ON" },
  });
  expect(await look(server.url)).toMatchObject({ ok: true, facts: { readOnly: true } });
});

test("a replica tells how far behind it is", async () => {
  const variables = { version: "8.4.0", max_connections: "151", super_read_only: "ON" };
  const server = await mysqlServer({ variables, replica: [{ Seconds_Behind_Source: "7" }] });
  expect(await look(server.url)).toMatchObject({
    ok: true,
    facts: { inRecovery: true, readOnly: true, replicationLagMs: 7_000 },
  });
});

test("a role that may not see replication still gets the rest", async () => {
  const server = await mysqlServer({ variables: { version: "8.4.0", max_connections: "151" }, replica: 1227 });
  expect(await look(server.url)).toMatchObject({ ok: true, facts: { replicationLagMs: undefined } });
  expect(server.asked.filter((sql) => sql.endsWith("STATUS"))).toEqual(["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"]);
});

test.each([
  [1045, "authentication-failed"],
  [1040, "too-many-connections"],
  [1053, "database-starting"],
  [1049, "query-failed"],
  [9001, "query-failed"],
])("error %d at login is %s, without the server's own words", async (login, failure) => {
  const server = await mysqlServer({ variables: {}, login });
  const result = await look(server.url);
  expect(result).toMatchObject({ ok: false, failure });
  expect(result.ok ? "" : result.detail).not.toMatch(/someone|secretword|127\.0\.0\.1|somewhere/);
});

test("a closed port is connection-refused", async () => {
  expect(await look(`mysql://u:p@127.0.0.1:${await closedPort()}/d`)).toMatchObject({
    ok: false,
    failure: "connection-refused",
  });
});

test("a server that accepts and never answers ends at the deadline, and its socket is gone", async () => {
  const server = await rawServer(() => undefined);
  onTestFinished(() => server.stop());
  const result = await look(`mysql://u:p@127.0.0.1:${server.port}/d`, 150);
  expect(result).toMatchObject({ ok: false, failure: "timeout" });
  await server.whenOpen(0);
});

test("a server that hangs up is connection-reset", async () => {
  const server = await rawServer((socket) => socket.end());
  onTestFinished(() => server.stop());
  expect(await look(`mysql://u:p@127.0.0.1:${server.port}/d`)).toMatchObject({
    ok: false,
    failure: "connection-reset",
  });
});

test("TLS that is asked for and not there is a failed handshake", async () => {
  const server = await mysqlServer({ variables: { version: "8.0.36", max_connections: "151" } });
  expect(await look(`${server.url}?ssl-mode=REQUIRED`)).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
});

test.each(["not a url", "postgres://u:p@h/d"])("the url %s is told to be one that cannot be used", async (url) => {
  expect(await look(url)).toMatchObject({ ok: false, failure: "query-failed" });
});
