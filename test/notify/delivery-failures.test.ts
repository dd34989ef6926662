import { describe, expect, test } from "vitest";
import { dead, failing, limited, setUp } from "./delivery-setup.ts";
import { cardDraft, core, incident, replyDraft, START } from "./support.ts";

describe("a Slack that fails in passing", () => {
  test("429 for 30 s: the channel is left alone as long as Slack asked, then everything arrives once", async () => {
    const { clock, outbox, chat, told, deliver } = setUp();
    chat.trouble = () => (clock.monotonic() < 30_000 ? limited(30) : undefined);
    await deliver().start();
    const one = incident();
    const two = incident({ id: "INC-13" });
    outbox.commit(one, [cardDraft(one)]);
    outbox.commit(two, [cardDraft(two)]);
    await clock.advance(29_900);
    expect(chat.count("post")).toBe(1);
    await clock.advance(2_000);
    expect(chat.cards()).toHaveLength(2);
    expect(outbox.states()).toEqual(["sent", "sent"]);
    expect(told).toEqual([]);
  });

  test("a passing failure is tried again with growing pauses of at most a minute, and nothing is dropped", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = (verb) => (verb === "post" ? failing("http-500") : undefined);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(600_000);
    const posts = chat.calls.filter((call) => call.verb === "post").map((call) => call.at);
    const gaps = posts.slice(1).map((at, index) => at - (posts[index] ?? 0));
    expect(gaps[0]).toBeLessThan(1_500);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(61_000);
    expect(gaps.at(-1)).toBeGreaterThan(40_000);
    chat.trouble = () => undefined;
    await clock.advance(61_000);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("a notice that falls due while the outbox is being asked is tried then, not half a minute later", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = () => (clock.monotonic() < 100 ? failing("http-500") : undefined);
    const claim = outbox.claim.bind(outbox);
    let slowly = false;
    outbox.claim = async () => {
      const held = await claim();
      if (held === undefined) return undefined;
      const nextDue = held.nextDue.bind(held);
      held.nextDue = () => {
        if (slowly) clock.hold(5);
        slowly = false;
        return nextDue();
      };
      return held;
    };
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(200);
    expect(chat.count("post")).toBe(1);
    await clock.advance((outbox.rows[0]?.retryAt ?? 0) - clock.now() - 2);
    slowly = true;
    outbox.notify();
    await clock.advance(100);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("when it lasts longer than fallback.after the second route is told once, and Slack is still tried", async () => {
    const { clock, outbox, chat, told, deliver } = setUp();
    chat.trouble = (verb) => (verb === "find" ? undefined : failing("timeout"));
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(115_000);
    expect(told).toHaveLength(0);
    await clock.advance(70_000);
    expect(told).toHaveLength(1);
    await clock.advance(600_000);
    expect(told).toHaveLength(1);
    chat.trouble = () => undefined;
    await clock.advance(61_000);
    expect(chat.cards()).toHaveLength(1);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("a timed-out message that arrived after all is found by its metadata and edited, not repeated", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    let first = true;
    chat.trouble = (verb) => {
      if (verb !== "post" || !first) return undefined;
      first = false;
      return { ...failing("timeout"), taken: true };
    };
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(5_000);
    expect(chat.cards()).toHaveLength(1);
    expect(chat.cards()[0]?.edits).toBe(1);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("the same when a newer card took the doubtful one's place meanwhile", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = (verb) => (verb === "post" ? { ...failing("timeout"), taken: true } : undefined);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(10);
    outbox.commit(one, [cardDraft(one, { because: "affected-changed" })]);
    await clock.advance(5_000);
    expect(chat.cards()).toHaveLength(1);
    expect(outbox.states()).toEqual(["superseded", "sent"]);
  });

  test("a look-up that fails in passing postpones the message rather than risking a repeat", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    let posts = 0;
    chat.trouble = (verb) => {
      if (verb === "find") return clock.monotonic() < 100_000 ? failing("http-503") : undefined;
      return verb === "post" && posts++ === 0 ? { ...failing("timeout"), taken: true } : undefined;
    };
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(99_000);
    expect(chat.count("post")).toBe(1);
    expect(chat.count("find")).toBeGreaterThan(3);
    expect(chat.count("find")).toBeLessThan(10);
    await clock.advance(70_000);
    expect(chat.cards()).toHaveLength(1);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("where the token may not look at all, the message is sent after five tries: at least once beats silence", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    let posts = 0;
    chat.trouble = (verb) => {
      if (verb === "find") return { ...dead, error: "missing_scope" };
      return verb === "post" && posts++ === 0 ? { ...failing("timeout"), taken: true } : undefined;
    };
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(120_000);
    expect(chat.count("find")).toBe(5);
    expect(chat.count("post")).toBe(2);
    expect(outbox.states()).toEqual(["sent"]);
  });

  test("a token that may not look does not delay a card of which nothing but its age is suspect", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = (verb) => (verb === "find" ? { ...dead, error: "missing_scope" } : undefined);
    await clock.advance(60_000);
    await deliver().start();
    const old = incident();
    outbox.commit(old, [cardDraft(old, { channel: "#leads", because: "escalated" })]);
    await clock.advance(10);
    expect(chat.cards()).toHaveLength(1);
  });

  test("a postponed notice that falls due in a paused channel makes nobody look at the outbox without end", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    const one = incident();
    const two = incident({ id: "INC-13" });
    chat.trouble = (verb) => {
      if (verb === "find") return failing("http-503");
      return chat.count("post") === 1 ? failing("timeout") : limited(300);
    };
    await deliver().start();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(2_000);
    outbox.commit(two, [cardDraft(two)]);
    await clock.advance(10);
    const before = outbox.looks;
    await clock.advance(280_000);
    expect(outbox.looks - before).toBeLessThan(40);
  });

  test("a wall clock that steps back an hour delays nothing", async () => {
    const { clock, outbox, chat, deliver } = setUp();
    chat.trouble = (verb) => (verb === "post" && clock.monotonic() < 2_000 ? limited(2) : undefined);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(100);
    clock.step(-3_600_000);
    await clock.advance(5_000);
    expect(outbox.states()).toEqual(["sent"]);
  });
});

describe("a dead channel", () => {
  test("is told of by the fallback at once, is loud, and shows the newest card when it was mended", async () => {
    const { clock, outbox, chat, told, states, log, deliver } = setUp();
    let mended = false;
    chat.trouble = () => (mended ? undefined : dead);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one), replyDraft(one, { because: "severity-raised", text: "Now critical." })]);
    await clock.advance(10);
    expect(told.map((payload) => payload.notice)).toEqual([1]);
    expect(states).toMatchObject([
      { channel: "#ops", dead: true, error: "channel_not_found: Slack does not know the channel" },
    ]);
    expect(log.lines.some((line) => line.includes('"level":"error"') && line.includes("#ops"))).toBe(true);
    expect(outbox.states()).toEqual(["pending", "pending"]);

    const grown = incident({ affected: [core("acme-1"), core("acme-2")] });
    outbox.commit(grown, [cardDraft(grown, { because: "affected-changed" })]);
    await clock.advance(10);
    expect(told.map((payload) => payload.notice)).toEqual([1, 3]);
    mended = true;
    await clock.advance(5 * 60_000 + 1_000);
    expect(chat.cards()).toHaveLength(1);
    expect(chat.cards()[0]?.text).toContain("acme-1");
    expect(outbox.states()).toEqual(["superseded", "sent", "sent"]);
    expect(told).toHaveLength(2);
    expect(states.at(-1)).toMatchObject({ dead: false, error: null });
  });

  test("without a fallback everything waits and is tried every five minutes", async () => {
    const setup = setUp();
    setup.fallback = undefined;
    const { clock, outbox, chat, deliver } = setup;
    chat.trouble = () => (clock.monotonic() < 3_600_000 ? dead : undefined);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one), replyDraft(one)]);
    await clock.advance(3_500_000);
    expect(outbox.states()).toEqual(["pending", "pending"]);
    expect(chat.count("post")).toBeLessThanOrEqual(13);
    await clock.advance(401_000);
    expect(outbox.states()).toEqual(["sent", "sent"]);
    expect(chat.messages).toHaveLength(2);
  });

  test("an incident that is over when the fallback told it is done with", async () => {
    const { clock, outbox, chat, told, deliver } = setUp();
    chat.trouble = () => dead;
    await deliver().start();
    const over = incident({ state: "resolved", resolvedAt: START });
    outbox.commit(over, [cardDraft(over, { because: "resolved" }), replyDraft(over)]);
    await clock.advance(10);
    expect(told).toHaveLength(2);
    expect(outbox.states()).toEqual(["fallback", "fallback"]);
  });

  test("that died while a message's arrival was doubtful is known as dead at once", async () => {
    const { clock, outbox, chat, states, told, deliver } = setUp();
    chat.trouble = () => (clock.monotonic() < 500 ? failing("timeout") : dead);
    await deliver().start();
    const one = incident();
    outbox.commit(one, [cardDraft(one)]);
    await clock.advance(2_000);
    expect(states.at(-1)).toMatchObject({ dead: true });
    expect(told).toHaveLength(1);
  });

  test("a fallback that fails as well is tried again until it takes the notice", async () => {
    const setup = setUp();
    let sends = 0;
    setup.fallback = {
      send: async () => (++sends < 4 ? { ok: false, retry: true, error: "http-503" } : { ok: true, receipt: "r" }),
    };
    const { clock, outbox, chat, deliver } = setup;
    chat.trouble = () => dead;
    await deliver().start();
    const one = incident();
    outbox.commit(one, [replyDraft(one)]);
    await clock.advance(60_000);
    expect(sends).toBe(4);
    expect(outbox.rows[0]).toMatchObject({ state: "fallback", receipt: "r" });
  });

  test("without Slack the fallback alone is told, and nobody is alarmed about it", async () => {
    const { clock, outbox, told, states, deliver } = setUp();
    await deliver({ chat: null }).start();
    const one = incident();
    outbox.commit(one, [cardDraft(one, { channel: "" })]);
    await clock.advance(10);
    expect(told).toHaveLength(1);
    expect(outbox.states()).toEqual(["fallback"]);
    expect(states).toEqual([]);
  });
});
