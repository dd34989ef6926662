import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { controlSource, createControlDatabase } from "../../src/databases/source-control.ts";
import { type Database, Secret } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createDatabase } from "../support/database.ts";

async function control(...statements: string[]) {
  const { url, drop } = await createDatabase();
  onTestFinished(drop);
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const one of statements) await client.query(one);
  await client.end();
  const database = (id: string, kind: Database["kind"], at: string): Database => ({
    id,
    kind,
    url: new Secret(at),
    replica: false,
    maxLagMs: 1,
    maxConnectionShare: 1,
  });
  const databases = [
    database("control", "postgres", url),
    database("away", "postgres", "postgres://watch:s3cret-pass@127.0.0.1:1/x"),
    database("other", "mysql", "mysql://x"),
  ];
  const options = { databases, clock: systemClock };
  const source = controlSource(options);
  return {
    reader: createControlDatabase(options),
    find: (query: string, name = "control") =>
      source(
        {
          id: "acme-production",
          app: "acme",
          loadBalancer: undefined,
          place: { region: undefined, roleArn: undefined },
          discover: { from: "control-database", database: name, query },
          addressing: { protocol: "https", address: "private", basePath: "" },
        },
        new AbortController().signal,
      ),
  };
}

const CONTAINERS = [
  'CREATE TABLE aws_instances (id text, "privateIp" text, zone text)',
  "CREATE TABLE aws_containers (id text, app text, instance text, port int, started_at timestamptz)",
  "INSERT INTO aws_instances VALUES ('i-0a1', '10.0.1.11', 'eu-west-1a')",
  "INSERT INTO aws_containers VALUES ('c-1', 'acme', 'i-0a1', 3567, '2026-11-21T08:00:00Z'), ('c-2', 'acme', 'i-0a1', 3568, NULL), ('c-3', 'beta', 'i-0a1', 3569, NULL)",
];
const QUERY = `
  SELECT c.id AS key, i."privateIp" AS host, c.port, i.id AS instance, i.zone, c.started_at
    FROM aws_containers c JOIN aws_instances i ON i.id = c.instance WHERE c.app = $1 ORDER BY c.id; `;

test("rows of the query become cores, for the app alone", async () => {
  const { find } = await control(...CONTAINERS);
  expect(await find(QUERY)).toEqual([
    {
      key: "c-1",
      instance: "i-0a1",
      zone: "eu-west-1a",
      host: "10.0.1.11",
      port: 3567,
      state: "serving",
      detail: "listed",
      startedAt: Date.parse("2026-11-21T08:00:00Z"),
    },
    expect.objectContaining({ key: "c-2", port: 3568, startedAt: null }),
  ]);
  expect(await find("SELECT '10.0.0.1' AS host, 3567 AS port WHERE $2 = 'acme-production' AND $1 = 'acme'")).toEqual([
    expect.objectContaining({ key: "10.0.0.1:3567", state: "serving" }),
  ]);
  expect(await find("SELECT 'h' AS host, 1 AS port, 'DRAINING' AS state")).toMatchObject([{ state: "draining" }]);
});

test.each([
  ["SELECT 1 AS port", "it has no host"],
  ["SELECT 'a b' AS host, 1 AS port", "its host is neither a name nor an address"],
  ["SELECT 'h' AS host", "h has no port from 1 to 65535"],
  ["SELECT 'h' AS host, 70000 AS port", "h has no port from 1 to 65535"],
  ["SELECT 'h' AS host, 1 AS port, 'gone' AS state", "h:1 has a state other than serving, starting, draining"],
  ["SELECT 'h' AS host, 1 AS port FROM generate_series(1, 2)", "the key h:1 is there twice"],
])("a row that is no core is said: %s", async (query, sentence) => {
  const { find } = await control();
  await expect(find(query)).rejects.toThrow(`database control gave a row that is no core: ${sentence}`);
});

test("nothing can be written, and what cannot be read is no empty fleet", async () => {
  const { find } = await control(
    "CREATE TABLE cores (host text, port int)",
    "CREATE FUNCTION add() RETURNS text LANGUAGE sql AS $$ INSERT INTO cores VALUES ('h', 1) RETURNING host $$",
  );
  await expect(find("SELECT add() AS host, 1 AS port")).rejects.toThrow(/could not be read: .*25006/);
  await expect(find("SELECT * FROM nowhere")).rejects.toThrow(/could not be read: .*42P01/);
  await expect(find("SELECT 'h' AS host, n AS port FROM generate_series(1, 100002) n")).rejects.toThrow(
    /more than 100000 rows/,
  );
  const away = await find("SELECT 1", "away").catch((error: unknown) => String(error));
  expect(away).toContain("database away could not be read: nothing listens on its port");
  expect(away).not.toContain("s3cret");
  await expect(find("SELECT 1", "other")).rejects.toThrow(/is not Postgres/);
  await expect(find("SELECT 1", "none")).rejects.toThrow(/has no database none/);
});

test.each(['"appId" text', "app_id text NOT NULL", "n serial, appid varchar", "whatever text"])(
  "the apps with a load balancer are read whatever their column is called: %s",
  async (column) => {
    const name = column.includes("serial") ? "appid" : (column.split(" ")[0] ?? "");
    const { reader } = await control(
      `CREATE TABLE apps_with_load_balancer (${column})`,
      `INSERT INTO apps_with_load_balancer (${name}) VALUES ('acme'), ('beta')`,
    );
    expect(await reader.appsWithLoadBalancer("control")).toEqual(new Set(["acme", "beta"]));
  },
);

test("a control database without the table, or without its column, is said", async () => {
  const { reader } = await control();
  await expect(reader.appsWithLoadBalancer("control")).rejects.toThrow(
    /database control has no table apps_with_load_balancer/,
  );
  const odd = await control("CREATE TABLE apps_with_load_balancer (one int, two int)");
  await expect(odd.reader.appsWithLoadBalancer("control")).rejects.toThrow(/there are one, two/);
});
