import { describe, expect, test } from "vitest";
import type { Affected, Diagnosis, TargetKind } from "../../src/domain/index.ts";
import { core, database, deployment, diagnosis, fleetOf, MINUTE, single, START, World } from "./support.ts";

const FLEET = fleetOf({
  deployments: [
    deployment("acme", [core("acme-1", { instance: "i-1" }), core("acme-2")], { database: "main" }),
    deployment("beta", [core("beta-1", { instance: "i-1" })]),
  ],
  databases: [database("main")],
});

function affected(kind: TargetKind, id: string, of: string | null, more: Partial<Affected> = {}): Affected {
  const check = kind === "core" ? "hello" : kind === "database" ? "postgres" : "target-health";
  return {
    target: { kind, id, deployment: of },
    health: "down",
    reason: "connection-refused",
    since: START,
    check,
    ...more,
  };
}
const CORE = affected("core", "acme/acme-1", "acme");
const OTHER = affected("core", "acme/acme-2", "acme");
const BALANCER = affected("load-balancer", "acme", "acme", { health: "degraded", reason: "target-unhealthy" });
const DOWN = diagnosis({ affected: [CORE], signIn: "partly" });
const TAIL = diagnosis({
  cause: "target-unhealthy",
  evidence: ["acme/acme-1 answers from here, but the load balancer calls its target unhealthy."],
  affected: [BALANCER],
});
const DATABASE: Diagnosis = diagnosis({
  scope: { kind: "database", id: "main" },
  deployment: null,
  cause: "database-down",
  severity: "critical",
  signIn: "no",
  evidence: ["The database main refuses connections."],
  affected: [affected("database", "main", null), CORE, OTHER],
});

describe("the end of an incident", () => {
  test("tells what it was about at its worst, though only an aftermath was left of it", () => {
    const world = new World(FLEET);
    world.step(START, [DOWN]);
    world.step(START + MINUTE, [TAIL]);
    const end = world.step(START + 2 * MINUTE, []);
    expect(single([...world.incidents.values()])).toMatchObject({
      affected: [BALANCER],
      worst: { signIn: "partly", affected: [CORE, BALANCER], targets: 1, evidence: DOWN.evidence },
    });
    expect(end[1]?.text).toBe(
      "Over after 2 min. At worst, some users could not sign in. Affected: acme/acme-1 and load balancer acme.",
    );
  });

  test("tells of a database that users could not sign in, and names it with its cores", () => {
    const world = new World(FLEET);
    world.step(START, [DATABASE]);
    world.step(START + MINUTE, [{ ...TAIL, signIn: "yes" }]);
    expect(world.step(START + 2 * MINUTE, [])[1]?.text).toBe(
      "Over after 2 min. At worst, users could not sign in. Affected: database main, acme/acme-1, acme/acme-2 and load balancer acme.",
    );
  });

  test("tells of what came and went while changes were gathered", () => {
    const world = new World(FLEET);
    world.step(START, [DOWN]);
    expect(world.step(START + 5_000, [diagnosis({ affected: [CORE, OTHER], signIn: "no" })])).toEqual([]);
    expect(world.step(START + 8_000, [DOWN])).toEqual([]);
    expect(world.step(START + MINUTE, [])[1]?.text).toContain(
      "users could not sign in. Affected: acme/acme-1 and acme/",
    );
    expect(world.incidents.get("INC-1")?.worst).toMatchObject({ signIn: "no", targets: 2 });
  });

  test("does not call known what was not known, nor unknown what only its aftermath does not know", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis({ affected: [CORE], signIn: "yes" })]);
    world.step(START + MINUTE, [{ ...TAIL, signIn: "unknown" }]);
    expect(single(world.open).worst?.signIn).toBe("yes");
    world.step(START + 2 * MINUTE, [diagnosis({ affected: [CORE], signIn: "unknown" })]);
    expect(single(world.open).worst?.signIn).toBe("unknown");
  });

  test("keeps why it was at its widest, and a series that got worse as it was then", () => {
    const world = new World(FLEET);
    const slow = { ...OTHER, health: "degraded" as const, reason: "slow" as const };
    world.step(START, [diagnosis({ affected: [CORE, slow], evidence: ["two"] })]);
    world.step(START + MINUTE, [diagnosis({ affected: [OTHER], evidence: ["one"] })]);
    expect(single(world.open).worst).toMatchObject({ evidence: ["two"], affected: [CORE, OTHER], targets: 2 });
    world.step(START + 2 * MINUTE, [diagnosis({ affected: [OTHER], evidence: ["critical"], severity: "critical" })]);
    expect(single(world.open).worst?.evidence).toEqual(["critical"]);
  });

  test("keeps at most 200 series, and counts all", () => {
    const world = new World(FLEET);
    const many = Array.from({ length: 300 }, (_, index) => affected("core", `acme/c-${index}`, "acme"));
    world.step(START, [diagnosis({ affected: many })]);
    const wave = many.map((one) => affected("core", `${one.target.id}-too`, "acme"));
    world.step(START + MINUTE, [diagnosis({ affected: [...many, ...wave] })]);
    expect(single(world.open).worst).toMatchObject({ targets: 600 });
    expect(single(world.open).worst?.affected).toHaveLength(200);
    const { writes } = world;
    world.step(START + 2 * MINUTE, [diagnosis({ affected: [...many, ...wave] })]);
    expect(world.writes).toBe(writes);
    world.step(START + 3 * MINUTE, [TAIL]);
    const [, reply] = world.step(START + 4 * MINUTE, []);
    expect(reply?.text).toContain("acme/c-4 and 595 more.");
  });

  test("tells of what it took in as well", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis({ affected: [CORE], signIn: "no" })]);
    const lone = { ...DATABASE, signIn: "unknown" as const, affected: [affected("database", "main", null)] };
    world.step(START + 5_000, [diagnosis({ affected: [CORE], signIn: "no" }), lone]);
    world.step(START + MINUTE, [{ ...lone, affected: [affected("database", "main", null), OTHER, CORE] }]);
    const open = single(world.open);
    expect(open).toMatchObject({ cause: "database-down", worst: { signIn: "no" } });
    expect(open.worst?.affected.map(({ target }) => target.id)).toEqual(["main", "acme/acme-2", "acme/acme-1"]);
  });
});

describe("what an outage hit is remembered", () => {
  const both: Diagnosis = diagnosis({
    scope: { kind: "host", id: "i-1" },
    deployment: null,
    cause: "host-down",
    affected: [CORE, affected("core", "beta/beta-1", "beta")],
  });
  const ofBeta = diagnosis({
    scope: { kind: "deployment", id: "beta" },
    deployment: "beta",
    cause: "target-unhealthy",
    affected: [affected("load-balancer", "beta", "beta", { reason: "target-unhealthy" })],
  });

  test("when its deployments heal one after the other", () => {
    const world = new World(FLEET);
    world.step(START, [both]);
    world.step(START + MINUTE, [TAIL]);
    world.step(START + MINUTE + 20_000, [TAIL, ofBeta]);
    world.step(START + 2 * MINUTE, [ofBeta]);
    expect([...world.incidents.values()].map(({ cause }) => cause)).toEqual(["host-down"]);
  });

  test("when it is over: a load balancer's own complaint later is not that outage again", () => {
    const world = new World(FLEET);
    world.step(START, [{ ...both, affected: [...both.affected, OTHER] }]);
    world.step(START + MINUTE, [TAIL]);
    world.step(START + 2 * MINUTE, []);
    world.step(START + 5 * MINUTE, [TAIL]);
    expect(single(world.open)).toMatchObject({ id: "INC-2", cause: "target-unhealthy", reopened: 0 });
  });
});

test("what is affected is named by its kind, unless it is a core", () => {
  const world = new World(FLEET);
  world.step(START, [DOWN]);
  const [, line] = world.step(START + MINUTE, [diagnosis({ affected: [OTHER, BALANCER] })]);
  expect(line?.text).toBe(
    "Now affected: acme/acme-2 (down) and load balancer acme (degraded). Recovered: acme/acme-1.",
  );
});
