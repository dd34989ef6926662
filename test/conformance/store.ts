import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { DecisionInput, Store } from "../../src/domain/index.ts";
import { SERIES, START, event, incident, missed, notice, observation, output, state } from "./store-samples.ts";

/** A store under test, and what makes and clears it. */
export interface StoreUnderTest {
  readonly store: Store;
  /** A second process's view of the same store, or `undefined` when the implementation lives in one process. */
  readonly other: Store | undefined;
  close(): Promise<void>;
}

/** What every implementation of the store does; `makeStore` gives an empty, migrated one. */
export function storeConformance(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store`, () => {
    let made: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      made = await makeStore();
      store = made.store;
    });
    afterEach(() => made.close());

    test("observations come back newest first, and writing one twice is harmless", async () => {
      const first = observation({ measures: { certificateDays: 12.5 } });
      const second = observation({
        slot: START + 10_000,
        health: "down",
        reason: "timeout",
        detail: 'no "answer" \\ in 10 s',
        durationMs: 10_000.25,
      });
      await store.append([first, second], []);
      await store.append([second, observation({ detail: "a different story about the same slot" })], []);
      expect(await store.latest(10)).toEqual([second, first]);
      expect(await store.latest(1)).toEqual([second]);
    });

    test("a series was last seen when its health was last known", async () => {
      await store.append(
        [
          observation(),
          observation({ slot: START + 10_000 }),
          observation({ slot: START + 20_000, health: "unknown", reason: "prober-dns" }),
        ],
        [],
      );
      expect([...(await store.lastSeen(START))]).toEqual([[SERIES, START + 10_000]]);
      expect(await store.lastSeen(START + 15_000)).toEqual(new Map());
    });

    test("a summary counts each health and what was missed, and knows latencies to two digits", async () => {
      const slots = Array.from({ length: 100 }, (_, index) => START + index * 10_000);
      await store.append(
        slots.map((slot, index) =>
          observation({
            slot,
            durationMs: index + 1,
            ...(index % 10 === 0 ? { health: "down", reason: "timeout" } : {}),
            ...(index === 99 ? { health: "unknown", reason: "prober-dns" } : {}),
          }),
        ),
        [missed(START + 5_000), missed(START + 5_000)],
      );
      const [summary] = await store.summary([SERIES], START, START + 3_600_000);
      expect(summary).toMatchObject({ series: SERIES, up: 89, degraded: 0, down: 10, unknown: 1, missed: 1 });
      // The unknown one tells nothing about the target's latency: 1 to 99 ms are left.
      expect(summary?.p50Ms).toBeCloseTo(50, -0.5);
      expect(Math.abs((summary?.p99Ms ?? 0) - 99)).toBeLessThan(1);
      expect(Math.abs((summary?.maxMs ?? 0) - 99)).toBeLessThan(1);
    });

    test("a series never seen has a summary of zeros", async () => {
      const [summary] = await store.summary(["core:acme/ghost:hello"], START, START + 60_000);
      expect(summary).toMatchObject({ up: 0, down: 0, missed: 0, p50Ms: null, p99Ms: null, maxMs: null });
    });

    test("a decision writes state, incident, timeline and notice together, and the next one reads them", async () => {
      const written = await store.decide([SERIES], 0, (input) => {
        expect(input.states.size).toBe(0);
        const id = input.newIncidentId();
        expect(id).toBe("INC-1");
        return output({
          states: [state()],
          incidents: [incident({ id })],
          events: [event(), event({ at: START + 1, kind: "acknowledged", text: "Ada is on it" })],
          notices: [notice()],
        });
      });
      expect(written.states).toEqual([state({ version: 1 })]);
      let seen: DecisionInput | undefined;
      await store.decide([SERIES], 0, (input) => {
        seen = input;
        return output();
      });
      expect(seen?.states.get(SERIES)).toEqual(state({ version: 1 }));
      expect(seen?.incidents).toEqual([incident({ version: 1 })]);
      expect(seen?.newIncidentId()).toBe("INC-2");
      const found = await store.get("INC-1");
      expect(found?.events.map((one) => one.kind)).toEqual(["opened", "acknowledged"]);
      expect(found?.notices).toMatchObject([{ incident: "INC-1", channel: "#ops", state: "pending", attempts: 0 }]);
      expect(await store.states()).toEqual([state({ version: 1 })]);
      expect(await store.open()).toEqual([incident({ version: 1 })]);
      expect(await store.get("INC-99")).toBeUndefined();
    });

    test("a decision that throws leaves nothing behind", async () => {
      const decision = store.decide([SERIES], 0, () => {
        throw new Error("no verdict");
      });
      await expect(decision).rejects.toThrow("no verdict");
      expect(await store.states()).toEqual([]);
      await store.decide([], 0, (input) => output({ incidents: [incident({ id: input.newIncidentId() })] }));
      expect((await store.open()).map((one) => one.id)).toEqual(["INC-1"]);
    });

    test("a state made from old memory is refused, and nothing of its decision is kept", async () => {
      await store.decide([SERIES], 0, () => output({ states: [state()] }));
      const late = store.decide([SERIES], 0, () => output({ states: [state({ slot: 1 })], incidents: [incident()] }));
      await expect(late).rejects.toThrow(/void/);
      expect(await store.states()).toEqual([state({ version: 1 })]);
      expect(await store.open()).toEqual([]);
    });

    test("decisions at once are made one after the other, each from what the one before wrote", async () => {
      const count = async (via: Store): Promise<void> => {
        await via.decide([SERIES], 0, (input) => {
          const before = input.states.get(SERIES) ?? state({ goods: 0 });
          return output({ states: [{ ...before, goods: before.goods + 1 }] });
        });
      };
      await Promise.all(
        Array.from({ length: 12 }, (_, index) => count(index % 2 === 0 ? store : (made.other ?? store))),
      );
      expect((await store.states())[0]).toMatchObject({ goods: 12, version: 12 });
    });

    test("only incidents resolved lately are read, and the list shows all, newest first", async () => {
      const resolved = (id: string, at: number) =>
        incident({ id, state: "resolved", resolvedAt: at, scope: { kind: "deployment", id } });
      await store.decide([], 0, () =>
        output({ incidents: [resolved("INC-1", 100), resolved("INC-2", 200), incident({ id: "INC-3" })] }),
      );
      let ids: string[] = [];
      await store.decide([], 200, (input) => {
        ids = input.incidents.map((one) => one.id);
        return output();
      });
      expect(ids.sort()).toEqual(["INC-2", "INC-3"]);
      expect((await store.list(2)).map((one) => one.id)).toEqual(["INC-3", "INC-2"]);
    });

    test("a scope may close and open again in one decision, and is never open twice", async () => {
      await store.decide([], 0, () => output({ incidents: [incident({ id: "INC-1" })] }));
      await store.decide([], 0, () =>
        output({
          incidents: [incident({ id: "INC-2" }), incident({ id: "INC-1", state: "resolved", resolvedAt: START })],
        }),
      );
      expect((await store.open()).map((one) => one.id)).toEqual(["INC-2"]);
      const twice = store.decide([], 0, () => output({ incidents: [incident({ id: "INC-3" })] }));
      await expect(twice).rejects.toBeInstanceOf(Error);
      expect(await store.get("INC-3")).toBeUndefined();
    });

    test("silences hold until they end", async () => {
      const silence = {
        id: "s1",
        match: { deployment: "acme" },
        from: START,
        until: START + 1000,
        reason: "moving",
        by: "ada",
      };
      await store.addSilence(silence);
      expect(await store.silences(START + 999)).toEqual([silence]);
      expect(await store.silences(START + 1000)).toEqual([]);
      expect(await store.endSilence("s1", START + 500)).toBe(true);
      expect(await store.endSilence("s1", START + 500)).toBe(false);
      expect(await store.endSilence("s2", START)).toBe(false);
      expect(await store.silences(START + 500)).toEqual([]);
    });

    test("the last beat of each heartbeat is kept, and told to who listens", async () => {
      const heard: unknown[] = [];
      const listening = store.onBeat((beat) => void heard.push(beat));
      await vi.waitFor(
        async () => {
          await (made.other ?? store).beat("render", START, true, "");
          expect(heard).toContainEqual({ id: "render", at: START, ok: true, message: "" });
        },
        { timeout: 5000 },
      );
      await store.beat("render", START + 60_000, false, "disk full");
      await store.beat("render", START + 30_000, true, "an older one that came late");
      expect(await store.beats()).toEqual([{ id: "render", at: START + 60_000, ok: false, message: "disk full" }]);
      listening.stop();
    });

    test("one process at a time has the turn for work of one name, and leaves it however the work ends", async () => {
      const elsewhere = made.other ?? store;
      const done = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const first = store.exclusive("alarms", async (signal) => {
        begun.resolve();
        await done.promise;
        return signal.aborted;
      });
      await begun.promise;
      expect(await elsewhere.exclusive("alarms", async () => "too")).toEqual({ held: false });
      expect(await elsewhere.exclusive("other", async () => "work")).toEqual({ held: true, result: "work" });
      done.resolve();
      expect(await first).toEqual({ held: true, result: false });
      const failing = elsewhere.exclusive("alarms", () => Promise.reject(new Error("in the middle")));
      await expect(failing).rejects.toThrow("in the middle");
      expect(await store.exclusive("alarms", async () => "then")).toEqual({ held: true, result: "then" });
    });

    test("facts are kept as they were put", async () => {
      expect(await store.getFact("keys")).toBeUndefined();
      await store.putFact("keys", { acme: ["d-1", null, 2.5, true] });
      await store.putFact("keys", { acme: ["d-2"] });
      expect(await store.getFact("keys")).toEqual({ acme: ["d-2"] });
      await store.putFact("nothing", null);
      expect(await store.getFact("nothing")).toBeNull();
    });

    test("migrating again changes nothing", async () => {
      const again = await store.migrate();
      expect(again.from).toBe(again.to);
      await store.ping();
    });
  });
}
