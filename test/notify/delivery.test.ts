import { describe, expect, test } from "vitest";
import { dead, limited, setUp } from "./delivery-setup.ts";
import { cardDraft, event, incident, replyDraft, START } from "./support.ts";

describe("delivering", () => {
  test("an incident is one message, edited as it changes, with its resolution as a reply shown in the channel", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    const opened = incident();
    outbox.commit(opened, [cardDraft(opened)]);
    await clock.advance(10);
    expect(chat.cards()).toHaveLength(1);

    const resolved = incident({ state: "resolved", resolvedAt: START + 60_000 });
    outbox.commit(resolved, [cardDraft(resolved, { because: "resolved" }), replyDraft(resolved)]);
    await clock.advance(10);
    expect(chat.cards()).toHaveLength(1);
    expect(chat.cards()[0]).toMatchObject({ edits: 1 });
    expect(chat.cards()[0]?.text).toContain("Resolved");
    expect(chat.replies()).toMatchObject([{ broadcast: true, thread: chat.cards()[0]?.ts }]);
    expect(outbox.states()).toEqual(["sent", "sent", "sent"]);
  });

  test("a reply goes after its card, also when both are due at once", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    const opened = incident();
    outbox.commit(opened, [
      cardDraft(opened),
      replyDraft(opened, { because: "severity-raised", text: "Now critical." }),
    ]);
    await deliver().start();
    await clock.advance(10);
    expect(chat.calls.map((call) => call.verb)).toEqual(["post", "reply"]);
  });

  test("an idle delivery sleeps: nothing but the slow look at the outbox wakes it", async () => {
    const { clock, outbox, deliver } = setUp();
    await deliver().start();
    await clock.advance(1);
    expect(clock.waiting).toBe(1);
    const opened = incident();
    // Committed without anybody telling: only the safety look can see it.
    outbox.commit(opened, []);
    await clock.advance(1);
    outbox.rows.push({
      ...cardDraft(opened),
      id: 1,
      attempts: 0,
      begun: false,
      failingSince: null,
      state: "pending",
      receipt: null,
      sentAt: null,
      error: null,
      retryAt: 0,
    });
    await clock.advance(29_000);
    expect(outbox.states()).toEqual(["pending"]);
    await clock.advance(2_000);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("300 notices for one channel all arrive, at about one a second after a short burst", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    for (let n = 1; n <= 300; n++) {
      const one = incident({ id: `INC-${n}` });
      outbox.commit(one, [cardDraft(one)]);
    }
    await clock.advance(10);
    expect(chat.count("post")).toBe(3);
    await clock.advance(100_000);
    expect(chat.count("post")).toBeGreaterThanOrEqual(102);
    expect(chat.count("post")).toBeLessThanOrEqual(104);
    await clock.advance(200_000);
    expect(chat.cards()).toHaveLength(300);
    expect(new Set(outbox.states())).toEqual(new Set(["sent"]));
    const perSecond = Math.max(
      ...chat.calls.map(
        (call) => chat.calls.filter((other) => other.at >= call.at && other.at < call.at + 10_000).length,
      ),
    );
    expect(perSecond).toBeLessThanOrEqual(13);
  });

  test("while a channel is busy the newest state wins: what is told is how things stand", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    for (let n = 1; n <= 20; n++) {
      const one = incident({ id: `INC-${n}` });
      outbox.commit(one, [cardDraft(one)]);
    }
    await clock.advance(10);
    const resolved = incident({ id: "INC-20", state: "resolved", resolvedAt: START + 1_000 });
    outbox.commit(resolved, [cardDraft(resolved, { because: "resolved" })]);
    await clock.advance(60_000);
    const last = chat.cards().filter((card) => card.metadata.incident === "INC-20");
    expect(last).toHaveLength(1);
    expect(last[0]).toMatchObject({ edits: 0 });
    expect(last[0]?.text).toContain("Resolved");
    expect(outbox.rows[19]?.state).toBe("superseded");
  });

  test("new messages go before edits", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    const old = incident({ id: "INC-1" });
    outbox.commit(old, [cardDraft(old)]);
    await clock.advance(10_000);
    const fresh = incident({ id: "INC-2" });
    outbox.commit(old, [cardDraft(old, { because: "affected-changed" })]);
    outbox.commit(fresh, [cardDraft(fresh)]);
    await clock.advance(10);
    expect(chat.calls.map((call) => call.verb)).toEqual(["post", "post", "edit"]);
  });

  test("channels do not wait for each other", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = (_verb, channel) => (channel === "#slow" ? limited(600) : undefined);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one, { channel: "#slow" }), cardDraft(one, { channel: "#quick" })]);
    await clock.advance(10);
    expect(chat.cards().map((card) => card.channel)).toEqual(["#quick"]);
  });
});

describe("a message that is gone", () => {
  test("is posted anew when its edit finds nothing", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(10);
    chat.messages.splice(0);
    outbox.commit(one, [cardDraft(one, { because: "affected-changed" })]);
    await clock.advance(10);
    expect(chat.cards()).toHaveLength(1);
    outbox.commit(one, [cardDraft(one, { because: "affected-changed" })]);
    await clock.advance(10);
    expect(chat.cards()).toMatchObject([{ edits: 1 }]);
  });

  test("a reply whose card was deleted brings a new card along", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(10);
    let gone = true;
    chat.trouble = (verb) => {
      if (verb !== "reply" || !gone) return undefined;
      gone = false;
      return { ok: false, kind: "message-gone", error: "thread_not_found", notTaken: true };
    };
    outbox.commit(one, [replyDraft(one)]);
    await clock.advance(10);
    expect(chat.cards()).toHaveLength(2);
    expect(chat.replies()).toMatchObject([{ thread: chat.cards()[1]?.ts }]);
  });
});

describe("one-shot draining", () => {
  test("delivers what is due and gives the claim back", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    const one = incident();
    outbox.commit(one, [cardDraft(one), replyDraft(one)], [event(one, "opened", "Opened.")]);
    const drained = deliver().drainFor(10_000);
    await clock.advance(100);
    expect(await drained).toEqual({ claimed: true, delivered: 2, waiting: 0 });
    expect(chat.messages).toHaveLength(2);
    expect(await outbox.claim()).toBeDefined();
    expect(clock.waiting).toBe(0);
  });

  test("does not sit out its time for a channel that rests longer", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = () => dead;
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    const drained = deliver().drainFor(10_000);
    await clock.advance(100);
    expect(await drained).toEqual({ claimed: true, delivered: 0, waiting: 1 });
  });

  test("ends at its time with the rest still waiting", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = () => limited(2);
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    const drained = deliver().drainFor(10_000);
    await clock.advance(11_000);
    expect(await drained).toEqual({ claimed: true, delivered: 0, waiting: 1 });
    expect(await outbox.claim()).toBeDefined();
  });

  test("leaves the work to a daemon that holds the claim", async () => {
    const { clock, outbox, deliver } = setUp();
    await deliver().start();
    await clock.advance(10);
    expect(await deliver().drainFor(10_000)).toMatchObject({ claimed: false, delivered: 0 });
    expect(outbox.rows).toEqual([]);
  });
});

test("stopping twice, and before the start, is safe, and leaves no timer behind", async () => {
  const { clock, deliver } = setUp();
  const never = deliver();
  await never.stop();
  const delivery = deliver();
  await delivery.start();
  await clock.advance(10);
  await delivery.stop();
  await delivery.stop();
  expect(clock.waiting).toBe(0);
});

test("stopping while the claim is on its way gives it back and ends", { timeout: 5_000 }, async () => {
  const { outbox, deliver } = setUp();
  const delivery = deliver();
  const started = delivery.start();
  await delivery.stop();
  await started;
  expect(outbox.looks).toBe(0);
  expect(await outbox.claim()).toBeDefined();
});
