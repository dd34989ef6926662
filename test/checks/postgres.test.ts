import { expect, onTestFinished, test } from "vitest";
import { databaseTargets, judgeFacts } from "../../checks/database.ts";
import { mysql } from "../../checks/mysql.ts";
import { postgres } from "../../checks/postgres.ts";
import { createPostgresProber } from "../../src/databases/postgres.ts";
import { Secret, type DatabaseFacts, type DatabaseFailure, type DatabaseProber } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createDatabase } from "../support/database.ts";
import { context, core, database, deployment, fleet } from "./small-fleet.ts";

const healthy: DatabaseFacts = {
  version: "16.2",
  readOnly: false,
  inRecovery: false,
  replicationLagMs: undefined,
  connectionsUsed: 30,
  maxConnections: 97,
  readMs: 1,
};
const judge = (facts: Partial<DatabaseFacts>, extra: Parameters<typeof database>[0] = {}, poolDemand = 20) =>
  judgeFacts({ database: database(extra), poolDemand }, { ...healthy, ...facts }, { total: 5 });

test("a healthy database is up, with its numbers", () => {
  expect(judge({})).toEqual({
    health: "up",
    reason: "ok",
    detail: "",
    measures: { readMs: 1, connectionsUsed: 30, maxConnections: 97, poolDemand: 20 },
    phases: { total: 5 },
  });
});

test("a primary that takes no writes is down: nobody can sign in", () => {
  expect(judge({ readOnly: true })).toMatchObject({ health: "down", reason: "read-only" });
  expect(judge({ readOnly: true, inRecovery: true })).toMatchObject({ health: "down", reason: "in-recovery" });
});

test("a replica is meant to be read-only and in recovery", () => {
  expect(judge({ readOnly: true, inRecovery: true, replicationLagMs: 40 }, { replica: true })).toMatchObject({
    health: "up",
    measures: { replicationLagMs: 40 },
  });
});

test("lag counts from beyond the limit", () => {
  expect(judge({ replicationLagMs: 10_000 })).toMatchObject({ health: "up" });
  expect(judge({ replicationLagMs: 12_340 })).toMatchObject({
    health: "degraded",
    reason: "replication-lag",
    detail: "replication of database main is 12.3 s behind",
  });
});

test("connections count from the limit on, and against what ordinary roles can have", () => {
  expect(judge({ connectionsUsed: 79, maxConnections: 100 })).toMatchObject({ health: "up" });
  expect(judge({ connectionsUsed: 80, maxConnections: 100 })).toMatchObject({
    health: "degraded",
    reason: "connections-high",
  });
});

test("pools that can take more than there is are told before they do", () => {
  expect(judge({}, {}, 97)).toMatchObject({ health: "up" });
  expect(judge({}, {}, 98)).toMatchObject({
    health: "degraded",
    reason: "pools-exceed-connections",
    measures: { poolDemand: 98, maxConnections: 97 },
  });
});

test("no limit on connections (TiDB) is never exceeded", () => {
  expect(judge({ connectionsUsed: 5_000, maxConnections: 0 }, {}, 10_000)).toMatchObject({ health: "up" });
});

test("pool demand is that of all deployments on the database", () => {
  const shared = fleet({
    deployments: [
      deployment(),
      deployment({ id: "b", poolSize: 25, cores: [core(3)] }),
      deployment({ id: "c", database: "other" }),
    ],
    databases: [database(), database({ id: "tidb", kind: "mysql" })],
  });
  expect(databaseTargets(shared, "postgres")).toMatchObject([
    { target: { kind: "database", id: "main", deployment: null }, input: { poolDemand: 45 } },
  ]);
  expect(mysql.targets(shared)).toMatchObject([{ target: { id: "tidb" }, input: { poolDemand: 0 } }]);
});

test.each<[DatabaseFailure, string, string]>([
  ["authentication-failed", "down", "authentication-failed"],
  ["database-starting", "down", "database-starting"],
  ["too-many-connections", "down", "too-many-connections"],
  ["query-failed", "down", "query-failed"],
  ["connection-refused", "down", "connection-refused"],
  ["timeout", "down", "timeout"],
  ["local-resources", "unknown", "prober-overloaded"],
  ["local-network", "unknown", "prober-network"],
  ["cancelled", "unknown", "cancelled"],
])("a look that failed with %s is %s", async (failure, health, reason) => {
  const prober: DatabaseProber = {
    look: async () => ({ ok: false, failure, detail: "so it went", phases: { total: 3 } }),
    close: async () => undefined,
  };
  const input = { database: database(), poolDemand: 20 };
  const outcome = await postgres.probe(input, context({ postgres: prober }));
  expect(outcome).toMatchObject({ health, reason, detail: "database main: so it went", phases: { total: 3 } });
});

test("a real Postgres is up, and its url is nowhere in the outcome or the log", async () => {
  const own = await createDatabase();
  onTestFinished(() => own.drop());
  const prober = createPostgresProber({ clock: systemClock });
  onTestFinished(() => prober.close());
  const input = { database: database({ url: new Secret(own.url), maxConnectionShare: 1 }), poolDemand: 20 };
  const looking = context({ postgres: prober });
  const outcome = await postgres.probe(input, looking);
  expect(outcome).toMatchObject({ health: "up", reason: "ok" });
  const { password, pathname } = new URL(own.url);
  const text = JSON.stringify([outcome, looking.lines]);
  expect(text).not.toContain(password);
  expect(text).not.toContain(pathname.slice(1));
});
