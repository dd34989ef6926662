import { describe, expect, test } from "vitest";
import type { Observation } from "../../src/domain/index.ts";
import { Recorder } from "../../src/watch/recorder.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";

function rig(items = 1_000) {
  const clock = new FakeClock();
  const store = new FakeStore(clock);
  const log = recordingLog();
  const told: boolean[] = [];
  const limit = { items, weight: Infinity };
  const recorder = new Recorder({ clock, log, store, limit, onStore: (reachable) => void told.push(reachable) });
  const add = (count: number, from = 0): void => {
    for (let slot = from; slot < from + count; slot++) recorder.add(observation(slot));
  };
  return { clock, store, log, recorder, told, add };
}

function observation(slot: number): Observation {
  const target = { kind: "core", id: "acme/acme-1", deployment: "acme" } as const;
  return {
    target,
    check: "hello",
    health: "up",
    reason: "ok",
    detail: "",
    measures: {},
    slot,
    at: slot,
    durationMs: 1,
    latenessMs: 0,
  };
}

describe("the recorder", () => {
  test("writes what came within a quarter of a second in one go, and 500 rows at once", async () => {
    const { clock, store, recorder, add } = rig();
    add(10);
    await clock.advance(249);
    expect(store.observations).toHaveLength(0);
    await clock.advance(1);
    expect(store.observations).toHaveLength(10);
    add(500, 10);
    await clock.advance(0);
    expect(store.observations).toHaveLength(510);
    await recorder.stop();
    expect(clock.waiting).toBe(0);
  });

  test("keeps what it can while the store is out of reach, drops the oldest beyond its bound, and tells how many", async () => {
    const { clock, store, log, recorder, told, add } = rig(100);
    store.reachable = false;
    add(90);
    await clock.advance(1_000);
    add(60, 90);
    expect([recorder.waiting, recorder.dropped]).toEqual([100, 50]);
    await clock.advance(5_000);
    store.reachable = true;
    await clock.advance(1_000);
    expect(store.observations.map(({ slot }) => slot)).toEqual(Array.from({ length: 100 }, (_, index) => 50 + index));
    expect(told[0]).toBe(false);
    expect(told.at(-1)).toBe(true);
    expect(log.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^50 observations were dropped/),
    );
    await recorder.stop();
  });

  test("loses nothing that comes while a write is under way or fails", async () => {
    const { clock, store, recorder, add } = rig(100_000);
    let given = 0;
    for (let round = 0; round < 40; round++) {
      store.reachable = round % 3 !== 1;
      add(333, given);
      given += 333;
      await clock.advance(400);
    }
    store.reachable = true;
    await clock.advance(3_000);
    expect(store.observations).toHaveLength(given);
    expect(recorder.waiting).toBe(0);
    await recorder.stop();
  });

  test("goes on after rows that the store refuses, and says so", async () => {
    const { clock, store, log, recorder, add } = rig();
    const append = store.append.bind(store);
    store.append = () => Promise.reject(new Error("value out of range"));
    add(3);
    await clock.advance(250);
    store.append = append;
    add(2, 3);
    await clock.advance(250);
    expect(store.observations.map(({ slot }) => slot)).toEqual([3, 4]);
    expect(recorder.dropped).toBe(3);
    expect(log.lines[0]?.message).toBe("the store refused 3 observations: they are lost");
    await recorder.stop();
  });

  test("writes what waits when it stops", async () => {
    const { store, recorder, add } = rig();
    add(3);
    await recorder.stop();
    await recorder.stop();
    expect(store.observations).toHaveLength(3);
  });
});
