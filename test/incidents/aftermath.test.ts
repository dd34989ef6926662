import { describe, expect, test } from "vitest";
import type { Affected, Diagnosis } from "../../src/domain/index.ts";
import { brief, database, deployment, diagnosis, fleetOf, MINUTE, single, START, World } from "./support.ts";

const FLEET = fleetOf({
  deployments: [deployment("acme", 3, { database: "main" }), deployment("beta", 3)],
  databases: [database("main")],
});
const affected = (kind: "core" | "load-balancer", id: string): Affected => ({
  target: { kind, id, deployment: "acme" },
  health: "down",
  reason: kind === "core" ? "connection-refused" : "target-unhealthy",
  since: START,
  check: kind === "core" ? "hello" : "target-health",
});
const DOWN = diagnosis({ affected: [affected("core", "acme/acme-1")] });
const TAIL = diagnosis({
  cause: "target-unhealthy",
  evidence: ["The load balancer calls acme/acme-1 unhealthy."],
  affected: [affected("load-balancer", "acme-lb")],
});
const DATABASE: Diagnosis = diagnosis({
  scope: { kind: "database", id: "main" },
  deployment: null,
  cause: "database-down",
  severity: "critical",
  affected: [affected("core", "acme/acme-1"), affected("core", "acme/acme-2")],
});

describe("while an outage heals", () => {
  test("a core that answers again, and that the load balancer has yet to take back, is still the core that was down", () => {
    const world = new World(FLEET);
    world.step(START, [DOWN]);
    expect(brief(world.step(START + MINUTE, [TAIL]))).toEqual([
      "card #ops affected-changed",
      "reply #ops affected-changed",
    ]);
    expect(single(world.open)).toMatchObject({ cause: "core-down", severity: "major", healingSince: START + MINUTE });
    expect(single(world.open).evidence).toEqual(TAIL.evidence);
    world.step(START + 2 * MINUTE, []);
    expect(world.open).toEqual([]);
    expect(world.story("INC-1")).toEqual(["opened", "affected-changed", "resolved"]);
  });

  test("what lasts longer than healing takes is a matter of its own", () => {
    const world = new World(FLEET);
    world.step(START, [DOWN]);
    world.step(START + MINUTE, [TAIL]);
    world.step(START + 7 * MINUTE, [TAIL]);
    expect(single(world.open)).toMatchObject({ cause: "target-unhealthy", healingSince: null });
    expect(world.story("INC-1")).toContain("cause-changed");
  });

  test("a failure that comes back ends the recovery", () => {
    const world = new World(FLEET);
    world.step(START, [DOWN]);
    world.step(START + MINUTE, [TAIL]);
    world.step(START + 2 * MINUTE, [DOWN]);
    expect(single(world.open)).toMatchObject({ cause: "core-down", healingSince: null });
  });

  test("the load balancer's complaint about a deployment that its database took down opens nothing", () => {
    const world = new World(FLEET);
    world.step(START, [DATABASE]);
    const during = world.step(START + 5_000, [DATABASE, TAIL]);
    expect(world.open.map((one) => one.cause)).toEqual(["database-down"]);
    expect(during).toEqual([]);
    world.step(START + MINUTE, [TAIL]);
    expect(single(world.open)).toMatchObject({ cause: "database-down", healingSince: START + MINUTE });
    world.step(START + 2 * MINUTE, []);
    expect(world.open).toEqual([]);
  });

  test("another deployment's load balancer is no aftermath", () => {
    const world = new World(FLEET);
    world.step(START, [DOWN]);
    const other = diagnosis({
      scope: { kind: "deployment", id: "beta" },
      deployment: "beta",
      cause: "load-balancer-down",
      affected: [
        {
          ...affected("load-balancer", "beta-lb"),
          target: { kind: "load-balancer", id: "beta-lb", deployment: "beta" },
        },
      ],
    });
    world.step(START + MINUTE, [DOWN, other]);
    expect(world.open.map((one) => one.cause).sort()).toEqual(["core-down", "load-balancer-down"]);
  });

  test("a load balancer that fails by itself keeps its cause", () => {
    const world = new World(FLEET);
    world.step(START, [TAIL]);
    expect(single(world.open).cause).toBe("target-unhealthy");
  });
});
