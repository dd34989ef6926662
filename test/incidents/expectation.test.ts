import { describe, expect, test } from "vitest";
import type { Core, Diagnosis } from "../../src/domain/index.ts";
import { diagnose } from "../../src/incidents/index.ts";
import { core, database, deployment, fleetOf, MINUTE, Painter, single, START } from "./support.ts";

const GOING = { expectation: { state: "leaving", why: "spot interruption at 08:02 UTC", until: null } } as const;
const DRAINING = { expectation: { state: "draining", why: "Target.DeregistrationInProgress", until: null } } as const;
const fresh = (until: number): Pick<Core, "expectation"> => ({
  expectation: { state: "starting", why: "new since 08:00:00 UTC", until },
});
const acme = (...more: Partial<Core>[]) =>
  fleetOf({
    deployments: [
      deployment(
        "acme",
        more.map((one, at) => core(`acme-${at + 1}`, one)),
      ),
    ],
  });
const all = (painter: Painter): Diagnosis[] => diagnose(painter.picture());

describe("a core that is expected to go", () => {
  test("and fails is noted, and nobody is called", () => {
    for (const going of [GOING, DRAINING])
      expect(all(new Painter(acme({}, {}, going)).well().core("acme/acme-3", "down", "connection-refused"))).toEqual(
        [],
      );
  });

  test("does not widen what is wrong with another", () => {
    const painter = new Painter(acme({}, {}, {}, GOING))
      .well()
      .core("acme/acme-1", "down", "timeout")
      .core("acme/acme-4", "down", "timeout");
    const found = single(all(painter));
    expect(found).toMatchObject({ cause: "core-down" });
    expect(found.affected.map(({ target }) => target.id)).toEqual(["acme/acme-1"]);
    expect(found.evidence.join(" ")).toContain("2 of 3 cores left");
    expect(found.evidence.join(" ")).toContain("Not counted: acme/acme-4 (spot interruption at 08:02 UTC).");
  });

  test("is not counted among those that are left: one down beside it and one well is one core left", () => {
    const painter = new Painter(acme({}, {}, DRAINING)).well().core("acme/acme-1", "down", "timeout");
    expect(single(all(painter))).toMatchObject({ cause: "one-core-left", severity: "critical" });
  });

  test("is all that answers, and drains: all cores are down", () => {
    const painter = new Painter(acme({}, DRAINING)).well().core("acme/acme-1", "down", "timeout");
    expect(single(all(painter))).toMatchObject({ cause: "all-cores-down", severity: "critical" });
  });

  test("still serves until its notice is up: then it is the one that is left", () => {
    const painter = new Painter(acme({}, GOING)).well().core("acme/acme-1", "down", "timeout");
    expect(single(all(painter))).toMatchObject({ cause: "one-core-left" });
  });

  test("is missed like any other where none stays", () => {
    const painter = new Painter(acme(GOING, GOING)).well().cores("acme", "down", "connection-refused");
    expect(single(all(painter))).toMatchObject({ cause: "all-cores-down", severity: "critical" });
  });

  test("and the load balancer's word on it calls nobody either", () => {
    const findings = (reason: "target-missing" | "target-draining") => [
      { target: "acme/acme-3", health: "down" as const, reason },
      { target: "acme/acme-1", health: "up" as const, reason: "ok" as const },
    ];
    const painter = (fleet = acme({}, {}, GOING)) =>
      new Painter(fleet).well().balancer("acme", "target-health", "degraded", "target-missing", {
        findings: findings("target-missing"),
      });
    expect(all(painter())).toEqual([]);
    expect(single(all(painter(acme({}, {}, {}))))).toMatchObject({ cause: "target-not-registered" });
  });

  test("on a host with others makes no host-down of its own", () => {
    const place = { instance: "i-a" };
    const painter = new Painter(acme({ ...place, ...GOING }, { ...place, ...GOING }, { instance: "i-b" }))
      .well()
      .core("acme/acme-1", "down", "timeout")
      .core("acme/acme-2", "down", "timeout");
    expect(all(painter)).toEqual([]);
  });

  test("is no witness against its database", () => {
    const fleet = fleetOf({
      deployments: [deployment("acme", [core("acme-1"), core("acme-2", GOING)], { database: "main" })],
      databases: [database("main")],
    });
    expect(all(new Painter(fleet).well().core("acme/acme-2", "down", "database-unreachable"))).toEqual([]);
  });
});

describe("a new core", () => {
  test("that fails within its time is let be", () => {
    const painter = new Painter(acme({}, {}, fresh(START + MINUTE)))
      .well()
      .core("acme/acme-3", "down", "connection-refused");
    expect(all(painter)).toEqual([]);
  });

  test("that is not ready when its time is over has an incident with a cause of its own", () => {
    const painter = new Painter(acme({}, {}, fresh(START - 1)))
      .well()
      .core("acme/acme-3", "down", "connection-refused");
    const found = single(all(painter));
    expect(found).toMatchObject({ cause: "core-not-ready", severity: "major", signIn: "yes" });
    expect(found.evidence[0]).toBe("acme/acme-3 is new since 08:00:00 UTC and has not become ready.");
    expect(found.evidence).toContain("2 other cores answer.");
  });

  test("that answers is ready, whatever its source says", () => {
    expect(all(new Painter(acme({}, fresh(START - 1))).well())).toEqual([]);
  });

  test("beside which nothing answers is critical", () => {
    const painter = new Painter(acme(fresh(START - 1))).well().cores("acme", "down", "connection-refused");
    expect(single(all(painter))).toMatchObject({ cause: "core-not-ready", severity: "critical" });
  });

  test("does not stand in for those that were there", () => {
    const painter = new Painter(acme({}, fresh(START + MINUTE))).well().cores("acme", "down", "connection-refused");
    const found = single(all(painter));
    expect(found).toMatchObject({ cause: "all-cores-down", severity: "critical" });
    expect(found.affected.filter(({ check }) => check === "hello").map(({ target }) => target.id)).toEqual([
      "acme/acme-1",
    ]);
  });
});
