import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Redactor, Secret, type Message, type Messenger, type Post } from "../../src/domain/index.ts";
import { startSlack, type SandboxSlack, type SlackFault } from "../../src/sandbox/slack-server.ts";
import { explainError, kindOfError } from "../../src/slack/errors.ts";
import { createMessenger } from "../../src/slack/messenger.ts";
import { systemClock } from "../../src/system/clock.ts";
import { recordingLog } from "../notify/support.ts";

const TOKEN = ["xoxb", "0123456789", "not-a-real-token"].join("-");
let slack: SandboxSlack;
let log: ReturnType<typeof recordingLog>;
let messenger: Messenger;

beforeAll(async () => {
  slack = await startSlack({ channels: ["#ops", "#leads"] });
});
afterAll(() => slack.stop());
beforeEach(() => {
  slack.setFault({ kind: "none" });
  log = recordingLog();
  messenger = fresh();
});

function fresh(over: { apiUrl?: string; timeoutMs?: number } = {}): Messenger {
  const redactor = new Redactor();
  redactor.add(TOKEN);
  return createMessenger({
    token: new Secret(TOKEN),
    apiUrl: over.apiUrl ?? slack.url,
    clock: systemClock,
    log,
    redact: (text) => redactor.redact(text),
    timeoutMs: over.timeoutMs,
  });
}

let notices = 0;
function message(text: string, kind: "card" | "reply" = "card", incident = `INC-${++notices}`): Message {
  return {
    text,
    blocks: [{ type: "section", text: { type: "mrkdwn", text } }],
    metadata: { incident, notice: ++notices, kind },
  };
}

async function posted(text = "card", incident?: string): Promise<Post & { message: Message }> {
  const card = message(text, "card", incident);
  const sent = await messenger.post("#ops", card);
  if (!sent.ok) throw new Error(sent.error);
  return { incident: card.metadata.incident, channel: "#ops", channelId: sent.channelId, ts: sent.ts, message: card };
}

const last = (): string => slack.messages().at(-1)?.text ?? "";

describe("sending", () => {
  test("a message is posted, edited in place, and answered in its thread and in the channel", async () => {
    const post = await posted("one");
    expect(await messenger.edit(post, message("two"))).toMatchObject({ ok: true, ts: post.ts });
    expect(await messenger.reply(post, message("three", "reply"), true)).toMatchObject({ ok: true });
    expect(await messenger.reply(post, message("four", "reply"), false)).toMatchObject({ ok: true });
    const [card, three, four] = slack.messages().slice(-3);
    expect(card).toMatchObject({ text: "two", edits: 1, channel: "#ops" });
    expect(three).toMatchObject({ threadTs: post.ts, broadcast: true });
    expect(four).toMatchObject({ threadTs: post.ts, broadcast: false });
  });

  test("a rejected payload arrives as plain text, once", async () => {
    slack.setFault({ kind: "error", error: "invalid_blocks", onlyBlocks: true });
    const before = slack.calls().length;
    await posted("plain");
    expect(slack.messages().at(-1)).toMatchObject({ text: "plain", blocks: [] });
    expect(slack.calls().length - before).toBe(2);
    slack.setFault({ kind: "error", error: "invalid_blocks" });
    expect(await messenger.post("#ops", message("never"))).toMatchObject({
      ok: false,
      kind: "retry",
      error: "invalid_blocks",
    });
    expect(slack.calls().length - before).toBe(4);
  });

  test("blocks that Slack's rules forbid do not keep the message from arriving", async () => {
    const bad = { ...message("too many"), blocks: Array.from({ length: 51 }, () => ({ type: "divider" })) };
    expect(await messenger.post("#ops", bad)).toMatchObject({ ok: true });
    expect(last()).toBe("too many");
  });

  test("a text without end is cut", async () => {
    await posted("x".repeat(100_000));
    expect(last().length).toBe(3_500);
  });
});

describe("failures", () => {
  const passing: [string, SlackFault, object][] = [
    ["429", { kind: "rate-limit", seconds: 30 }, { error: "rate-limited", retryAfterMs: 30_000, notTaken: true }],
    ["500", { kind: "status", status: 500 }, { error: "http-500", notTaken: false }],
    ["503", { kind: "status", status: 503 }, { error: "http-503", notTaken: false }],
    ["no answer", { kind: "hang" }, { error: "timeout", notTaken: false }],
    ["an answer that got lost", { kind: "drop-answer" }, { error: "network-ECONNRESET", notTaken: false }],
    ["an internal error", { kind: "error", error: "internal_error" }, { error: "internal_error", notTaken: false }],
    ["an unheard-of error", { kind: "error", error: "moon_phase" }, { error: "moon_phase", notTaken: true }],
  ];
  test.each(passing)("%s is worth trying again, and tried once only here", async (_name, fault, expected) => {
    messenger = fresh({ timeoutMs: 300 });
    slack.setFault(fault);
    const before = slack.calls().length;
    const result = await messenger.post("#ops", message("lost"));
    expect(result).toMatchObject({ ok: false, kind: "retry", ...expected });
    expect(slack.calls().length - before).toBe(1);
  });

  test("nobody listening is a failure before anything was sent", async () => {
    const gone = await startSlack();
    await gone.stop();
    const result = await fresh({ apiUrl: gone.url }).post("#ops", message("lost"));
    expect(result).toMatchObject({ ok: false, kind: "retry", error: "network-ECONNREFUSED", notTaken: true });
  });

  test.each([
    ["channel_not_found", "channel-dead"],
    ["not_in_channel", "channel-dead"],
    ["is_archived", "channel-dead"],
    ["restricted_action", "channel-dead"],
    ["account_inactive", "channel-dead"],
    ["invalid_auth", "channel-dead"],
    ["not_authed", "channel-dead"],
    ["token_revoked", "channel-dead"],
    ["token_expired", "channel-dead"],
    ["missing_scope", "channel-dead"],
    ["no_permission", "channel-dead"],
    ["ekm_access_denied", "channel-dead"],
    ["message_not_found", "message-gone"],
    ["cant_update_message", "message-gone"],
    ["edit_window_closed", "message-gone"],
    ["thread_not_found", "message-gone"],
    ["msg_too_long", "retry"],
    ["invalid_metadata_format", "retry"],
    ["ratelimited", "retry"],
    ["fatal_error", "retry"],
    ["service_unavailable", "retry"],
  ])("Slack's %s is %s", async (error, kind) => {
    slack.setFault({ kind: "error", error });
    const result = await messenger.post("#ops", message("lost"));
    expect(result).toMatchObject({ ok: false, kind });
    // Only what a person has to mend comes with a sentence for that person.
    const detail = result.ok ? undefined : result.detail;
    expect(detail).toBe(explainError(error));
    expect(detail?.split(" ").length ?? 0).toBeGreaterThanOrEqual(kind === "channel-dead" ? 3 : 0);
    expect(detail === undefined).toBe(kindOfError(error) !== "channel-dead");
  });

  test("a channel that does not exist is dead, and says what to do", async () => {
    const result = await messenger.post("#nowhere", message("lost"));
    expect(result).toMatchObject({ ok: false, kind: "channel-dead", error: "channel_not_found" });
    expect(!result.ok && result.detail).toContain("/invite");
  });
});

describe("finding a message again", () => {
  test("after a lost answer: the card by its incident, the reply by its notice", async () => {
    slack.setFault({ kind: "drop-answer" });
    const card = message("arrived");
    expect((await messenger.post("#ops", card)).ok).toBe(false);
    slack.setFault({ kind: "none" });
    // Another process, which has never posted, looks by the channel's name.
    const other = fresh();
    const found = await other.find("#ops", card.metadata, undefined, Date.now() - 60_000);
    expect(found).toMatchObject({ ok: true, found: { ts: slack.messages().at(-1)?.ts } });
    if (!found.ok || found.found === undefined) throw new Error("not found");
    const post = { ...found.found, channel: "#ops", incident: card.metadata.incident };

    const reply = message("line", "reply", card.metadata.incident);
    expect(await other.find("#ops", reply.metadata, post, 0)).toEqual({ ok: true, found: undefined });
    await other.reply(post, reply, false);
    expect(await other.find("#ops", reply.metadata, post, 0)).toMatchObject({
      ok: true,
      found: { ts: slack.messages().at(-1)?.ts },
    });
    expect(await other.find("#ops", { ...reply.metadata, notice: 999_999 }, post, 0)).toEqual({
      ok: true,
      found: undefined,
    });
  });

  test("over several pages of history", async () => {
    const post = await posted("first");
    for (let n = 0; n < 120; n++) await posted(`filler ${n}`);
    const found = await messenger.find("#ops", post.message.metadata, undefined, Date.now() - 600_000);
    expect(found).toMatchObject({ ok: true, found: { ts: post.ts } });
  });

  test("not knowing is not absence: a failed look says so", async () => {
    slack.setFault({ kind: "rate-limit", seconds: 7 }, ["conversations.history"]);
    const found = await messenger.find("C0SANDBOX01", message("x").metadata, undefined, 0);
    expect(found).toEqual({ ok: false, error: "rate-limited", retryAfterMs: 7_000 });
    slack.setFault({ kind: "error", error: "missing_scope" }, ["conversations.history"]);
    expect(await messenger.find("C0SANDBOX01", message("x").metadata, undefined, 0)).toMatchObject({
      ok: false,
      error: "missing_scope",
      detail: expect.stringContaining("slack manifest"),
    });
  });
});

test("no secret leaves: not in messages, answers or log lines, whatever goes wrong", async () => {
  const faults: SlackFault[] = [
    { kind: "none" },
    { kind: "status", status: 500 },
    { kind: "hang" },
    { kind: "drop-answer" },
    { kind: "rate-limit", seconds: 1 },
    { kind: "error", error: "invalid_auth" },
    { kind: "error", error: "invalid_blocks" },
  ];
  messenger = fresh({ timeoutMs: 200 });
  const said: unknown[] = [];
  for (const fault of faults) {
    slack.setFault(fault);
    said.push(await messenger.post("#ops", message(`the token is ${TOKEN}`)));
    said.push(await messenger.find("#ops", message("x").metadata, undefined, 0));
  }
  slack.setFault({ kind: "none" });
  await posted(`the token is ${TOKEN}`);
  expect(last()).toBe("the token is [secret]");
  const everything = JSON.stringify([said, log.lines, slack.messages(), slack.calls()]);
  expect(everything).not.toContain(TOKEN);
});
