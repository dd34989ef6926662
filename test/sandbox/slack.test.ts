import { connect } from "node:net";
import { z } from "zod";
import { afterEach, describe, expect, test } from "vitest";
import { blockErrors } from "../../src/sandbox/slack-blocks.ts";
import { mrkdwnHtml } from "../../src/sandbox/slack-markup.ts";
import { startSlack, type SandboxSlack, type SandboxSlackOptions } from "../../src/sandbox/slack-server.ts";

const running: SandboxSlack[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((slack) => slack.stop()));
});

async function start(options: SandboxSlackOptions = {}): Promise<SandboxSlack> {
  const slack = await startSlack(options);
  running.push(slack);
  return slack;
}

async function call(
  slack: SandboxSlack,
  method: string,
  args: Record<string, string> = {},
  token = "xoxb-1",
): Promise<Response> {
  return fetch(`${slack.url}${method}`, {
    method: "POST",
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(args),
  });
}

async function answer(
  slack: SandboxSlack,
  method: string,
  args: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(await (await call(slack, method, args)).json());
}

describe("the wire format", () => {
  test("auth.test names the scopes in a header", async () => {
    const slack = await start({ scopes: ["chat:write"] });
    const response = await call(slack, "auth.test");
    expect(response.headers.get("x-oauth-scopes")).toBe("chat:write");
    expect(await response.json()).toMatchObject({ ok: true, team: "Sandbox" });
  });

  test("no token and a wrong token are refused by their names", async () => {
    const slack = await start({ token: "xoxb-right" });
    expect(await (await call(slack, "auth.test", {}, "")).json()).toMatchObject({ ok: false, error: "not_authed" });
    expect(await answer(slack, "auth.test")).toMatchObject({ ok: false, error: "invalid_auth" });
  });

  test("history is newest first, in pages, shows broadcast replies, and metadata only when asked for", async () => {
    const slack = await start();
    const metadata = JSON.stringify({ event_type: "t", event_payload: { incident: "INC-1" } });
    const first = await answer(slack, "chat.postMessage", { channel: "#ops", text: "one", metadata });
    const ts = String(first["ts"]);
    const channel = String(first["channel"]);
    await answer(slack, "chat.postMessage", { channel, text: "hidden", thread_ts: ts });
    await answer(slack, "chat.postMessage", { channel, text: "shown", thread_ts: ts, reply_broadcast: "true" });
    const page = await answer(slack, "conversations.history", { channel, limit: "1", include_all_metadata: "true" });
    expect(page["messages"]).toMatchObject([{ text: "shown", subtype: "thread_broadcast", thread_ts: ts }]);
    const cursor = z.object({ next_cursor: z.string() }).parse(page["response_metadata"]).next_cursor;
    const next = await answer(slack, "conversations.history", {
      channel,
      limit: "1",
      cursor,
      include_all_metadata: "true",
    });
    expect(next).toMatchObject({ has_more: false, messages: [{ text: "one", metadata: { event_type: "t" } }] });
    const bare = await answer(slack, "conversations.replies", { channel, ts });
    expect(bare["messages"]).toMatchObject([{ text: "one" }, { text: "hidden" }, { text: "shown" }]);
    expect(JSON.stringify(bare)).not.toContain("event_type");
  });

  test("what cannot be found is said by name", async () => {
    const slack = await start({ channels: ["#ops"] });
    expect(await answer(slack, "chat.postMessage", { channel: "#other", text: "x" })).toMatchObject({
      error: "channel_not_found",
    });
    expect(await answer(slack, "chat.update", { channel: "#ops", ts: "1.0", text: "x" })).toMatchObject({
      error: "message_not_found",
    });
    expect(await answer(slack, "chat.postMessage", { channel: "#ops", text: "" })).toMatchObject({ error: "no_text" });
    expect(await answer(slack, "conversations.replies", { channel: "#ops", ts: "1.0" })).toMatchObject({
      error: "thread_not_found",
    });
    expect(await answer(slack, "no.such.method")).toMatchObject({ error: "unknown_method" });
  });

  test("more than about a message a second in one channel is answered 429 with Retry-After, when that is wished", async () => {
    const slack = await start({ limitRate: true });
    const statuses: string[] = [];
    for (let n = 0; n < 7; n++) {
      const response = await call(slack, "chat.postMessage", { channel: "#ops", text: "x" });
      statuses.push(`${response.status} ${response.headers.get("retry-after") ?? ""}`.trim());
      await response.arrayBuffer();
    }
    expect(statuses.slice(0, 6)).toEqual(["200", "200", "200", "200", "200", "429 1"]);
  });
});

test.each([
  [[{ type: "header", text: { type: "mrkdwn", text: "x" } }]],
  [[{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }]],
  [[{ type: "section" }]],
  [[{ type: "section", text: { type: "mrkdwn", text: "" } }]],
  [[{ type: "section", text: { type: "mrkdwn", text: "x".repeat(3_001) } }]],
  [[{ type: "section", fields: Array.from({ length: 11 }, () => ({ type: "mrkdwn", text: "x" })) }]],
  [[{ type: "context", elements: [] }]],
  [[{ type: "carousel" }]],
  [Array.from({ length: 51 }, () => ({ type: "divider" }))],
  ["no list"],
])("blocks that Slack refuses are refused: %#", async (blocks) => {
  expect(blockErrors(blocks)).not.toEqual([]);
});

test("a lost answer: the message is there and the connection was reset", async () => {
  const slack = await start();
  slack.setFault({ kind: "drop-answer" });
  await expect(call(slack, "chat.postMessage", { channel: "#ops", text: "arrived" })).rejects.toThrow("fetch failed");
  expect(slack.messages()).toMatchObject([{ text: "arrived" }]);
});

test("stopping ends hanging requests and open pages", async () => {
  const slack = await start();
  slack.setFault({ kind: "hang" });
  const hanging = call(slack, "chat.postMessage", { channel: "#ops", text: "x" }).catch(() => "ended");
  const events = await fetch(`${slack.pageUrl}events`);
  await slack.stop();
  expect(await hanging).toBe("ended");
  await expect(events.text()).rejects.toThrow("terminated");
  const { port, hostname } = new URL(slack.url);
  const refused = await new Promise((resolve) => {
    connect(Number(port), hostname)
      .once("error", () => resolve(true))
      .once("connect", () => resolve(false));
  });
  expect(refused).toBe(true);
});

test("it listens on loopback only", async () => {
  await expect(startSlack({ host: "0.0.0.0" })).rejects.toThrow("loopback");
});

test("waiting for what never comes ends with what came instead", async () => {
  const slack = await start();
  await answer(slack, "chat.postMessage", { channel: "#ops", text: "something else" });
  await expect(slack.waitFor((messages) => messages.length > 1, 50)).rejects.toThrow("something else");
});

describe("the page", () => {
  test("shows cards, edits, threads and broadcasts, and /received the same as JSON", async () => {
    const slack = await start();
    const blocks = JSON.stringify([
      { type: "header", text: { type: "plain_text", text: ":red_circle: acme: A core is down" } },
      { type: "section", text: { type: "mrkdwn", text: "*Why* `acme-2` refuses" } },
    ]);
    const { ts, channel } = await answer(slack, "chat.postMessage", {
      channel: "#ops",
      text: ":red_circle: down",
      blocks,
    });
    await answer(slack, "chat.update", { channel: String(channel), ts: String(ts), text: "x", blocks });
    await answer(slack, "chat.postMessage", {
      channel: "#ops",
      text: "It is over",
      thread_ts: String(ts),
      reply_broadcast: "true",
    });
    const html = await (await fetch(slack.pageUrl)).text();
    expect(html).toContain("🔴 acme: A core is down");
    expect(html).toContain("<b>Why</b> <code>acme-2</code> refuses");
    expect(html).toContain("edited 1 time");
    expect(html).toContain("replied to a thread");
    expect(html).toContain("also sent to the channel");
    const received = await (await fetch(`${slack.pageUrl}received`)).json();
    expect(received).toMatchObject([{ edits: 1 }, { broadcast: true, threadTs: ts }]);
  });

  test("runs nothing that a message brings along", async () => {
    const slack = await start();
    const nasty = `<script>alert(1)</script> <javascript:alert(1)|x> <https://a.example/"onmouseover="x|y> '"`;
    await answer(slack, "chat.postMessage", { channel: "#<img src=x>", text: nasty });
    const html = await (await fetch(slack.pageUrl)).text();
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("<img");
    expect(html).not.toContain('javascript:alert(1)"');
    expect(html).not.toContain('"onmouseover');
    expect(mrkdwnHtml("&lt;b&gt; <!here> <!date^0^{time_secs}|then>")).toBe(
      '&lt;b&gt; <span class="mention">@here</span> <time datetime="1970-01-01T00:00:00.000Z" title="then">00:00:00</time>',
    );
  });

  test("is told when something changed", async () => {
    const slack = await start();
    const events = await fetch(`${slack.pageUrl}events`);
    const reader = events.body?.getReader();
    await answer(slack, "chat.postMessage", { channel: "#ops", text: "x" });
    let seen = "";
    while (!seen.includes("data: changed")) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) break;
      seen += Buffer.from(chunk.value).toString();
    }
    expect(seen).toContain("data: changed");
    await reader?.cancel();
  });
});
