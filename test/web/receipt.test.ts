import { afterEach, describe, expect, it } from "vitest";
import { WebServer } from "../../src/web/server.ts";
import { quietLog } from "../fakes/log.ts";

let server: WebServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serve(options: { open?: boolean; answer?: { code: number; text: string }; slow?: Promise<void> } = {}) {
  const taken: string[] = [];
  const state = { open: options.open ?? true };
  server = new WebServer({
    host: "127.0.0.1",
    port: 0,
    log: quietLog(),
    heartbeats: () => [],
    beat: () => Promise.resolve(),
    receipts: {
      path: "/receipts/sns",
      isOpen: () => state.open,
      take: async (body) => {
        taken.push(body);
        await options.slow;
        return options.answer ?? { code: 200, text: "taken" };
      },
    },
    readiness: () => ({ ready: true, problems: [], facts: {} }),
    metrics: () => Promise.resolve(""),
  });
  await server.start();
  const { url } = server;
  const post = (body: string) =>
    fetch(`${url}/receipts/sns`, { method: "POST", body, headers: { "content-type": "text/plain; charset=UTF-8" } });
  return { post, taken, state, url };
}

describe("messages of SNS over HTTP", () => {
  it("are handed on as they arrived, larger than a beat may be", async () => {
    const { post, taken } = await serve();
    const body = JSON.stringify({ Type: "Notification", Message: "ü".repeat(100_000) });
    expect((await post(body)).status).toBe(200);
    expect(taken).toEqual([body]);
  });

  it("are answered with what was made of them", async () => {
    const { post } = await serve({ answer: { code: 403, text: "refused" } });
    const response = await post("x");
    expect([response.status, await response.json()]).toEqual([403, { error: "refused" }]);
  });

  it("that are too large are not read to the end", async () => {
    const { post, taken } = await serve();
    expect((await post("x".repeat(700_000))).status).toBe(413);
    expect(taken).toEqual([]);
  });

  it("have no address where no alarms are expected", async () => {
    const { post, taken, state } = await serve({ open: false });
    expect((await post("x")).status).toBe(404);
    state.open = true;
    expect((await post("x")).status).toBe(200);
    expect(taken).toHaveLength(1);
  });

  it("wait at most so many at once: the others are told to come again", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { post, taken, url } = await serve({ slow: promise });
    const all = Array.from({ length: 24 }, (_, index) => post(`m${index}`));
    const busy = await Promise.race(all.map(async (one) => (await one).status));
    expect(busy).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    resolve();
    const codes = (await Promise.all(all)).map((one) => one.status);
    expect(codes.filter((one) => one === 200)).toHaveLength(taken.length);
    expect(taken).toHaveLength(16);
  });
});
