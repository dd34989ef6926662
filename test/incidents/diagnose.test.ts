import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/incidents/index.ts";
import type { Diagnosis } from "../../src/domain/index.ts";
import { core, database, deployment, endpoint, fleetOf, heartbeat, MINUTE, Painter, single, START } from "./support.ts";

const one = (painter: Painter): Diagnosis => single(diagnose(painter.picture()));
const ids = (d: Diagnosis): string[] => d.affected.map((a) => `${a.target.id}:${a.check}`);

describe("cores", () => {
  const acme = fleetOf({ deployments: [deployment("acme", 3)] });

  test("a fleet that is well has no diagnosis", () => {
    expect(diagnose(new Painter(acme).well().picture())).toEqual([]);
  });

  test("one core of three is down: major, and the others are named", () => {
    const found = one(new Painter(acme).well().core("acme/acme-2", "down", "connection-refused"));
    expect(found).toMatchObject({ cause: "core-down", severity: "major", deployment: "acme", signIn: "yes" });
    expect(found.evidence).toContain("acme/acme-2 refuses connections.");
    expect(found.evidence.join(" ")).toContain("2 of 3 cores left: acme/acme-1 and acme/acme-3.");
    expect(ids(found)).toEqual(["acme/acme-2:hello"]);
  });

  test("a failing probe that is not settled opens nothing", () => {
    expect(
      diagnose(
        new Painter(acme)
          .well()
          .core("acme/acme-2", "up", "ok", { latest: { health: "down", reason: "timeout" } })
          .picture(),
      ),
    ).toEqual([]);
  });

  test("only one core is left: critical", () => {
    const painter = new Painter(acme)
      .well()
      .core("acme/acme-1", "down", "timeout")
      .core("acme/acme-3", "down", "timeout");
    expect(one(painter)).toMatchObject({ cause: "one-core-left", severity: "critical" });
  });

  test("all cores are down: users cannot sign in", () => {
    const painter = new Painter(acme)
      .cores("acme", "down", "connection-refused")
      .through("acme", "down", "server-error");
    expect(one(painter)).toMatchObject({ cause: "all-cores-down", severity: "critical", signIn: "no" });
    expect(ids(one(painter))).toContain("acme:through-load-balancer");
  });

  test("in development everything is one step lower", () => {
    const fleet = fleetOf({ deployments: [deployment("dev", 1, { kind: "development" })] });
    expect(one(new Painter(fleet).cores("dev", "down", "timeout"))).toMatchObject({
      cause: "all-cores-down",
      severity: "major",
    });
  });

  test("unknown series are neither down nor proof of anything", () => {
    const painter = new Painter(acme);
    painter.cores("acme", "unknown", "prober-network").through("acme", "unknown", "prober-dns");
    expect(diagnose(painter.picture())).toEqual([]);
    painter.core("acme/acme-1", "down", "timeout");
    expect(one(painter)).toMatchObject({ cause: "core-down", signIn: "unknown" });
  });

  test("a core that only we cannot reach is minor and says so, once the load balancer had time to notice", () => {
    const findings = ["acme/acme-1", "acme/acme-2", "acme/acme-3"].map(
      (target) => ({ target, health: "up", reason: "ok" }) as const,
    );
    const painter = new Painter(acme).well().core("acme/acme-1", "down", "connect-timeout", { since: START - 100_000 });
    painter.balancer("acme", "target-health", "up", "ok", {
      findings,
      latest: { health: "up", reason: "ok", at: START - 60_000 },
    });
    expect(one(painter)).toMatchObject({ cause: "core-down", severity: "major" });
    painter.balancer("acme", "target-health", "up", "ok", { findings });
    const found = one(painter);
    expect(found).toMatchObject({ cause: "core-down", severity: "minor" });
    expect(found.evidence[0]).toContain("from here only");
  });

  test("something else in a core's place, and split signing keys, have names of their own", () => {
    expect(one(new Painter(acme).well().core("acme/acme-1", "down", "wrong-identity"))).toMatchObject({
      cause: "wrong-identity",
      severity: "critical",
    });
    expect(one(new Painter(acme).well().core("acme/acme-1", "down", "wrong-body"))).toMatchObject({
      cause: "wrong-identity",
      severity: "major",
    });
    expect(one(new Painter(acme).well().of("acme", "jwks", "down", "key-set-mismatch"))).toMatchObject({
      cause: "key-set-split",
      severity: "critical",
    });
    expect(one(new Painter(acme).well().core("acme/acme-1", "degraded", "slow"))).toMatchObject({
      cause: "core-degraded",
      severity: "minor",
    });
  });
});

describe("databases", () => {
  const many = fleetOf({
    databases: [database("main")],
    deployments: Array.from({ length: 10 }, (_, i) => deployment(`d${i}`, 4, { database: "main" })),
  });

  test("forty cores without their database are one diagnosis", () => {
    const painter = new Painter(many).well().database("main", "down", "connection-refused");
    for (const d of many.deployments)
      painter.cores(d.id, "down", "database-unreachable").through(d.id, "down", "server-error");
    const found = one(painter);
    expect(found).toMatchObject({
      scope: { kind: "database", id: "main" },
      cause: "database-down",
      severity: "critical",
      signIn: "no",
      deployment: null,
    });
    expect(found.affected).toHaveLength(51);
    expect(found.evidence[0]).toBe("The database main refuses connections.");
  });

  test("cores that answer with another status than 500 have a trouble of their own beside it", () => {
    const fleet = fleetOf({
      databases: [database("main")],
      deployments: [deployment("acme", 3, { database: "main" })],
    });
    const painter = new Painter(fleet).well().database("main", "down", "connection-refused");
    painter.cores("acme", "down", "unexpected-status").through("acme", "down", "unexpected-status");
    const found = diagnose(painter.picture());
    expect(found.map(({ cause }) => cause).sort()).toEqual(["all-cores-down", "database-down"]);
    const own = found.find(({ cause }) => cause === "all-cores-down");
    expect(own?.affected).toHaveLength(4);
    expect(own?.evidence[0]).toContain("each answers with an unexpected status");
  });

  test("a database that no deployment uses says nothing of users", () => {
    const painter = new Painter(fleetOf({ databases: [database("main")] })).database("main", "down", "timeout");
    expect(one(painter)).toMatchObject({ cause: "database-down", severity: "critical", signIn: "unknown" });
  });

  test("cores that say so are enough when the database itself could not be looked at", () => {
    const painter = new Painter(many).well().database("main", "unknown", "not-seen-yet", { latest: null });
    for (const d of many.deployments.slice(0, 6)) painter.cores(d.id, "down", "database-unreachable");
    expect(one(painter)).toMatchObject({ cause: "database-down" });
  });

  test("a failed look at the database decides between down and unreachable from the cores", () => {
    const painter = new Painter(many).well();
    for (const d of many.deployments) painter.cores(d.id, "down", "database-unreachable");
    expect(one(painter)).toMatchObject({
      cause: "database-unreachable-from-cores",
      severity: "critical",
      signIn: "no",
    });
    painter.database("main", "up", "ok", { since: START - 60 * MINUTE, latest: { health: "down", reason: "timeout" } });
    expect(one(painter)).toMatchObject({ cause: "database-down" });
  });

  test("the first core to settle counts the others that just answered the same", () => {
    const painter = new Painter(many).well();
    for (const d of many.deployments)
      painter.cores(d.id, "up", "ok", { latest: { health: "down", reason: "database-unreachable" } });
    expect(diagnose(painter.picture())).toEqual([]);
    painter.core("d0/d0-1", "down", "database-unreachable");
    expect(one(painter)).toMatchObject({
      scope: { kind: "database", id: "main" },
      cause: "database-unreachable-from-cores",
    });
  });

  test("one core of several without the database is that core's matter", () => {
    const painter = new Painter(many).well().core("d3/d3-2", "down", "database-unreachable");
    const found = one(painter);
    expect(found).toMatchObject({ cause: "core-down", deployment: "d3" });
    expect(found.evidence[0]).toBe("d3/d3-2 answers that it cannot reach its database.");
  });

  test("one whole deployment of many without the database is that deployment's matter", () => {
    const painter = new Painter(many).well().cores("d3", "down", "database-unreachable");
    expect(one(painter)).toMatchObject({
      scope: { kind: "deployment", id: "d3" },
      cause: "database-unreachable-from-cores",
      severity: "critical",
      signIn: "no",
    });
  });

  test("cores that wait for the database at start-up belong to it, until two minutes after it is back", () => {
    const fleet = fleetOf({
      databases: [database("main")],
      deployments: [deployment("acme", 2, { database: "main" })],
    });
    const painter = new Painter(fleet).well().database("main", "down", "timeout", { since: START - MINUTE });
    painter.core("acme/acme-1", "down", "connection-refused", { since: START - MINUTE });
    expect(one(painter)).toMatchObject({ cause: "database-down", deployment: "acme" });
    painter.database("main", "up", "ok", { since: START });
    painter.now = START + MINUTE;
    const back = one(painter);
    expect(back).toMatchObject({ cause: "database-down" });
    expect(back.evidence[0]).toContain("answers again");
    painter.now = START + 2 * MINUTE;
    expect(one(painter)).toMatchObject({ cause: "one-core-left" });
  });

  test("a core that turned bad after the database was first seen well is not the database's matter", () => {
    const fleet = fleetOf({
      databases: [database("main")],
      deployments: [deployment("acme", 3, { database: "main" })],
    });
    const painter = new Painter(fleet).well().database("main", "up", "ok", { since: START - 10_000 });
    painter.core("acme/acme-1", "down", "connection-refused", { since: START });
    expect(one(painter)).toMatchObject({ cause: "core-down" });
  });

  test("a read-only primary breaks sign-in, a lagging one does not", () => {
    const fleet = fleetOf({
      databases: [database("main")],
      deployments: [deployment("acme", 2, { database: "main" })],
    });
    expect(one(new Painter(fleet).well().database("main", "down", "read-only"))).toMatchObject({
      cause: "database-degraded",
      severity: "critical",
      signIn: "no",
    });
    expect(one(new Painter(fleet).well().database("main", "degraded", "replication-lag"))).toMatchObject({
      cause: "database-degraded",
      severity: "minor",
      signIn: "yes",
    });
    expect(one(new Painter(fleet).well().database("main", "degraded", "connections-high"))).toMatchObject({
      severity: "major",
    });
  });

  test("a database that only we cannot use is not called down", () => {
    const fleet = fleetOf({
      databases: [database("main")],
      deployments: [deployment("acme", 2, { database: "main" })],
    });
    const painter = new Painter(fleet).well().database("main", "down", "timeout");
    expect(one(painter)).toMatchObject({ cause: "database-down" });
    painter.now = START + 20_000;
    painter.cores("acme", "up", "ok", { since: START - 60 * MINUTE });
    expect(one(painter)).toMatchObject({ cause: "database-degraded", severity: "major" });
    // Cores that recovered first must not turn the outage into something smaller on its way out.
    painter.cores("acme", "up", "ok", { since: START + 10_000 });
    expect(one(painter)).toMatchObject({ cause: "database-down" });
  });
});

describe("places", () => {
  const cores = (d: string): ReturnType<typeof core>[] => [
    core(`${d}-1`, { instance: "i-1", zone: "eu-west-1a" }),
    core(`${d}-2`, { instance: "i-2", zone: "eu-west-1a" }),
    core(`${d}-3`, { instance: "i-3", zone: "eu-west-1b" }),
  ];
  const fleet = fleetOf({ deployments: [deployment("a", cores("a")), deployment("b", cores("b"))] });

  test("all cores of a host, and no others: the host", () => {
    const found = one(
      new Painter(fleet).well().core("a/a-1", "down", "connect-timeout").core("b/b-1", "down", "connect-timeout"),
    );
    expect(found).toMatchObject({
      scope: { kind: "host", id: "i-1" },
      cause: "host-down",
      severity: "major",
      deployment: null,
    });
    expect(ids(found)).toEqual(["a/a-1:hello", "b/b-1:hello"]);
  });

  test("the first core to settle names the host when the others just failed too", () => {
    const painter = new Painter(fleet).well().core("a/a-1", "down", "connect-timeout");
    painter.core("b/b-1", "up", "ok", { latest: { health: "down", reason: "connect-timeout" } });
    expect(one(painter)).toMatchObject({ cause: "host-down" });
  });

  test("all cores of two hosts of a zone: the zone, critical when one core is left", () => {
    const painter = new Painter(fleet).well();
    for (const id of ["a/a-1", "a/a-2", "b/b-1", "b/b-2"]) painter.core(id, "down", "host-unreachable");
    expect(one(painter)).toMatchObject({
      scope: { kind: "zone", id: "eu-west-1a" },
      cause: "zone-down",
      severity: "critical",
    });
  });

  test("a single deployment on a single host is down, whatever the host", () => {
    const small = fleetOf({
      deployments: [deployment("a", [core("a-1", { instance: "i-1" }), core("a-2", { instance: "i-1" })])],
    });
    const found = one(new Painter(small).cores("a", "down", "connect-timeout"));
    expect(found.cause).toBe("all-cores-down");
    expect(found.evidence).toContain("All of them run on host i-1.");
  });
});

describe("the way to the cores", () => {
  const fleet = fleetOf({ deployments: [deployment("acme", 2)] });
  const findings = (
    first: "up" | "down",
    second: "up" | "down",
    reason: "target-unhealthy" | "target-missing" = "target-unhealthy",
  ) =>
    [first, second].map(
      (health, i) => ({ target: `acme/acme-${i + 1}`, health, reason: health === "up" ? "ok" : reason }) as const,
    );

  test("the core answers and its target is unhealthy: security group or TLS between them", () => {
    const painter = new Painter(fleet)
      .well()
      .balancer("acme", "target-health", "degraded", "target-unhealthy", { findings: findings("down", "up") });
    expect(one(painter)).toMatchObject({ cause: "target-unhealthy", severity: "major", signIn: "yes" });
    painter.balancer("acme", "target-health", "down", "target-unhealthy", { findings: findings("down", "down") });
    painter.balancer("acme", "load-balancer", "down", "no-healthy-target").through("acme", "down", "server-error");
    expect(one(painter)).toMatchObject({ cause: "target-unhealthy", severity: "critical", signIn: "no" });
  });

  test("a core that the load balancer does not know", () => {
    const painter = new Painter(fleet).well().balancer("acme", "target-health", "degraded", "target-missing", {
      findings: findings("up", "down", "target-missing"),
    });
    expect(one(painter)).toMatchObject({ cause: "target-not-registered", severity: "major" });
  });

  test("cores answer and the connectionUri does not: the load balancer", () => {
    expect(one(new Painter(fleet).well().through("acme", "down", "server-error"))).toMatchObject({
      cause: "load-balancer-down",
      severity: "critical",
      signIn: "no",
    });
    expect(
      one(new Painter(fleet).well().balancer("acme", "load-balancer", "down", "load-balancer-not-found")),
    ).toMatchObject({ cause: "load-balancer-down", severity: "major" });
    expect(one(new Painter(fleet).well().through("acme", "degraded", "partial-failure"))).toMatchObject({
      cause: "load-balancer-degraded",
      severity: "major",
      signIn: "partly",
    });
    expect(one(new Painter(fleet).well().balancer("acme", "load-balancer", "degraded", "zone-missing"))).toMatchObject({
      cause: "load-balancer-degraded",
      severity: "minor",
    });
  });

  test("a core that is down explains what fails in part", () => {
    const painter = new Painter(fleetOf({ deployments: [deployment("acme", 3)] })).well();
    painter.core("acme/acme-1", "down", "timeout").through("acme", "degraded", "partial-failure");
    expect(one(painter)).toMatchObject({ cause: "core-down", severity: "major" });
  });

  test("every core is silent from here and served by the load balancer: our own path", () => {
    const painter = new Painter(fleet).well();
    painter.cores("acme", "down", "connect-timeout", { since: START - 10_000 });
    painter.balancer("acme", "target-health", "up", "ok", { findings: findings("up", "up") });
    expect(one(painter)).toMatchObject({
      scope: { kind: "prober", id: "acme" },
      cause: "prober-path",
      signIn: "unknown",
    });
  });

  test("a load balancer that has not noticed yet is no proof of our own path", () => {
    const painter = new Painter(fleet);
    painter.cores("acme", "down", "connection-refused", { since: START - 10_000 });
    painter.balancer("acme", "target-health", "up", "ok", { findings: findings("up", "up") });
    expect(one(painter)).toMatchObject({ cause: "all-cores-down", severity: "critical" });
    painter.through("acme", "down", "server-error");
    expect(one(painter)).toMatchObject({ cause: "all-cores-down" });
  });

  test("a start, or a look at AWS that fails, does not change a cause that is settled", () => {
    const nothing = { latest: null };
    const failed = { latest: { health: "unknown", reason: "api-throttled" } } as const;
    for (const options of [nothing, failed]) {
      const odd = new Painter(fleet).well().balancer("acme", "target-health", "degraded", "target-unhealthy", options);
      expect(one(odd)).toMatchObject({ cause: "target-unhealthy", severity: "major" });
      const path = new Painter(fleet).well().balancer("acme", "target-health", "up", "ok", options);
      path.cores("acme", "down", "connect-timeout", {
        since: START - 10 * MINUTE,
        ...(options === nothing ? nothing : {}),
      });
      expect(one(path).cause).toBe("prober-path");
    }
    const cut = fleetOf({ databases: [database("main")], deployments: [deployment("acme", 2, { database: "main" })] });
    const restarted = new Painter(cut).database("main", "down", "timeout", { since: START - MINUTE, ...nothing });
    restarted.cores("acme", "up", "ok", { since: START - 60 * MINUTE, ...nothing });
    expect(one(restarted)).toMatchObject({ cause: "database-degraded", severity: "major" });
  });

  test("certificates are one matter, by how bad they are", () => {
    const soon = new Painter(fleet)
      .well()
      .of("acme", "tls", "degraded", "certificate-expires-soon", { measures: { certificateDays: 9.7 } })
      .core("acme/acme-1", "degraded", "certificate-expires-soon");
    expect(one(soon)).toMatchObject({ cause: "certificate-bad", severity: "minor", signIn: "yes" });
    expect(one(soon).evidence[0]).toContain("(9 days)");
    expect(one(soon).affected).toHaveLength(2);
    expect(one(new Painter(fleet).well().of("acme", "tls", "degraded", "certificate-expired"))).toMatchObject({
      cause: "certificate-bad",
      severity: "critical",
    });
  });

  test("the name does not resolve", () => {
    const painter = new Painter(fleet)
      .well()
      .of("acme", "dns", "down", "dns-not-found")
      .through("acme", "down", "dns-not-found");
    expect(one(painter)).toMatchObject({ cause: "dns-broken", severity: "critical", signIn: "no" });
  });

  test("everything answers and nobody can sign in", () => {
    expect(one(new Painter(fleet).well().of("acme", "session", "down", "session-create-failed"))).toMatchObject({
      cause: "sign-in-broken",
      severity: "critical",
      signIn: "no",
    });
  });

  test("a session that was made after the trouble began proves that users can sign in", () => {
    const painter = new Painter(fleetOf({ deployments: [deployment("acme", 3)] }))
      .well()
      .core("acme/acme-1", "down", "timeout");
    painter.through("acme", "degraded", "partial-failure");
    expect(one(painter).signIn).toBe("partly");
    const before = { health: "up", reason: "ok", at: START - 1 } as const;
    painter.of("acme", "session", "up", "ok", { since: START - 60 * MINUTE, latest: before });
    expect(one(painter).signIn).toBe("partly");
    painter.of("acme", "session", "up", "ok", { since: START - 60 * MINUTE });
    expect(one(painter).signIn).toBe("yes");
  });

  test("two matters of one deployment are one diagnosis that names the worse", () => {
    const painter = new Painter(fleet)
      .well()
      .of("acme", "tls", "degraded", "certificate-expires-soon")
      .through("acme", "down", "server-error");
    const found = one(painter);
    expect(found.cause).toBe("load-balancer-down");
    expect(found.evidence.at(-1)).toContain("Also: a tls certificate needs attention.");
    expect(found.affected).toHaveLength(2);
  });

  test("a load balancer that two deployments share troubles only the one whose targets are bad", () => {
    const shared = fleetOf({
      deployments: [deployment("a", 2, { loadBalancer: "lb" }), deployment("b", 2, { loadBalancer: "lb" })],
    });
    const painter = new Painter(shared).well();
    painter.set(
      { kind: "load-balancer", id: "lb", deployment: null },
      "target-health",
      "degraded",
      "target-unhealthy",
      {
        findings: [
          { target: "b/b-1", health: "down", reason: "target-unhealthy" },
          { target: "a/a-1", health: "up", reason: "ok" },
        ],
      },
    );
    expect(one(painter)).toMatchObject({ cause: "target-unhealthy", deployment: "b" });
  });
});

describe("the rest", () => {
  test("endpoints and heartbeats stand alone", () => {
    const fleet = fleetOf({ endpoints: [endpoint("landing"), endpoint("docs")], heartbeats: [heartbeat("worker")] });
    const painter = new Painter(fleet);
    painter.set({ kind: "endpoint", id: "landing", deployment: null }, "http", "down", "server-error");
    painter.set({ kind: "endpoint", id: "landing", deployment: null }, "tls", "degraded", "certificate-expires-soon");
    painter.set({ kind: "endpoint", id: "docs", deployment: null }, "http", "degraded", "slow");
    painter.set({ kind: "heartbeat", id: "worker", deployment: null }, "heartbeat", "down", "heartbeat-missing");
    expect(diagnose(painter.picture()).map((d) => `${d.scope.id} ${d.cause} ${d.severity}`)).toEqual([
      "docs endpoint-degraded minor",
      "landing endpoint-down major",
      "worker heartbeat-missing major",
    ]);
  });

  test("corewatch's own trouble is one diagnosis, and what is settled stays", () => {
    const painter = new Painter(fleetOf({ deployments: [deployment("acme", 3)] })).well();
    painter.reasons = ["The store cannot be reached."];
    expect(one(painter)).toMatchObject({
      scope: { kind: "prober", id: "acme" },
      cause: "prober-degraded",
      evidence: ["The store cannot be reached."],
    });
    painter.core("acme/acme-1", "down", "timeout");
    expect(diagnose(painter.picture()).map((d) => d.cause)).toEqual(["core-down", "prober-degraded"]);
  });

  test("300 cores in 150 deployments are one diagnosis, from the first that settles", () => {
    const fleet = fleetOf({ deployments: Array.from({ length: 150 }, (_, i) => deployment(`d${i}`, 2)) });
    const painter = new Painter(fleet).well();
    for (const d of fleet.deployments)
      painter.cores(d.id, "up", "ok", { latest: { health: "down", reason: "connect-timeout" } });
    painter.core("d7/d7-1", "down", "connect-timeout");
    expect(one(painter)).toMatchObject({ scope: { kind: "fleet", id: "acme" }, cause: "many-deployments-down" });
    for (const d of fleet.deployments) {
      painter.cores(d.id, "down", "connect-timeout").through(d.id, "down", "server-error");
    }
    const found = one(painter);
    expect(found.affected).toHaveLength(450);
    expect(found).toMatchObject({ severity: "critical", signIn: "no" });
    expect(found.evidence[0]).toContain("and 142 more");
  });

  test("failures that have hours between them are not one event", () => {
    const fleet = fleetOf({ deployments: Array.from({ length: 8 }, (_, i) => deployment(`d${i}`, 3)) });
    const painter = new Painter(fleet).well();
    fleet.deployments.forEach((d, i) =>
      painter.core(`${d.id}/${d.id}-1`, "down", "timeout", { since: START - i * 60 * MINUTE }),
    );
    expect(diagnose(painter.picture())).toHaveLength(8);
  });

  test("no detail of an observation gets into the evidence", () => {
    const fleet = fleetOf({
      databases: [database("main")],
      deployments: [deployment("acme", 2, { database: "main" })],
    });
    const painter = new Painter(fleet)
      .database("main", "down", "timeout")
      .cores("acme", "down", "database-unreachable");
    expect(JSON.stringify(diagnose(painter.picture()))).not.toContain("hunter22");
  });

  test("series of targets that are no longer in the fleet say nothing", () => {
    const painter = new Painter(fleetOf({ deployments: [deployment("acme", 1)] })).well();
    painter.core("acme/old", "down", "timeout").core("gone/gone-1", "down", "timeout");
    painter.set({ kind: "endpoint", id: "old", deployment: null }, "http", "down", "timeout");
    expect(diagnose(painter.picture())).toEqual([]);
  });
});
