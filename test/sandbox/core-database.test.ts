import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CoreHost } from "../../src/sandbox/core-host.ts";
import { startCore } from "../../src/sandbox/core.ts";
import type { RunningCore } from "../../src/sandbox/core.ts";
import type { SandboxDatabase } from "../../src/sandbox/database.ts";
import { ask, call, isAlive, kids, temporaryDatabase, until } from "./core-support.ts";

let database: SandboxDatabase;

beforeAll(async () => {
  database = await temporaryDatabase();
});

afterAll(async () => {
  await database?.close();
});

async function start(timeScale: number): Promise<RunningCore> {
  return startCore({ id: "a", host: "127.0.0.1", port: 0, databaseUrl: database.url, poolSize: 5, timeScale });
}

const session = { userId: "u", enableAntiCsrf: false, userDataInJWT: {}, userDataInDatabase: {} };

describe("with the database stopped", () => {
  it("a burst of 20 hellos gets 15 fast 200s that prove nothing and 5 slow 500s that leak where the database is", async () => {
    const core = await start(1);
    try {
      const created = await ask(`${core.url}/recipe/session`, session);
      await database.stop();
      // Real time on purpose: the five seconds are what probes must outwait.
      const replies = await Promise.all(Array.from({ length: 20 }, () => call(`${core.url}/hello`)));
      const bad = replies.filter((reply) => reply.status === 500);
      // Five tokens; one more comes back with every 200 ms that a busy machine needs to send all twenty.
      expect(bad.length).toBeGreaterThanOrEqual(5);
      expect(bad.length).toBeLessThanOrEqual(7);
      for (const reply of bad) {
        expect(reply.ms).toBeGreaterThan(4_900);
        expect(reply.ms).toBeLessThan(7_000);
        expect(reply.text).toContain(`host 127.0.0.1, port ${database.port}, user supertokens, database supertokens`);
      }
      const good = replies.filter((reply) => reply.status === 200);
      expect(good).toHaveLength(20 - bad.length);
      for (const reply of good) {
        expect(reply.text).toBe("Hello\n");
        expect(reply.ms).toBeLessThan(2_000);
      }
      expect(await kids(core.url)).toHaveLength(2);
      const token = created["accessToken"];
      const accessToken = typeof token === "object" && token !== null && "token" in token ? token.token : undefined;
      const verify = { accessToken, enableAntiCsrf: false, doAntiCsrfCheck: false, checkDatabase: false };
      expect(await ask(`${core.url}/recipe/session/verify`, verify)).toMatchObject({ status: "OK" });
      await database.start();
      expect((await call(`${core.url}/hello`)).status).toBe(200);
    } finally {
      await database.start();
      await core.stop();
    }
  });

  it("a core that starts has no open port, and opens it once the database is there", async () => {
    await database.stop();
    const host = new CoreHost([
      {
        id: "late",
        host: "127.254.3.1",
        port: 3567,
        portSpread: 50,
        databaseUrl: database.url,
        poolSize: 2,
        timeScale: 0.02,
      },
    ]);
    try {
      const ready = host.start();
      await until("the process exists", () => host.pid !== undefined);
      await expect(call(`${host.url("late")}/hello`)).rejects.toThrow("fetch failed");
      await database.start();
      await ready;
      expect((await call(`${host.url("late")}/hello`)).status).toBe(200);
    } finally {
      await database.start();
      await host.stop();
    }
  });
});

it("with the database hanging, an idle core's hello is a slow 500, and all is well after", async () => {
  const core = await start(0.2);
  try {
    await call(`${core.url}/hello`);
    // Idle is what has not been used for half a second.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await database.freeze();
    const reply = await call(`${core.url}/hello`);
    expect(reply.status).toBe(500);
    expect(reply.ms).toBeGreaterThan(950);
    await database.thaw();
    await until("hello is good again", async () => (await call(`${core.url}/hello`)).status === 200);
  } finally {
    if (database.state === "frozen") await database.thaw();
    await core.stop();
  }
});

it("a killed core refuses connections, comes back on its port, and leaves no process behind", async () => {
  const host = new CoreHost(
    ["one", "two"].map((id) => ({
      id,
      host: "127.254.4.1",
      port: 3567,
      portSpread: 50,
      databaseUrl: database.url,
      poolSize: 2,
    })),
  );
  await host.start();
  const { pid } = host;
  const urls = ["one", "two"].map((id) => host.url(id));
  expect(new Set(urls).size).toBe(2);
  for (const url of urls) expect((await call(`${url}/hello`)).status).toBe(200);
  host.freeze();
  expect(host.state).toBe("frozen");
  await expect(fetch(`${urls[0]}/hello`, { signal: AbortSignal.timeout(300) })).rejects.toThrow("timeout");
  host.thaw();
  expect((await call(`${urls[0]}/hello`)).status).toBe(200);
  await host.kill();
  expect(host.state).toBe("dead");
  expect(isAlive(pid ?? 0)).toBe(false);
  await expect(call(`${urls[0]}/hello`)).rejects.toThrow("fetch failed");
  await host.start();
  expect(["one", "two"].map((id) => host.url(id))).toEqual(urls);
  expect((await call(`${urls[1]}/hello`)).status).toBe(200);
  const again = host.pid;
  host.freeze();
  await host.stop();
  expect(isAlive(again ?? 0)).toBe(false);
});
