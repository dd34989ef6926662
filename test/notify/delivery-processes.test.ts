import { describe, expect, test } from "vitest";
import type { ClaimCall } from "../fakes/outbox.ts";
import { Chat } from "./chat.ts";
import { setUp } from "./delivery-setup.ts";
import { cardDraft, incident, replyDraft } from "./support.ts";

describe("a process that dies", () => {
  const steps: { call: ClaimCall; when: "before" | "after"; card: number; reply: number }[] = [
    { call: "due", when: "after", card: 1, reply: 1 },
    { call: "incident", when: "before", card: 1, reply: 1 },
    { call: "post", when: "after", card: 1, reply: 1 },
    { call: "begin", when: "before", card: 1, reply: 1 },
    { call: "begin", when: "after", card: 1, reply: 1 },
    { call: "sent", when: "before", card: 1, reply: 1 },
    { call: "sent", when: "after", card: 1, reply: 1 },
  ];
  test.each(steps)("$when $call: the next one tells it once", async ({ call, when }) => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver({ track: false }).start();
    await clock.advance(10);
    outbox.killAt = { call, when };
    const one = incident();
    outbox.commit(one, [cardDraft(one), replyDraft(one, { because: "severity-raised", text: "Now critical." })]);
    await clock.advance(10);
    await deliver().start();
    await clock.advance(60_000);
    expect(chat.cards()).toHaveLength(1);
    expect(chat.replies()).toHaveLength(1);
    expect(outbox.states()).toEqual(["sent", "sent"]);
  });

  test.each(["before", "after"] as const)("%s the reply's receipt: the reply is not repeated", async (when) => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver({ track: false }).start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(10);
    outbox.killAt = { call: "sent", when };
    outbox.commit(one, [replyDraft(one)]);
    await clock.advance(10);
    await deliver().start();
    await clock.advance(60_000);
    expect(chat.replies()).toHaveLength(1);
    expect(outbox.states()).toEqual(["sent", "sent"]);
  });

  test("between send and receipt, with a newer card since: the message is found and edited", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver({ track: false }).start();
    await clock.advance(10);
    outbox.killAt = { call: "sent", when: "before" };
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(1_000);
    outbox.commit(one, [cardDraft(one, { because: "acknowledged" })]);
    await deliver().start();
    await clock.advance(60_000);
    expect(chat.cards()).toMatchObject([{ edits: 1 }]);
    expect(outbox.states()).toEqual(["superseded", "sent"]);
  });
});

describe("two processes and one store", () => {
  test("only the holder of the claim sends; the other takes over when it stops", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    const other = new Chat(() => clock.monotonic());
    const first = deliver();
    await first.start();
    await clock.advance(10);
    const second = deliver({ chat: other });
    await second.start();
    await clock.advance(10);
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(10);
    expect(chat.count("post")).toBe(1);
    expect(other.calls).toEqual([]);
    expect([first.stats().claimed, second.stats().claimed]).toEqual([true, false]);

    await first.stop();
    outbox.commit(one, [cardDraft(one, { because: "acknowledged" })]);
    await clock.advance(10);
    expect(other.count("edit")).toBe(1);
  });

  test("a process whose claim is lost stops sending and claims again", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    await deliver().start();
    await clock.advance(10);
    outbox.loseClaim();
    await clock.advance(10);
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(31_000);
    expect(chat.cards()).toHaveLength(1);
  });
});

describe("a store out of reach", () => {
  test("for 60 s: what arrived meanwhile is written after, and nothing is sent twice or lost", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    const inner = chat.post.bind(chat);
    // The store goes away while the request is on its way.
    chat.post = async (channel, message) => {
      outbox.unavailable = true;
      return inner(channel, message);
    };
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(60_000);
    expect(outbox.states()).toEqual(["pending"]);
    chat.post = inner;
    outbox.unavailable = false;
    const two = incident({ id: "INC-13" });
    outbox.commit(two, [cardDraft(two)]);
    await clock.advance(31_000);
    expect(chat.cards()).toHaveLength(2);
    expect(outbox.states()).toEqual(["sent", "sent"]);
  });
});
