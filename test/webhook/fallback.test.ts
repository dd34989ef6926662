import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { Redactor, Secret, type FallbackRoute } from "../../src/domain/index.ts";
import { createFallbackRoute } from "../../src/webhook/fallback.ts";
import { systemClock } from "../../src/system/clock.ts";
import { event, incident, recordingLog } from "../notify/support.ts";

const KEY = "a-key-of-the-operator";
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Receiver {
  readonly url: string;
  readonly got: { headers: IncomingHttpHeaders; body: string }[];
}

async function receiver(answer: number | "hang" | "endless"): Promise<Receiver> {
  const got: Receiver["got"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      if (answer === "hang") return;
      response.writeHead(answer === "endless" ? 200 : answer);
      if (answer !== "endless") {
        response.end();
        return;
      }
      const pour = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", pour);
      pour();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return { url: `http://127.0.0.1:${address.port}/hook?id=webhook-path-secret`, got };
}

const log = recordingLog();
function route(url: string, timeoutMs = 5_000): FallbackRoute {
  const redactor = new Redactor();
  redactor.add(KEY, "hunter2hunter2");
  return createFallbackRoute({
    webhook: new Secret(url),
    secret: new Secret(KEY),
    clock: systemClock,
    log,
    redact: (text) => redactor.redact(text),
    timeoutMs,
  });
}

const of = incident({ evidence: ["the password is hunter2hunter2", 'jdbc:postgresql://x?user="y" ends'] });
const payload = {
  notice: 7,
  because: "opened",
  text: "A core is down",
  incident: of,
  events: [event(of, "opened", "x")],
};

test("the receiver can check the signature over time and body, and fold repeats by the key", async () => {
  const { url, got } = await receiver(204);
  expect(await route(url).send(payload)).toMatchObject({ ok: true });
  expect(await route(url).send(payload)).toMatchObject({ ok: true });
  const [first, second] = got;
  const signature = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first?.headers["x-corewatch-signature"]));
  expect(signature).not.toBeNull();
  expect(createHmac("sha256", KEY).update(`${signature?.[1]}.${first?.body}`).digest("hex")).toBe(signature?.[2]);
  expect(Math.abs(Number(signature?.[1]) - Date.now() / 1000)).toBeLessThan(10);
  expect(first?.headers["idempotency-key"]).toBe(second?.headers["idempotency-key"]);
  expect(JSON.parse(first?.body ?? "")).toMatchObject({
    version: 1,
    notice: 7,
    text: "A core is down",
    incident: { id: "INC-12" },
  });
});

test.each([
  [200, { ok: true }],
  [202, { ok: true }],
  [302, { ok: false, retry: false, error: "http-302" }],
  [400, { ok: false, retry: false, error: "http-400" }],
  [401, { ok: false, retry: false, error: "http-401" }],
  [404, { ok: false, retry: false, error: "http-404" }],
  [408, { ok: false, retry: true, error: "http-408" }],
  [425, { ok: false, retry: true, error: "http-425" }],
  [429, { ok: false, retry: true, error: "http-429" }],
  [500, { ok: false, retry: true, error: "http-500" }],
  [503, { ok: false, retry: true, error: "http-503" }],
])("an answer of %i", async (status, expected) => {
  const { url } = await receiver(status);
  expect(await route(url).send(payload)).toMatchObject(expected);
});

test("a receiver that never answers is given up in time", async () => {
  const { url } = await receiver("hang");
  expect(await route(url, 200).send(payload)).toEqual({ ok: false, retry: true, error: "timeout" });
});

test("an endless answer is a receipt, not a full memory", async () => {
  const { url } = await receiver("endless");
  expect(await route(url).send(payload)).toMatchObject({ ok: true });
});

test("nobody listening is worth trying again", async () => {
  const { url } = await receiver(200);
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  expect(await route(url).send(payload)).toEqual({ ok: false, retry: true, error: "network-ECONNREFUSED" });
});

test.each(["http://example.com/hook", "ftp://127.0.0.1/", "no address", "http://127.0.0.1.evil.example/"])(
  "%s is refused without a request",
  async (url) => {
    expect(await route(url).send(payload)).toMatchObject({
      ok: false,
      retry: false,
      error: expect.stringContaining("https"),
    });
  },
);

test("no secret leaves in the body, the answer or the log", async () => {
  const { url, got } = await receiver(500);
  const answer = await route(url).send(payload);
  const said = JSON.stringify([answer, log.lines, got.map((one) => one.body)]);
  expect(said).not.toContain("hunter2hunter2");
  expect(said).not.toContain(KEY);
  expect(said).not.toContain("webhook-path-secret");
  expect(() => JSON.parse(got[0]?.body ?? "") as unknown).not.toThrow();
});
