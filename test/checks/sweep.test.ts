import { describe, expect, test } from "vitest";
import { phaseOf } from "../../checks/phase.ts";
import { SweepEngine } from "../../checks/sweep.ts";
import type { SweepOptions } from "../../checks/sweep.ts";
import { seriesKey } from "../../src/domain/index.ts";
import type { MissedSlot, Observation, Outcome } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";
import { quietLog } from "../fakes/log.ts";
import { FakeTicker } from "../fakes/ticker.ts";
import { allKinds, clockPorts, coreTask, settings, UP } from "./support.ts";

const MIN = 60_000;

function setUp(probe: (input: unknown) => Promise<Outcome> = async () => UP, more: Partial<SweepOptions> = {}) {
  const clock = new FakeClock("2026-11-21T08:00:03Z");
  const observations: Observation[] = [];
  const missed: MissedSlot[] = [];
  const engine = new SweepEngine({
    clock,
    ticker: new FakeTicker(clock),
    ports: clockPorts(clock),
    log: quietLog(),
    onObservation: (observation) => void observations.push(observation),
    onMissed: (slot) => void missed.push(slot),
    probes: allKinds(probe),
    ...more,
  });
  return { clock, engine, observations, missed, wall: (at: number) => new Date(at).toISOString().slice(11, 23) };
}

describe("the sweep engine", () => {
  test("looks at everything once when it starts, then in every slot at each series' own moment", async () => {
    const { clock, engine, observations, wall } = setUp();
    const tasks = ["acme/a", "acme/b", "acme/c"].map((name) => coreTask(name));
    engine.setTasks(tasks, () => settings());
    await engine.start();
    await clock.advance(2_000);
    expect(observations.map(({ slot }) => wall(slot))).toEqual(Array(3).fill("08:00:03.000"));
    observations.length = 0;
    await clock.advance(25_000);
    for (const task of tasks) {
      const own = observations.filter(({ target }) => target.id === task.target.id);
      expect(own.map(({ slot }) => wall(slot))).toEqual(["08:00:10.000", "08:00:20.000"]);
      for (const { at, slot } of own) {
        expect(Math.abs(at - slot - phaseOf(seriesKey(task.target, task.check)) * 10_000)).toBeLessThanOrEqual(26);
      }
    }
    await engine.stop();
    expect(clock.waiting).toBe(0);
  });

  test("runs every slot of 10,000 targets, evenly over the slot and on time", async () => {
    const { clock, engine, observations, missed } = setUp();
    const tasks = Array.from({ length: 10_000 }, (_, index) => coreTask(`d${index % 100}/core-${index}`));
    engine.setTasks(tasks, () => settings());
    await engine.start();
    await clock.advance(7_000 - 1);
    await clock.advance(10_010);
    const slot = observations.filter((one) => one.slot === Date.parse("2026-11-21T08:00:10Z"));
    expect(slot).toHaveLength(10_000);
    expect(new Set(slot.map(({ target }) => target.id)).size).toBe(10_000);
    const perSecond = Map.groupBy(slot, ({ at, slot }) => Math.min(9, Math.floor((at - slot) / 1_000)));
    for (const { length } of perSecond.values()) expect(Math.abs(length - 1_000)).toBeLessThan(150);
    expect(perSecond.size).toBe(10);
    const { lateness } = engine.stats();
    expect(lateness.p99).toBeLessThanOrEqual(1);
    expect(lateness.max).toBeLessThanOrEqual(1);
    expect(missed).toEqual([]);
    await engine.stop();
  });

  test("a target that hangs delays no other, and its slots are missed as overrun, never as down", async () => {
    const { clock, engine, observations, missed } = setUp((input) =>
      input === "acme/slow" ? new Promise(() => {}) : Promise.resolve(UP),
    );
    engine.setTasks(
      ["acme/slow", "acme/fine"].map((name) => coreTask(name)),
      () => settings("*/10 * * * * *", { timeoutMs: 25_000 }),
    );
    await engine.start();
    await clock.advance(36_000);
    const fine = observations.filter(({ target }) => target.id === "acme/fine");
    expect(fine).toHaveLength(4);
    expect(missed.map(({ why }) => why)).toEqual(["overrun", "overrun"]);
    expect(observations.filter(({ health }) => health === "down").map(({ reason }) => reason)).toEqual(["timeout"]);
    await engine.stop();
  });

  test("a timeout as long as the slot still lets a target that hangs be seen in every slot", async () => {
    const { clock, engine, observations, missed } = setUp(() => new Promise(() => {}));
    engine.setTasks([coreTask("acme/a")], () => settings("*/10 * * * * *", { timeoutMs: 10_000 }));
    await engine.start();
    await clock.advance(MIN);
    expect(missed.filter(({ why }) => why === "overrun").length).toBeLessThanOrEqual(1);
    expect(observations.length).toBeGreaterThanOrEqual(5);
    const stopped = engine.stop();
    await clock.advance(500);
    await stopped;
  });

  test("slots that passed while nothing ran are missed as stalled, each once for each series", async () => {
    const { clock, engine, observations, missed, wall } = setUp();
    engine.setTasks([coreTask("acme/a"), coreTask("acme/b")], () => settings());
    await engine.start();
    await clock.advance(17_100);
    observations.length = 0;
    clock.hold(45_000);
    await clock.advance(10_000);
    const slots = (name: string): string[] =>
      missed.filter(({ series }) => series.includes(name)).map(({ slot, why }) => `${why} ${wall(slot)}`);
    for (const name of ["acme/a", "acme/b"]) {
      const all = slots(name);
      expect(all.filter((line) => !line.startsWith("stalled"))).toEqual([]);
      expect(all).toEqual(
        expect.arrayContaining(["stalled 08:00:30.000", "stalled 08:00:40.000", "stalled 08:00:50.000"]),
      );
      const run = observations.filter(({ target }) => target.id === name).map(({ slot }) => wall(slot));
      const told = [...all.map((line) => line.slice(8)), ...run];
      expect(new Set(told).size).toBe(told.length);
    }
    await engine.stop();
  });

  test("slots that the wall clock stepped over are missed as clock", async () => {
    const { clock, engine, missed, observations, wall } = setUp();
    engine.setTasks([coreTask("acme/a")], () => settings());
    await engine.start();
    await clock.advance(18_000);
    clock.step(35_000);
    await clock.advance(20_000);
    expect(missed.map(({ slot, why }) => `${why} ${wall(slot)}`)).toEqual([
      "clock 08:00:30.000",
      "clock 08:00:40.000",
      "clock 08:00:50.000",
    ]);
    expect(observations.every(({ health }) => health === "up")).toBe(true);
    await engine.stop();
  });

  test("a step over ten years is told in numbers, within a bound", async () => {
    const { clock, engine, missed } = setUp();
    engine.setTasks([coreTask("acme/a")], () => settings());
    await engine.start();
    await clock.advance(18_000);
    clock.step(10 * 365 * 86_400_000);
    await clock.advance(20_000);
    expect(missed.length).toBeLessThanOrEqual(360);
    expect(engine.stats().missed.clock).toBeGreaterThan(30_000_000);
    await engine.stop();
  });

  for (const [name, back] of [
    ["ten minutes", 9 * MIN],
    ["an hour", 60 * MIN],
  ] as const) {
    test(`goes on probing when the clock is set back by about ${name}, and no slot's name comes twice`, async () => {
      const { clock, engine, observations } = setUp();
      engine.setTasks([coreTask("acme/a")], () => settings());
      await engine.start();
      await clock.advance(2 * MIN);
      const before = observations.length;
      clock.step(-back);
      await clock.advance(3 * MIN);
      expect(observations.length - before).toBeGreaterThanOrEqual(17);
      await clock.advance(back);
      const slots = observations.map(({ slot }) => slot);
      expect(new Set(slots).size).toBe(slots.length);
      expect(slots.length).toBeGreaterThanOrEqual((5 * MIN + back) / 10_000 - 2);
      await engine.stop();
    });
  }

  test("daylight saving leaves a ten-second schedule alone and runs a daily one once", async () => {
    const clock = new FakeClock("2026-10-24T23:59:55Z");
    const { engine, observations, missed } = setUp(undefined, {
      clock,
      ticker: new FakeTicker(clock),
      ports: clockPorts(clock),
    });
    engine.setTasks([coreTask("acme/a"), coreTask("acme/a", "tls")], (kind) =>
      kind === "tls"
        ? settings("0 30 2 * * *", { timezone: "Europe/Berlin" })
        : settings("*/10 * * * * *", { timezone: "Europe/Berlin" }),
    );
    await engine.start();
    await clock.advance(2_500);
    observations.length = 0;
    await clock.advance(3 * 60 * MIN);
    expect(observations.filter(({ check }) => check === "hello")).toHaveLength(3 * 360);
    expect(observations.filter(({ check }) => check === "tls").map(({ slot }) => slot)).toEqual([
      Date.parse("2026-10-25T00:30:00Z"),
    ]);
    expect(missed).toEqual([]);
    await engine.stop();
  });

  test("a reload keeps moments, slots under way and running probes, and begins and ends what came and went", async () => {
    const { clock, engine, observations, missed } = setUp(undefined, {});
    const names = Array.from({ length: 40 }, (_, index) => `acme/core-${index}`);
    engine.setTasks(
      names.map((name) => coreTask(name)),
      () => settings(),
    );
    await engine.start();
    await clock.advance(12_000);
    observations.length = 0;
    const kept = [...names.slice(5), "acme/new-1", "acme/new-2"];
    engine.setTasks(
      kept.map((name) => coreTask(name)),
      () => settings(),
    );
    await clock.advance(15_000);
    expect(missed).toEqual([]);
    for (const name of names.slice(5)) {
      const phase = phaseOf(`core:${name}:hello`) * 10_000;
      const own = observations.filter(({ target }) => target.id === name);
      // The reload came 5 s into the slot of 08:00:10; at 08:00:30 it ends.
      const slots = [...(phase > 5_000 ? [10] : []), 20];
      expect(own.map(({ slot }) => (slot / 1_000) % 60)).toEqual(slots);
    }
    const ids = new Set(observations.map(({ target }) => target.id));
    expect(ids.has("acme/core-0")).toBe(false);
    expect(ids.has("acme/new-1") && ids.has("acme/new-2")).toBe(true);
    await engine.stop();
  });

  test("a new series on a sparse schedule is looked at right away", async () => {
    const { clock, engine, observations } = setUp();
    engine.setTasks([coreTask("acme/a")], () => settings("0 0 3 * * *"));
    await engine.start();
    await clock.advance(2_000);
    expect(observations).toHaveLength(1);
    engine.setTasks([coreTask("acme/a"), coreTask("acme/b")], () => settings("0 0 3 * * *"));
    await clock.advance(2_000);
    expect(observations.map(({ target }) => target.id)).toEqual(["acme/a", "acme/b"]);
    await engine.stop();
  });

  test("a probe out of schedule joins one that is running, and names a slot that the judge takes", async () => {
    const clock = new FakeClock("2026-11-21T08:00:03Z");
    const { engine, observations } = setUp(() => new Promise((resolve) => void clock.after(50, () => resolve(UP))), {
      clock,
      ticker: new FakeTicker(clock),
      ports: clockPorts(clock),
    });
    engine.setTasks([coreTask("acme/a")], () => settings());
    await engine.start();
    const both = Promise.all([
      engine.probeNow(["core:acme/a:hello", "core:nobody:hello"]),
      engine.probeNow(["core:acme/a:hello"]),
    ]);
    await clock.advance(60);
    const [[first], [second]] = await both;
    expect(first).toBe(second);
    for (let round = 0; round < 30; round++) {
      const now = engine.probeNow(["core:acme/a:hello"]);
      await clock.advance(1_700);
      await now;
    }
    const slots = observations.map(({ slot }) => slot);
    expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
    expect(observations.length).toBeGreaterThanOrEqual(33);
    await engine.stop();
  });

  test("beyond its bound of running probes it says that it is overloaded, and nothing of the targets", async () => {
    const { clock, engine, observations } = setUp(() => new Promise(() => {}), { maxRunning: 3 });
    engine.setTasks(
      Array.from({ length: 10 }, (_, index) => coreTask(`acme/${index}`)),
      () => settings(),
    );
    await engine.start();
    await clock.advance(2_000);
    expect(observations).toHaveLength(7);
    expect(observations.every(({ health, reason }) => health === "unknown" && reason === "prober-overloaded")).toBe(
      true,
    );
    expect(engine.stats().running).toBe(3);
    const stopped = engine.stop();
    await clock.advance(500);
    await stopped;
  });

  test("a stop waits a moment for probes under way, records the rest as stopped, and is safe to repeat", async () => {
    const { clock, engine, observations, missed } = setUp(() => new Promise(() => {}));
    engine.setTasks([coreTask("acme/a"), coreTask("acme/b")], () => settings("*/10 * * * * *", { timeoutMs: 5_000 }));
    await engine.start();
    await clock.advance(17_000);
    observations.length = 0;
    missed.length = 0;
    const stopped = engine.stop();
    await clock.advance(500);
    await stopped;
    await engine.stop();
    expect(observations).toEqual([]);
    expect(missed.every(({ why }) => why === "stopped")).toBe(true);
    expect(missed.length).toBeGreaterThan(0);
    expect(clock.waiting).toBe(0);
    await clock.advance(MIN);
    expect(observations).toEqual([]);
  });
});
