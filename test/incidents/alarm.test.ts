import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Diagnosis, FiringAlarm } from "../../src/domain/index.ts";
import { scopeKey } from "../../src/domain/index.ts";
import { diagnose } from "../../src/incidents/index.ts";
import { core, database, deployment, fleetOf, MINUTE, Painter, single, START, World } from "./support.ts";

const SEED = Number(process.env["COREWATCH_TEST_SEED"] ?? 20_261_121);

const FLEET = fleetOf({
  databases: [database("main")],
  deployments: [
    deployment("acme", [core("acme-1", { instance: "i-1" }), core("acme-2", { instance: "i-2" }), core("acme-3")], {
      database: "main",
    }),
    deployment("beta", [core("beta-1", { instance: "i-1" }), core("beta-2", { instance: "i-3" })], {
      database: "main",
    }),
    deployment("dev", 2, { kind: "development" }),
  ],
});

function alarm(name: string, more: Partial<FiringAlarm> = {}): FiringAlarm {
  return {
    arn: `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${name}`,
    name,
    family: "elb-5xx",
    deployments: ["acme"],
    since: START,
    evidence: `CloudWatch alarm "${name}" is in ALARM.`,
    ...more,
  };
}

function conclude(painter: Painter, alarms: readonly FiringAlarm[]): Diagnosis[] {
  return diagnose({ ...painter.picture(), alarms });
}
const well = (now = START): Painter => new Painter(FLEET, now).well();
const coreDown = (now = START): Painter =>
  well(now).core("acme/acme-1", "down", "connection-refused", { since: START });

describe("an alarm in ALARM", () => {
  test("is evidence of its deployment's diagnosis, and changes neither its cause nor its severity", () => {
    const [plain] = conclude(coreDown(), []);
    const found = single(conclude(coreDown(), [alarm("acme ELB 5XX", { family: "healthy-hosts" })]));
    expect(found).toMatchObject({ cause: "core-down", severity: plain?.severity, scope: { id: "acme" } });
    expect(found.evidence).toContain('CloudWatch alarm "acme ELB 5XX" is in ALARM.');
    expect(found.evidence[0]).toBe("acme/acme-1 refuses connections.");
    expect(found.alarms).toHaveLength(1);
  });

  test("opens its own where nothing else is known, one for a deployment, as severe as its family", () => {
    const found = conclude(well(), [
      alarm("slow", { family: "target-response-time" }),
      alarm("5xx"),
      alarm("dev 5xx", { deployments: ["dev"] }),
      alarm("by hand", { family: null, deployments: ["beta"] }),
    ]);
    expect(found.map((one) => [scopeKey(one.scope), one.cause, one.severity, one.alarms?.length])).toEqual([
      ["deployment:acme", "alarm-firing", "major", 2],
      ["deployment:beta", "alarm-firing", "minor", 1],
      ["deployment:dev", "alarm-firing", "minor", 1],
    ]);
  });

  test("joins the wider cause that holds its deployment", () => {
    const down = { since: START };
    const host = well()
      .core("acme/acme-1", "down", "connect-timeout", down)
      .core("beta/beta-1", "down", "connect-timeout", down);
    const found = single(conclude(host, [alarm("5xx")]));
    expect(found.scope).toEqual({ kind: "host", id: "i-1" });
    expect(found.alarms).toHaveLength(1);
  });

  test("of a database is the database's", () => {
    const rds = alarm("main RDS CPU", { family: "rds-cpu", deployments: ["acme", "beta"] });
    expect(single(conclude(well(), [rds]))).toMatchObject({
      scope: { kind: "database", id: "main" },
      cause: "alarm-firing",
      deployment: null,
    });
    const down = well().database("main", "down", "connection-refused");
    expect(single(conclude(down, [rds]))).toMatchObject({ cause: "database-down", alarms: [{ name: "main RDS CPU" }] });
  });

  test("of a load balancer that several deployments share speaks of those in trouble, else it is told once", () => {
    const shared = alarm("lb 5xx", { deployments: ["beta", "acme"] });
    expect(single(conclude(coreDown(), [shared]))).toMatchObject({ cause: "core-down", alarms: [{}] });
    expect(single(conclude(well(), [shared]))).toMatchObject({ scope: { id: "acme" }, cause: "alarm-firing" });
  });

  test("of a deployment that left the fleet is nobody's", () => {
    expect(conclude(well(), [alarm("old", { deployments: ["gone"] })])).toEqual([]);
  });

  test("is told the same whatever the order, and every one of them is in one diagnosis at least", () => {
    const some = fc.record({
      name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      family: fc.constantFrom("elb-5xx", "healthy-hosts", "rds-cpu", null),
      deployments: fc.uniqueArray(fc.constantFrom("acme", "beta", "dev"), { minLength: 1 }),
      since: fc.integer({ min: START - 9, max: START }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(some, { selector: (one) => one.name, maxLength: 6 }),
        fc.boolean(),
        fc.boolean(),
        (list, down, gone) => {
          const alarms = list.map(({ name, ...more }) => alarm(name, more as Partial<FiringAlarm>));
          const painter = down ? coreDown() : well();
          if (gone) painter.database("main", "down", "connection-refused");
          const found = conclude(painter, alarms);
          expect(conclude(painter, alarms.toReversed())).toEqual(found);
          expect(new Set(found.map((one) => scopeKey(one.scope))).size).toBe(found.length);
          const held = new Set(found.flatMap((one) => (one.alarms ?? []).map((held) => held.name)));
          expect([...held].sort()).toEqual(alarms.map((one) => one.name).sort());
          for (const one of found) expect(one.evidence.length).toBeLessThanOrEqual(12);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe("the life of an incident with alarms", () => {
  const live = () => {
    const world = new World(FLEET);
    const step = (now: number, painter: (now: number) => Painter, alarms: readonly FiringAlarm[]) =>
      world.step(now, diagnose({ ...painter(now).picture(), alarms }));
    const texts = () => world.events.map((one) => one.text);
    return { world, step, texts };
  };

  test("an alarm that joins and leaves is a line of the thread each, at once", () => {
    const { world, step } = live();
    step(START, coreDown, []);
    const joined = step(START + 2_000, coreDown, [alarm("5xx")]);
    expect(joined.find((one) => one.kind === "reply")?.text).toBe('CloudWatch alarm "5xx" is in ALARM.');
    expect(step(START + 4_000, coreDown, [alarm("5xx")])).toEqual([]);
    const left = step(START + 6_000, coreDown, []);
    expect(left.find((one) => one.kind === "reply")?.text).toBe('No longer in ALARM: "5xx".');
    expect(single(world.open).alarms).toEqual([]);
    expect(single(world.open).evidence.join(" ")).not.toContain("CloudWatch");
  });

  test("an alarm that outlives the failure keeps the incident recovering, until it is OK", () => {
    const { world, step, texts } = live();
    step(START, coreDown, [alarm("5xx")]);
    step(START + MINUTE, well, [alarm("5xx")]);
    expect(single(world.open)).toMatchObject({ cause: "core-down", healingSince: START + MINUTE });
    expect(texts().at(-1)).toMatch(/^Recovering: .*alarms/);
    expect(step(START + 2 * MINUTE, well, [alarm("5xx")])).toEqual([]);
    step(START + 6 * MINUTE, well, []);
    expect(world.open).toEqual([]);
    expect(world.incidents.size).toBe(1);
  });

  test("an alarm that goes on for long is a matter of its own, in the same thread", () => {
    const { world, step } = live();
    step(START, coreDown, [alarm("5xx")]);
    for (let minute = 1; minute <= 17; minute++) step(START + minute * MINUTE, well, [alarm("5xx")]);
    expect(single(world.open)).toMatchObject({ id: "INC-1", cause: "alarm-firing", healingSince: null });
  });

  test("a failure that follows its alarm goes on in the alarm's incident, whatever its scope turns out to be", () => {
    const { world, step } = live();
    step(START, well, [alarm("5xx")]);
    const host = (now: number): Painter =>
      well(now)
        .core("acme/acme-1", "down", "connect-timeout", { since: START })
        .core("beta/beta-1", "down", "connect-timeout", { since: START });
    step(START + MINUTE, host, [alarm("5xx")]);
    expect(single(world.open)).toMatchObject({ id: "INC-1", cause: "host-down", scope: { kind: "host" } });
    expect(world.incidents.size).toBe(1);
  });

  test("the end of one deployment's trouble is its own, though a shared alarm goes on with another's", () => {
    const { world, step } = live();
    const shared = alarm("lb", { deployments: ["acme", "dev"] });
    const dev = (now: number): Painter => well(now).cores("dev", "down", "connection-refused", { since: START });
    const both = (now: number): Painter => dev(now).core("acme/acme-1", "down", "connection-refused", { since: START });
    step(START, both, [shared]);
    expect(world.open).toHaveLength(2);
    step(START + MINUTE, dev, [shared]);
    expect(single(world.open).deployment).toBe("dev");
    expect([...world.incidents.values()].map((one) => one.mergedInto)).toEqual([null, null]);
  });

  test("a maintenance window of the deployment keeps an alarm's own incident quiet", () => {
    const { world, step } = live();
    world.silences = [
      { id: "S-1", match: { deployment: "acme" }, from: START - 1, until: START + MINUTE, reason: "", by: "ana" },
    ];
    expect(step(START, well, [alarm("5xx")])).toEqual([]);
    expect(single(world.open).silencedBy).toBe("S-1");
  });
});
