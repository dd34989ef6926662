import { afterEach, describe, expect, it } from "vitest";
import { type Heartbeat, Secret } from "../../src/domain/index.ts";
import { type Readiness, WebServer } from "../../src/web/server.ts";
import { quietLog } from "../fakes/log.ts";

const worker: Heartbeat = {
  id: "worker",
  everyMs: 60_000,
  graceMs: 1_000,
  token: new Secret("worker-token-1"),
  slackChannel: undefined,
};
const open: Heartbeat = { ...worker, id: "open", token: undefined };

let server: WebServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serve(options: { readiness?: Readiness; broken?: boolean } = {}) {
  const beats: { id: string; ok: boolean; message: string }[] = [];
  server = new WebServer({
    host: "127.0.0.1",
    port: 0,
    log: quietLog(),
    heartbeats: () => [worker, open],
    beat(id, ok, message) {
      if (options.broken === true) return Promise.reject(new Error("the store is out of reach"));
      beats.push({ id, ok, message });
      return Promise.resolve();
    },
    readiness: () => options.readiness ?? { ready: true, problems: [], facts: { targets: 3 } },
    metrics: () => Promise.resolve("corewatch_up 1\n"),
  });
  await server.start();
  const url = server.url;
  return {
    url,
    beats,
    beat: (id: string, body?: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/heartbeats/${id}`, { method: "POST", headers, ...(body === undefined ? {} : { body }) }),
  };
}

const authorized = { authorization: "Bearer worker-token-1" };

describe("heartbeats over HTTP", () => {
  it("takes a beat without a body", async () => {
    const { beat, beats } = await serve();
    expect((await beat("open")).status).toBe(202);
    expect(beats).toEqual([{ id: "open", ok: true, message: "" }]);
  });

  it("takes a failure report as JSON, and its sentence", async () => {
    const { beat, beats } = await serve();
    const response = await beat("worker", `{"ok":false,"message":"disk full"}`, {
      ...authorized,
      "content-type": "application/json",
    });
    expect(response.status).toBe(202);
    expect(beats).toEqual([{ id: "worker", ok: false, message: "disk full" }]);
  });

  it("takes plain text, and broken JSON as text, as a beat with a message", async () => {
    const { beat, beats } = await serve();
    await beat("open", "rendered 12 frames", { "content-type": "text/plain" });
    await beat("open", "{broken", { "content-type": "application/json" });
    expect(beats.map((one) => [one.ok, one.message])).toEqual([
      [true, "rendered 12 frames"],
      [true, "{broken"],
    ]);
  });

  it("answers a wrong token and an unknown id alike, and keeps neither", async () => {
    const { beat, beats } = await serve();
    const wrong = await beat("worker", undefined, { authorization: "Bearer other" });
    const missing = await beat("worker");
    const unknown = await beat("nobody");
    expect([wrong.status, missing.status, unknown.status]).toEqual([401, 401, 401]);
    expect(await wrong.text()).toBe(await unknown.text());
    expect(beats).toEqual([]);
  });

  it("refuses a body over 4 KiB", async () => {
    const { beat, beats } = await serve();
    expect((await beat("open", "x".repeat(5_000), { "content-type": "text/plain" })).status).toBe(413);
    expect(beats).toEqual([]);
  });

  it("asks for another try when the beat could not be kept, without saying why to the outside", async () => {
    const { beat } = await serve({ broken: true });
    const response = await beat("open");
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("store");
  });
});

describe("health of the monitor", () => {
  it("is alive while it serves", async () => {
    const { url } = await serve();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ alive: true });
  });

  it("is not ready when something is wrong, and says what", async () => {
    const { url } = await serve({ readiness: { ready: false, problems: ["the store is out of reach"], facts: {} } });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ ready: false, problems: ["the store is out of reach"] });
  });

  it("shows metrics, and names what there is elsewhere", async () => {
    const { url } = await serve();
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("corewatch_up 1");
    expect((await fetch(`${url}/`)).status).toBe(404);
  });

  it("says which address is taken", async () => {
    const { url } = await serve();
    const second = new WebServer({
      host: "127.0.0.1",
      port: Number(new URL(url).port),
      log: quietLog(),
      heartbeats: () => [],
      beat: () => Promise.resolve(),
      readiness: () => ({ ready: true, problems: [], facts: {} }),
      metrics: () => Promise.resolve(""),
    });
    await expect(second.start()).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE; choose another/);
    await second.stop();
  });
});
