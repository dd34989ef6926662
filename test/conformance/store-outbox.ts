import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StoreUnavailable } from "../../src/domain/index.ts";
import type { NoticeDraft, Store } from "../../src/domain/index.ts";
import type { StoreUnderTest } from "./store.ts";
import { START, claimed, event, incident, notice, output } from "./store-samples.ts";

/** What every implementation's outbox does. */
export function outboxConformance(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} as an outbox`, () => {
    let made: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      made = await makeStore();
      store = made.store;
      await store.decide([], 0, () => output({ incidents: [incident()], events: [event()] }));
    });
    afterEach(() => made.close());

    const tell = (...notices: Partial<NoticeDraft>[]) =>
      store.decide([], 0, () => output({ notices: notices.map((one) => notice(one)) }));
    const reply = (text: string): Partial<NoticeDraft> => ({ kind: "reply", text, because: "reminded" });
    const post = { incident: "INC-1", channel: "#ops", channelId: "C1", ts: "1.5" };
    const stateOf = async () => (await store.get("INC-1"))?.notices.map((one) => one.state);

    test("of several cards for one message only the newest goes, and it carries the mention of the others", async () => {
      await tell({ mention: "@oncall" }, { because: "affected-changed", at: START + 5 });
      const claim = await claimed(store.outbox);
      const due = await claim.due(START, 10);
      expect(due).toMatchObject([{ because: "affected-changed", mention: "@oncall", begun: false, attempts: 0 }]);
      expect(await stateOf()).toEqual(["superseded", "pending"]);
      await claim.release();
    });

    test("replies wait for their card's message, then go in order", async () => {
      await tell(reply("first"), {}, reply("second"));
      const claim = await claimed(store.outbox);
      const [card, ...none] = await claim.due(START, 10);
      expect(card?.kind).toBe("card");
      expect(none).toEqual([]);
      await claim.begin(card?.id ?? 0, START);
      expect(await claim.due(START, 10)).toEqual([]);
      await claim.sent(card?.id ?? 0, START, "1.5", post);
      expect(await claim.post("INC-1", "#ops")).toEqual(post);
      for (const text of ["first", "second"]) {
        const [next] = await claim.due(START, 10);
        expect(next).toMatchObject({ kind: "reply", text });
        await claim.sent(next?.id ?? 0, START, "1.6", undefined);
      }
      expect(await claim.due(START, 10)).toEqual([]);
      expect(await claim.nextDue()).toBeNull();
      expect(await store.outbox.backlog()).toEqual({ waiting: 0, oldest: null });
      await claim.release();
    });

    test("a notice that failed in passing waits for its time, and remembers since when it fails", async () => {
      await tell({});
      const claim = await claimed(store.outbox);
      const [card] = await claim.due(START, 10);
      await claim.begin(card?.id ?? 0, START);
      await claim.postpone(card?.id ?? 0, START + 1, START + 30_000, "rate-limited");
      expect(await claim.due(START + 29_999, 10)).toEqual([]);
      expect(await claim.nextDue()).toBe(START + 30_000);
      expect(await store.outbox.backlog()).toEqual({ waiting: 1, oldest: START });
      const [again] = await claim.due(START + 30_000, 10);
      expect(again).toMatchObject({ attempts: 1, begun: true, failingSince: START + 1 });
      await claim.begin(card?.id ?? 0, START + 30_000);
      await claim.postpone(card?.id ?? 0, START + 30_001, START + 60_000, "timeout");
      // A newer card does not hide for how long the channel has been failing.
      await tell({ because: "resolved" });
      const [newer] = await claim.due(START + 60_000, 10);
      expect(newer).toMatchObject({ because: "resolved", attempts: 2, begun: true, failingSince: START + 1 });
      await claim.settle(newer?.id ?? 0, START + 60_000, "fallback", "200", "slack did not deliver");
      expect(await stateOf()).toEqual(["superseded", "fallback"]);
      await claim.release();
    });

    test("a card is not folded away while it is being sent", async () => {
      await tell({});
      const claim = await claimed(store.outbox);
      const [card] = await claim.due(START, 10);
      await claim.begin(card?.id ?? 0, START);
      await tell({ because: "affected-changed" });
      expect(await claim.due(START, 10)).toEqual([]);
      await claim.sent(card?.id ?? 0, START, "1.5", post);
      expect(await claim.due(START, 10)).toMatchObject([{ because: "affected-changed" }]);
      expect(await stateOf()).toEqual(["sent", "pending"]);
      await claim.release();
    });

    test("one process has the claim, and another may take it when it is released", async () => {
      const outbox = (made.other ?? store).outbox;
      const claim = await claimed(store.outbox);
      expect(await outbox.claim()).toBeUndefined();
      expect(claim.lost).toBe(false);
      await claim.release();
      await claim.release();
      await expect(claim.due(START, 1)).rejects.toBeInstanceOf(StoreUnavailable);
      const second = await claimed(outbox);
      await second.release();
    });

    test("who listens is told of new notices, and that the claim became free", async () => {
      const told = vi.fn<() => void>();
      const listening = store.outbox.onNotice(told);
      await vi.waitFor(
        async () => {
          await tell({});
          expect(told).toHaveBeenCalled();
        },
        { timeout: 5000 },
      );
      const claim = await claimed((made.other ?? store).outbox);
      told.mockClear();
      await claim.release();
      await vi.waitFor(() => expect(told).toHaveBeenCalled(), { timeout: 5000 });
      listening.stop();
    });

    test("the claim reads the incident with its timeline", async () => {
      const claim = await claimed(store.outbox);
      const found = await claim.incident("INC-1");
      expect(found?.incident).toEqual(incident({ version: 1 }));
      expect(found?.events).toEqual([event()]);
      expect(await claim.incident("INC-2")).toBeUndefined();
      await claim.release();
    });
  });
}
