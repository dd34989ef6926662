import { describe, expect, test } from "vitest";
import type { StageKind } from "../../src/domain/index.ts";
import { core } from "../checks/small-fleet.ts";
import { LAUNCH, RunWorld } from "./run-support.ts";

const OPEN: readonly StageKind[] = LAUNCH.filter((kind) => !["ceiling", "tune", "fill"].includes(kind));

/** What holds at the end of every run, however it went. */
function expectPutBack(world: RunWorld): void {
  expect([...world.away]).toEqual([]);
  expect(world.rows).toBe(0);
  expect(world.cores.map(({ id }) => id)).toEqual(["c1", "c2", "c10"]);
  expect(world.isLoaded).toBe(false);
  const began = world.of("stage-began").map(({ stage }) => stage);
  expect(world.of("stage-ended").map(({ stage }) => stage)).toEqual(began);
  expect(world.of("ended")).toHaveLength(1);
  expect(world.events.at(-1)?.type).toBe("ended");
  expect(world.clock.waiting).toBe(0);
}

test("a launch goes through its stages in order, puts everything back, and says last that it ended", async () => {
  const world = new RunWorld();
  await world.run();
  expect(world.ended).toEqual(LAUNCH);
  expectPutBack(world);
  expect(world.of("ended")[0]?.cut).toBeNull();
  expect(world.of("level").map(({ level }) => `${level.stage} ${level.connections}`)).toEqual([
    "ceiling 1",
    "ceiling 2",
    "tune 1",
    "tune 2",
  ]);
  expect(world.of("capacity").map(({ facts }) => [facts.moment, facts.sessions])).toEqual([
    ["before", 0],
    ["filled", 1_000],
  ]);
  expect(world.done).toEqual([
    "start",
    "away c1",
    "away c2",
    "back c1",
    "back c2",
    "scale",
    "remove c11",
    "clean",
    "stop",
    "close",
  ]);
  const minutes = world.of("core-minute").map(({ count }) => count.core);
  expect(new Set(minutes)).toEqual(new Set(["c1", "c2", "c10", "c11"]));
  const kinds = world.events.map(({ type }) => type);
  expect(kinds.indexOf("observed")).toBeGreaterThan(kinds.lastIndexOf("stage-ended"));
});

describe("survival", () => {
  test("cores are away until the outage was held, told and an alarm fired, and load goes on until it is resolved", async () => {
    const world = new RunWorld();
    world.kinds = ["survival"];
    await world.run();
    expectPutBack(world);
    const away = world.of("action").filter(({ what }) => what === "away");
    const back = world.of("action").filter(({ what }) => what === "back");
    expect(away.map((one) => one.core)).toEqual(["c1", "c2"]);
    const began = world.of("stage-began")[0]?.at ?? 0;
    const ended = world.of("stage-ended")[0]?.at ?? 0;
    expect((away[0]?.at ?? 0) - began).toBe(10_000);
    // The alarm fires 45 s after the first core went: later than the 20 s and 20 s that it is held.
    const stayed = (back[0]?.at ?? 0) - (away[0]?.endedAt ?? 0);
    expect(stayed).toBeGreaterThanOrEqual(45_000);
    expect(stayed).toBeLessThan(48_000);
    const [incident] = world.of("observed")[0]?.facts.incidents ?? [];
    expect(ended).toBeGreaterThanOrEqual(incident?.resolvedAt ?? Number.POSITIVE_INFINITY);
    expect(world.of("observed")[0]?.facts.alarmChanges.map(({ state }) => state)).toEqual(["ALARM", "OK"]);
    expect(world.notes[0]).toBe("c10 stays, c1, c2 go away");
    const states = world.of("target-health").filter((one) => one.core === "c1");
    expect(states.map(({ state }) => state)).toEqual(["healthy", "draining", "healthy"]);
  });

  test("where nobody watches and no alarm is there, it is held and no longer", async () => {
    const world = new RunWorld();
    Object.assign(world, { kinds: ["survival"], watching: false, hasAlarms: false });
    await world.run();
    const [away, , back] = world.of("action");
    const stayed = (back?.at ?? 0) - (away?.endedAt ?? 0);
    expect(stayed).toBeGreaterThanOrEqual(39_000);
    expect(stayed).toBeLessThan(43_000);
    expectPutBack(world);
  });

  test.each(["c1", "c2"])(
    "a hook that cannot take %s away fails the stage, and what was taken comes back",
    async (id) => {
      const world = new RunWorld();
      world.kinds = ["survival", "scale-out"];
      world.hook = (verb, of) => (verb === "away" && of === id ? { ok: false, detail: "no such target" } : undefined);
      await world.run();
      expectPutBack(world);
      expect(world.ended).toEqual(["survival failed", "scale-out"]);
      expect(world.of("stage-ended")[0]?.detail).toContain(`${id} could not be taken away: no such target`);
    },
  );

  test("a core that does not come back at once is tried again", async () => {
    const world = new RunWorld();
    world.kinds = ["survival"];
    let tries = 0;
    world.hook = (verb, of) =>
      verb === "back" && of === "c1" && ++tries < 3 ? { ok: false, detail: "throttled" } : undefined;
    await world.run();
    expectPutBack(world);
    expect(tries).toBe(3);
    expect(world.ended).toEqual(["survival"]);
  });

  test("a core that never comes back ends the run, and is named", async () => {
    const world = new RunWorld();
    world.kinds = ["survival", "scale-out"];
    world.hook = (verb, of) => (verb === "back" && of === "c1" ? { ok: false, detail: "throttled" } : undefined);
    await world.run();
    expect(world.ended).toEqual(["survival failed"]);
    expect(world.of("ended")[0]?.cut).toBe("failed");
    expect(world.notes.some((note) => note.startsWith("still away: c1. Bring back by hand"))).toBe(true);
    expect([...world.away]).toEqual(["c1"]);
    expect(world.events.at(-1)?.type).toBe("ended");
  });

  test("failures within the outage do not trip the breaker; silence does, after the load balancer had its time", async () => {
    const half = new RunWorld();
    half.kinds = ["survival"];
    half.failing = () => (half.away.size > 0 ? 0.9 : 0);
    await half.run();
    expect(half.ended).toEqual(["survival"]);

    const silent = new RunWorld();
    silent.kinds = ["survival"];
    silent.failing = () => (silent.away.size > 0 ? 1 : 0);
    await silent.run();
    expect(silent.ended).toEqual(["survival circuit-breaker"]);
    expectPutBack(silent);
    const away = silent.of("action")[0];
    const back = silent.of("action").find(({ what }) => what === "back");
    const after = (back?.at ?? 0) - (away?.at ?? 0);
    expect(after).toBeGreaterThanOrEqual(25_000);
    expect(after).toBeLessThan(27_000);
  });

  test.each([
    [
      "no hook",
      (world: RunWorld) => (world.deployment = { ...world.deployment, certify: undefined }),
      "certify.survival",
    ],
    ["one core", (world: RunWorld) => (world.deployment = { ...world.deployment, cores: [core(1)] }), "one core only"],
  ])("with %s it could not be done, and says why", async (_name, change, why) => {
    const world = new RunWorld();
    world.kinds = ["survival", "sustained"];
    change(world);
    await world.run();
    expect(world.ended).toEqual(["survival failed", "sustained"]);
    expect(world.of("stage-ended")[0]?.detail).toContain(why);
    expect(world.of("ended")[0]?.cut).toBeNull();
  });
});

describe("scale-out", () => {
  test("the new core is named to the generator, and load goes on until it carried its share for a whole minute", async () => {
    const world = new RunWorld();
    world.kinds = ["scale-out"];
    await world.run();
    expectPutBack(world);
    expect(world.done.filter((one) => one === "scale")).toHaveLength(1);
    expect(world.names).toEqual([["c1", "c2", "c10", "c11"]]);
    const [added] = world.of("core-added");
    expect(added).toMatchObject({ core: "c11", instance: "i-11", zone: "eu-west-1a" });
    expect(world.of("connection-uri").map(({ uri }) => uri)).toEqual(["https://acme.example.com:3567"]);
    const ended = world.of("stage-ended")[0]?.at ?? 0;
    expect(ended - (added?.at ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(ended - (added?.at ?? 0)).toBeLessThan(130_000);
    expect(world.of("target-health").some(({ core: id, state }) => id === "c11" && state === "healthy")).toBe(true);
  });

  test.each([
    [
      "the hook fails",
      (world: RunWorld) => (world.hook = (verb) => (verb === "scale" ? { ok: false, detail: "403" } : undefined)),
      "403",
    ],
    ["no core appears", (world: RunWorld) => (world.appearsAfterMs = undefined), "the inventory shows no new core"],
  ])("%s: the stage failed", async (_name, change, why) => {
    const world = new RunWorld();
    world.kinds = ["scale-out"];
    change(world);
    await world.run();
    expect(world.ended).toEqual(["scale-out failed"]);
    expect(world.of("stage-ended")[0]?.detail).toContain(why);
    expect(world.notes.some((note) => note.includes("a core was asked for"))).toBe(true);
    expectPutBack(world);
  });

  test("without a hook that removes, the added core stays, and is named", async () => {
    const world = new RunWorld();
    world.kinds = ["scale-out"];
    const request = { kind: "command", argv: ["scale"], timeoutMs: 5_000 } as const;
    world.deployment = { ...world.deployment, scale: { request, remove: undefined } };
    await world.run();
    expect(world.notes).toContain("c11 stays: fleet.yaml has no scale.remove");
    expect(world.done).not.toContain("remove c11");
  });

  test("another connectionUri is recorded when the inventory has it", async () => {
    const world = new RunWorld();
    world.kinds = ["scale-out"];
    await world.run(() => {
      if (world.cores.length > 3)
        world.deployment = { ...world.deployment, connectionUri: "https://other.example.com" };
    });
    expect(world.of("connection-uri").map(({ uri }) => uri)).toEqual([
      "https://acme.example.com:3567",
      "https://other.example.com",
    ]);
  });
});

describe.each(LAUNCH)("in the stage %s", (kind) => {
  test.each([0, 1, 12, 25, 62])("an interruption after %i s ends it, and everything is put back", async (after) => {
    const world = new RunWorld();
    let seconds = 0;
    await world.run(() => {
      if (world.stage === kind && seconds++ === after) world.interrupt.abort();
    });
    expectPutBack(world);
    const isCut = world.interrupt.signal.aborted;
    const kinds = LAUNCH.slice(0, LAUNCH.indexOf(kind) + 1);
    expect(world.of("ended")[0]?.cut).toBe(isCut ? "interrupted" : null);
    expect(world.ended).toEqual(isCut ? [...kinds.slice(0, -1), `${kind} interrupted`] : LAUNCH);
    expect(world.of("observed")).toHaveLength(1);
  });
});

describe.each(OPEN)("in the open stage %s", (kind) => {
  test("a generator that dies fails it; the rest is skipped and everything put back", async () => {
    const world = new RunWorld();
    world.generatorDies = () => world.stage === kind;
    await world.run();
    expectPutBack(world);
    expect(world.ended.at(-1)).toBe(`${kind} failed`);
    expect(world.of("stage-ended").at(-1)?.detail).toContain("a worker thread ended");
    expect(world.of("ended")[0]?.cut).toBe("failed");
  });

  test("failures above the breaker's share stop it, and the run", async () => {
    const world = new RunWorld();
    world.failing = () => (world.stage === kind && world.away.size === 0 ? 0.6 : 0);
    await world.run();
    expectPutBack(world);
    expect(world.ended.at(-1)).toBe(`${kind} circuit-breaker`);
    expect(world.of("stage-ended").at(-1)?.detail).toBe(
      "60% of the requests failed over 5 s, and 50% may: the load was stopped",
    );
    const began = world.of("stage-began").at(-1)?.at ?? 0;
    expect((world.of("stage-ended").at(-1)?.at ?? 0) - began).toBeLessThan(8_000);
  });

  test("failures of less than the breaker's share do not stop it", async () => {
    const world = new RunWorld();
    world.failing = () => (world.stage === kind ? 0.5 : 0);
    await world.run();
    expect(world.ended).toEqual(LAUNCH);
  });
});

test("a generator that cannot prepare fails the stage that needs it", async () => {
  const world = new RunWorld();
  world.startFails = true;
  await world.run();
  expectPutBack(world);
  expect(world.ended).toEqual(["warm-up failed"]);
  expect(world.of("stage-ended")[0]?.detail).toBe("no session could be made: 401");
});

test("a database that cannot be filled leaves out the full stage and nothing else", async () => {
  const world = new RunWorld();
  world.fillFails = true;
  await world.run();
  expectPutBack(world);
  expect(world.ended).toEqual(
    LAUNCH.filter((kind) => kind !== "full").map((kind) => (kind === "fill" ? "fill failed" : kind)),
  );
  expect(world.notes).toContain("the stage full was left out: the database was not filled");
});

test("a second interruption gives clean-up up, and says what is left and how it goes", async () => {
  const world = new RunWorld();
  world.kinds = ["fill", "survival"];
  let seconds = 0;
  await world.run(() => {
    if (world.stage !== "survival") return;
    seconds++;
    if (seconds === 30) world.interrupt.abort();
    if (seconds === 30) world.giveUp.abort();
  });
  expect(world.events.at(-1)).toMatchObject({ type: "ended", cut: "interrupted" });
  expect(world.notes.some((note) => note.startsWith("still away: c1, c2. Bring back by hand"))).toBe(true);
  expect(world.notes).toContain(
    'rows that were added are still in the database (given up): "corewatch certify acme --clean" removes them',
  );
});

test("where no alarm fires, it waits for as long as one may take before it says so", async () => {
  const world = new RunWorld();
  world.kinds = ["survival"];
  world.alarmsFire = false;
  await world.run();
  const ended = world.of("stage-ended")[0]?.at ?? 0;
  expect((world.of("ended")[0]?.at ?? 0) - ended).toBeGreaterThanOrEqual(60_000);
});
