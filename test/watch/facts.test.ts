import { describe, expect, test } from "vitest";
import { Beats, KeySetSaver, loadKeySets } from "../../src/watch/facts.ts";
import { FakeClock } from "../fakes/clock.ts";
import { quietLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";

describe("beats", () => {
  test("that came before the start and since are known, the newest of each heartbeat", async () => {
    const clock = new FakeClock();
    const store = new FakeStore(clock);
    await store.beat("worker", 1_000, true, "");
    const beats = new Beats({ clock, log: quietLog(), store });
    await beats.start();
    expect(beats.last("worker")).toEqual({ at: 1_000, ok: true, message: "" });
    await store.beat("worker", 2_000, false, "disk full");
    await store.beat("worker", 1_500, true, "");
    expect(beats.last("worker")).toEqual({ at: 2_000, ok: false, message: "disk full" });
    expect(beats.last("other")).toBeUndefined();
    await beats.stop();
    expect(clock.waiting).toBe(0);
  });

  test("are read again once a store that was out of reach is back", async () => {
    const clock = new FakeClock();
    const store = new FakeStore(clock);
    await store.beat("worker", 1_000, true, "");
    store.reachable = false;
    const beats = new Beats({ clock, log: quietLog(), store });
    await beats.start();
    expect(beats.last("worker")).toBeUndefined();
    store.reachable = true;
    await clock.advance(5_000);
    expect(beats.last("worker")?.at).toBe(1_000);
    await beats.stop();
  });
});

describe("key sets", () => {
  test("are saved when they changed, at most once a minute, and at the end", async () => {
    const clock = new FakeClock();
    const store = new FakeStore(clock);
    let sets: unknown = [];
    const saver = new KeySetSaver({ clock, log: quietLog(), store, keySets: { dump: () => sets } });
    await saver.start();
    sets = ["a"];
    await clock.advance(59_000);
    expect(await loadKeySets(store)).toBeUndefined();
    await clock.advance(1_000);
    expect(await loadKeySets(store)).toEqual(["a"]);
    sets = ["b"];
    await saver.stop();
    await saver.stop();
    expect(await loadKeySets(store)).toEqual(["b"]);
    expect(clock.waiting).toBe(0);
  });
});
