import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { createPostgresProber } from "../../src/databases/postgres.ts";
import { Secret } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { closedPort, errorResponse, rawServer, tlsFront } from "./servers.ts";

const prober = createPostgresProber({ clock: systemClock });
const never = new AbortController().signal;
const look = (url: string | URL, timeoutMs = 5_000) => prober.look(new Secret(String(url)), timeoutMs, never);

let database: TestDatabase;
let admin: Client;
/** A role without any privilege. */
let plain: URL;

beforeAll(async () => {
  database = await createDatabase();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
  const role = new URL(database.url).pathname.slice(1);
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'pass%word'`);
  plain = new URL(database.url);
  plain.username = role;
  plain.password = "pass%25word";
});

afterAll(async () => {
  await admin.query(`DROP OWNED BY ${plain.username}`);
  await admin.query(`DROP ROLE ${plain.username}`);
  await admin.end();
  await database.drop();
  await prober.close();
});

test("a healthy primary tells its facts, and the phases are timed", async () => {
  const result = await look(database.url);
  if (!result.ok) throw new Error(result.detail);
  expect(result.facts).toMatchObject({ readOnly: false, inRecovery: false, replicationLagMs: undefined });
  expect(result.facts.version).toMatch(/^\d+/);
  expect(result.facts.readMs).toBeGreaterThan(0);
  // The test server has 150, less the default reserve of 3 for superusers.
  expect(result.facts.maxConnections).toBe(147);
  expect(result.phases.connect).toBeGreaterThanOrEqual(0);
  expect(result.phases.total).toBeGreaterThan(result.facts.readMs);
});

test("an unprivileged role counts the connections of others", async () => {
  await openIdle(5);
  const result = await look(plain);
  // What it may see in full is its own connection alone.
  expect(result.ok ? result.facts.connectionsUsed : 0).toBeGreaterThanOrEqual(6);
});

test("a database that is set read-only says so, though the look itself only reads", async () => {
  const own = await createDatabase();
  onTestFinished(() => own.drop());
  const name = new URL(own.url).pathname.slice(1);
  await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const result = await look(own.url);
  expect(result).toMatchObject({ ok: true, facts: { readOnly: true, inRecovery: false } });
});

test("a look leaves no connection behind", async () => {
  const own = await createDatabase();
  onTestFinished(() => own.drop());
  await look(own.url);
  const name = new URL(own.url).pathname.slice(1);
  await expect
    .poll(async () => {
      const left = await admin.query("SELECT pid FROM pg_stat_activity WHERE datname = $1", [name]);
      return left.rowCount;
    })
    .toBe(0);
});

test("a rejected login is told without address, user or database", async () => {
  const wrong = new URL(plain);
  wrong.password = "another";
  const result = await look(wrong);
  expect(result).toMatchObject({ ok: false, failure: "authentication-failed" });
  expectDiscreet(result, wrong);
});

test("a role whose connections are all taken is too-many-connections", async () => {
  await admin.query(`ALTER ROLE ${plain.username} CONNECTION LIMIT 0`);
  onTestFinished(async () => void (await admin.query(`ALTER ROLE ${plain.username} CONNECTION LIMIT -1`)));
  const result = await look(plain);
  expect(result).toMatchObject({ ok: false, failure: "too-many-connections" });
  expectDiscreet(result, plain);
});

test("a database that does not exist is a failed query, and its name stays out", async () => {
  const absent = new URL(database.url);
  absent.pathname = "/absentdatabase";
  const result = await look(absent);
  expect(result).toMatchObject({ ok: false, failure: "query-failed" });
  expectDiscreet(result, absent);
});

test.each([
  ["57P03", "the database system is starting up", "database-starting"],
  ["57P01", "terminating connection due to administrator command", "connection-reset"],
  ["28000", 'no pg_hba.conf entry for host "10.0.0.1", user "u", no encryption', "authentication-failed"],
  ["53200", "out of memory", "query-failed"],
  ["XX000", "internal error", "query-failed"],
])("SQLSTATE %s at login (%s) is %s", async (state, message, failure) => {
  const server = await rawServer((socket) => {
    socket.once("data", () => socket.end(errorResponse(state, message)));
  });
  onTestFinished(() => server.stop());
  const result = await look(`postgres://someone:secretword@127.0.0.1:${server.port}/somewhere`);
  expect(result).toMatchObject({ ok: false, failure });
  expectDiscreet(result, new URL("postgres://someone:secretword@10.0.0.1/somewhere"));
});

test("a closed port is connection-refused", async () => {
  const result = await look(`postgres://u:p@127.0.0.1:${await closedPort()}/d`);
  expect(result).toMatchObject({ ok: false, failure: "connection-refused" });
});

test("a name that does not exist is dns-not-found", async () => {
  const result = await look("postgres://u:p@database.invalid/d");
  // A host without a resolver says EAI_AGAIN for every name.
  expect(result.ok ? "" : result.failure).toMatch(/^dns-(not-found|failure)$/);
});

test("a server that hangs up without a word is connection-reset", async () => {
  const server = await rawServer((socket) => socket.end());
  onTestFinished(() => server.stop());
  const result = await look(`postgres://u:p@127.0.0.1:${server.port}/d`);
  expect(result).toMatchObject({ ok: false, failure: "connection-reset" });
});

test("a server that answers something else is a protocol error", async () => {
  const server = await rawServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  onTestFinished(() => server.stop());
  const result = await look(`postgres://u:p@127.0.0.1:${server.port}/d`, 500);
  expect(result.ok ? "" : result.failure).toMatch(/^(protocol-error|connection-reset)$/);
});

test("a server that accepts and never answers ends at the deadline, and its socket is gone", async () => {
  const server = await rawServer(() => undefined);
  onTestFinished(() => server.stop());
  const result = await look(`postgres://u:p@127.0.0.1:${server.port}/d`, 150);
  expect(result).toMatchObject({ ok: false, failure: "timeout" });
  expect(result.phases.total).toBeLessThan(1_000);
  await server.whenOpen(0);
  expect(server.taken).toBe(1);
});

test("a look that is called off is cancelled, and its socket is gone", async () => {
  const server = await rawServer(() => undefined);
  onTestFinished(() => server.stop());
  const controller = new AbortController();
  const looking = prober.look(new Secret(`postgres://u:p@127.0.0.1:${server.port}/d`), 10_000, controller.signal);
  await server.whenOpen(1);
  controller.abort();
  expect(await looking).toMatchObject({ ok: false, failure: "cancelled" });
  await server.whenOpen(0);
});

test("forty looks at once hold sixteen connections; who waits in vain blames this process, not the database", async () => {
  const server = await rawServer(() => undefined);
  onTestFinished(() => server.stop());
  const own = createPostgresProber({ clock: systemClock });
  const url = new Secret(`postgres://u:p@127.0.0.1:${server.port}/d`);
  const results = await Promise.all(Array.from({ length: 40 }, () => own.look(url, 800, never)));
  const count = (failure: string) => results.filter((result) => !result.ok && result.failure === failure).length;
  expect(count("timeout")).toBe(16);
  expect(count("local-resources")).toBe(24);
  expect(server.taken).toBe(16);
  await server.whenOpen(0);
});

test("closing the prober ends what it is doing", async () => {
  const server = await rawServer(() => undefined);
  onTestFinished(() => server.stop());
  const own = createPostgresProber({ clock: systemClock });
  const looking = own.look(new Secret(`postgres://u:p@127.0.0.1:${server.port}/d`), 10_000, never);
  await server.whenOpen(1);
  await own.close();
  expect(await looking).toMatchObject({ ok: false, failure: "cancelled" });
});

test("sslmode means what libpq means: require encrypts, verify-full verifies, prefer falls back", async () => {
  const front = await tlsFront(new URL(database.url));
  onTestFinished(() => front.stop());
  const at = (port: string | number, mode: string): URL => {
    const url = new URL(database.url);
    url.port = String(port);
    url.searchParams.set("sslmode", mode);
    return url;
  };
  expect(await look(at(front.port, "require"))).toMatchObject({ ok: true });
  expect(await look(at(front.port, "prefer"))).toMatchObject({ ok: true });
  expect(await look(at(front.port, "verify-full"))).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
  expect(await look(at(front.port, "verify-ca"))).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
  const { port } = new URL(inject("postgresUrl"));
  expect(await look(at(port, "prefer"))).toMatchObject({ ok: true });
  expect(await look(at(port, "require"))).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
  expect(await look(at(port, "disable"))).toMatchObject({ ok: true });
});

test.each(["not a url", "mysql://u:p@h/d", "postgres://u:p@h:port/d"])(
  "the url %s is told to be one that cannot be used",
  async (url) => {
    const result = await look(url);
    expect(result).toMatchObject({ ok: false, failure: "query-failed" });
    expect(result.ok ? "" : result.detail).toContain("postgres://user:password@host:port/database");
  },
);

test("a TLS file that cannot be read is told as such", async () => {
  const url = new URL(database.url);
  url.searchParams.set("sslmode", "verify-full");
  url.searchParams.set("sslrootcert", "/nowhere/root.pem");
  const result = await look(url);
  expect(result).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
  expect(result.ok ? "" : result.detail).toContain("sslrootcert");
});

function expectDiscreet(result: Awaited<ReturnType<typeof look>>, url: URL): void {
  const detail = result.ok ? "" : result.detail;
  for (const part of [url.username, url.password, url.hostname, url.pathname.slice(1)])
    expect(detail).not.toContain(part);
}

async function openIdle(count: number): Promise<void> {
  const clients = Array.from({ length: count }, () => new Client({ connectionString: database.url }));
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.end()))));
  await Promise.all(clients.map((client) => client.connect()));
}
