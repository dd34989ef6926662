import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { expect, test } from "vitest";
import { failing, well } from "./cores.ts";
import { allTold, card, cards, openStage, replies, type Stage } from "./stage.ts";
import { until } from "./until.ts";

const SECRET = "s1gning-key-of-the-fallback";

/** A receiver of the fallback's posts on loopback. */
async function receiver(stage: Stage) {
  const got: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  return { url: `http://127.0.0.1:${await stage.listen(server)}/hook/4cc355`, got };
}

/** Starts the daemon over two cores of which the first then fails. */
async function withFailingCore(stage: Stage) {
  const daemon = await stage.start();
  await until("both cores to be looked at", 10_000, () => stage.cores.every(({ asked }) => asked.length > 0));
  for (const core of stage.cores.slice(0, 1)) core.answer = failing();
  return daemon;
}

const asked = (stage: Stage, method: string) => stage.slack.calls().filter((call) => call.method === method);

test.concurrent("429 with Retry-After: Slack is left alone that long, then told once how things stand", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  const seconds = 4;
  const daemon = await withFailingCore(stage);
  stage.slack.setFault({ kind: "rate-limit", seconds });
  const [first] = await until("Slack to be asked", 10_000, () => {
    const calls = asked(stage, "chat.postMessage");
    return calls.length > 0 && calls;
  });
  // Whatever was asked within the first moments was on its way already.
  for (const core of stage.cores) core.answer = well;
  await daemon.logged(/INC-1 resolved/);
  await allTold(stage);
  const calls = asked(stage, "chat.postMessage");
  const second = calls[1]?.at ?? 0;
  expect(second - (first?.at ?? 0)).toBeGreaterThanOrEqual((seconds - 1) * 1_000);
  expect(cards(stage.slack)).toMatchObject([{ text: expect.stringMatching(/resolved/i) }]);
  expect(replies(stage.slack)).toHaveLength(1);
});

test.concurrent(
  "500 from Slack: tried again until it takes the message, once",
  { timeout: 60_000 },
  async (context) => {
    const stage = await openStage(context);
    await stage.write();
    stage.slack.setFault({ kind: "status", status: 500 });
    await withFailingCore(stage);
    await until("Slack to be asked twice", 40_000, () => asked(stage, "chat.postMessage").length >= 2);
    expect(cards(stage.slack)).toEqual([]);
    stage.slack.setFault({ kind: "none" });
    await card(stage.slack, /acme-1/);
    await allTold(stage);
    expect(cards(stage.slack)).toHaveLength(1);
  },
);

test.concurrent(
  "Slack takes the message and never answers: given up after ten seconds, found again, and edited",
  { timeout: 45_000 },
  async (context) => {
    const stage = await openStage(context);
    await stage.write();
    stage.slack.setFault({ kind: "hang", taken: true });
    await withFailingCore(stage);
    await card(stage.slack, /acme-1/);
    stage.slack.setFault({ kind: "none" });
    await allTold(stage, 30_000);
    expect(cards(stage.slack)).toMatchObject([{ edits: 1 }]);
  },
);

test.concurrent("invalid_blocks: the message arrives as plain text that says the same", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  stage.slack.setFault({ kind: "error", error: "invalid_blocks", onlyBlocks: true });
  const daemon = await withFailingCore(stage);
  await card(stage.slack, /Only one core is left[^]*acme-1[^]*Where to look/);
  await allTold(stage);
  expect(cards(stage.slack)).toMatchObject([{ blocks: [] }]);
  expect((await daemon.readiness()).status).toBe(200);
});

test.concurrent(
  "channel_not_found: the fallback is told, signed; the monitor is loud; a mended channel shows how things stand",
  { timeout: 45_000 },
  async (context) => {
    const stage = await openStage(context);
    const { url, got } = await receiver(stage);
    stage.env["OPS_WEBHOOK"] = url;
    stage.env["OPS_SECRET"] = SECRET;
    const fallback = { webhook: "${env:OPS_WEBHOOK}", secret: "${env:OPS_SECRET}" };
    await stage.write({ fallback });
    stage.slack.setFault({ kind: "error", error: "channel_not_found" });
    const daemon = await withFailingCore(stage);

    await until("the fallback to hear of the core", 15_000, () => got.some(({ body }) => body.includes("acme-1")));
    await until("the fallback to hear that Slack is dead", 15_000, () =>
      got.some(({ body }) => body.includes("notices-undelivered")),
    );
    for (const { headers, body } of got) {
      const [, at = "", hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["x-corewatch-signature"])) ?? [];
      expect(hex).toBe(createHmac("sha256", SECRET).update(`${at}.${body}`).digest("hex"));
      expect(JSON.parse(body)).toMatchObject({ version: 1, incident: { id: expect.stringMatching(/^INC-\d+$/) } });
    }
    expect(new Set(got.map(({ headers }) => headers["idempotency-key"])).size).toBe(got.length);
    const { status, problems } = await daemon.readiness();
    expect(status).toBe(503);
    expect(problems.join()).toMatch(/#ops takes no messages: channel_not_found/);
    const listed = await stage.run("incidents", "--format", "json", "--config", "fleet.yaml");
    expect(JSON.parse(listed.stdout)).toEqual(
      expect.arrayContaining([expect.objectContaining({ cause: "notices-undelivered", state: "open" })]),
    );

    stage.slack.setFault({ kind: "none" });
    await stage.write({ fallback, slack: { token: "${env:SLACK_BOT_TOKEN}", channel: "#ops", mention: "@oncall" } });
    await card(stage.slack, /Only one core is left[^]*acme-1/);
    await until("the monitor to be fit", 15_000, async () => (await daemon.readiness()).status === 200);
    const after = await until("the trouble to be over", 15_000, async () => {
      const rows = await stage.sql<{ state: string }>(
        "SELECT state FROM corewatch.incident WHERE body->>'cause' = 'notices-undelivered'",
      );
      return rows.every(({ state }) => state === "resolved") && rows;
    });
    expect(after).toHaveLength(1);
  },
);
