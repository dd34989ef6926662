import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCore } from "../../src/sandbox/core.ts";
import type { RunningCore } from "../../src/sandbox/core.ts";
import type { CoreOptions } from "../../src/sandbox/core-options.ts";
import type { SandboxDatabase } from "../../src/sandbox/database.ts";
import { call, kids, temporaryDatabase } from "./core-support.ts";

let database: SandboxDatabase;
const cores: RunningCore[] = [];

beforeAll(async () => {
  database = await temporaryDatabase();
});

afterAll(async () => {
  await Promise.all(cores.map((core) => core.stop()));
  await database?.close();
});

async function core(options: Partial<CoreOptions> = {}): Promise<RunningCore> {
  const made = await startCore({
    id: "a",
    host: "127.0.0.1",
    port: 0,
    databaseUrl: database.url,
    poolSize: 3,
    passwordCost: 1024,
    ...options,
  });
  cores.push(made);
  return made;
}

/** fetch always writes its own Host header; this sends the one given. */
function callAs(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host, connection: "close" } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once("error", reject)
      .end();
  });
}

describe("hello", () => {
  it("answers Hello to the four methods, and refuses the others as a servlet does", async () => {
    const { url } = await core();
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      const reply = await call(`${url}/hello`, { method });
      expect([method, reply.status, reply.type, reply.text]).toEqual([
        method,
        200,
        "text/html;charset=UTF-8",
        "Hello\n",
      ]);
    }
    for (const [method, status] of [
      ["HEAD", 405],
      ["OPTIONS", 405],
      ["PATCH", 501],
    ] as const) {
      expect([method, (await call(`${url}/hello`, { method })).status]).toEqual([method, status]);
    }
  });

  it("is found by its path in any case, with and without base path, app, tenant and slash", async () => {
    const { url } = await core({ basePath: "/auth", tenants: [{ domain: "", app: "shop", tenant: "berlin" }] });
    for (const path of ["/hello", "/HELLO/", "/appid-shop/hello", "/AppId-Shop/Berlin/hello", "/nowhere/hello", ""]) {
      expect([path, (await call(`${url}/auth${path}`)).status]).toEqual([path, 200]);
    }
    expect((await call(`${url}/hello`)).status).toBe(404);
  });

  it("knows an unknown app by a 400 with its sentence, and an unknown tenant only at the root", async () => {
    const { url } = await core({ tenants: [{ domain: "", app: "public", tenant: "berlin" }] });
    const app = await call(`${url}/appid-nope/hello`);
    expect([app.status, app.text]).toEqual([400, expect.stringContaining("AppId or tenantId not found => ")]);
    expect((await call(`${url}/nowhere/hello`)).status).toBe(200);
    expect((await call(`${url}/nowhere`)).status).toBe(404);
    expect((await call(`${url}/berlin`)).status).toBe(200);
  });

  it("finds a customer's app only under the customer's Host header, and the base domain by address", async () => {
    const { url } = await core({ tenants: [{ domain: "customer.test", app: "shop2", tenant: "public" }] });
    expect(await callAs(`${url}/appid-shop2/hello`, "Customer.test:3567")).toBe(200);
    expect(await callAs(`${url}/appid-shop2/hello`, "127.0.0.1")).toBe(400);
    expect(await callAs(`${url}/appid-shop2/hello`, "other.test")).toBe(400);
    expect(await callAs(`${url}/hello`, "other.test")).toBe(200);
  });

  it("is refused to denied addresses", async () => {
    const { url } = await core({ ipDeny: "^127\\." });
    expect((await call(`${url}/hello`)).status).toBe(403);
    expect((await call(`${(await core({ ipAllow: "^10\\." })).url}/hello`)).status).toBe(403);
    expect((await call(`${(await core({ ipAllow: "^127\\." })).url}/hello`)).status).toBe(200);
  });
});

describe("keys", () => {
  it("lets hello and jwks pass, and asks for a key everywhere else", async () => {
    const { url } = await core({ apiKeys: ["right-key"] });
    expect((await call(`${url}/hello`)).status).toBe(200);
    expect((await call(`${url}/.well-known/jwks.json`)).status).toBe(200);
    const wrong = await call(`${url}/apiversion`, { headers: { "api-key": "wrong" } });
    expect([wrong.status, wrong.type]).toEqual([401, "text/html;charset=UTF-8"]);
    const accepted: Record<string, string>[] = [
      { "api-key": "right-key" },
      { authorization: "right-key" },
      { authorization: "Bearer right-key" },
    ];
    for (const headers of accepted) {
      expect((await call(`${url}/apiversion`, { headers })).status).toBe(200);
    }
  });

  it("refuses a version of the interface that it does not speak", async () => {
    const { url } = await core();
    expect((await call(`${url}/apiversion`, { headers: { "cdi-version": "5.3" } })).status).toBe(200);
    expect((await call(`${url}/apiversion`, { headers: { "cdi-version": "99.9" } })).status).toBe(400);
  });

  it("are one set for all cores of a database, and another for a core in memory", async () => {
    const [a, b, lost] = [
      await core(),
      await core({ id: "b" }),
      await startCore({ id: "c", host: "127.0.0.1", port: 0 }),
    ];
    cores.push(lost);
    const shared = await kids(a.url);
    expect(shared).toHaveLength(2);
    expect(await kids(b.url)).toEqual(shared);
    const own = await kids(lost.url);
    expect(own).toHaveLength(2);
    expect(own.filter((kid) => shared.includes(kid))).toEqual([]);
    expect((await call(`${lost.url}/hello`)).text).toBe("Hello\n");
  });
});

it("reports a day of requests by the minute", async () => {
  const { url } = await core();
  const { text } = await call(`${url}/requests/stats`);
  const stats: Record<string, unknown> = JSON.parse(text);
  expect(stats["status"]).toBe("OK");
  expect(stats["averageRequestsPerSecond"]).toHaveLength(1440);
  expect(stats["peakRequestsPerSecond"]).toHaveLength(1440);
});

it("tries the next ports only when it was told to", async () => {
  const first = await core();
  await expect(core({ port: first.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  const second = await core({ port: first.port, portSpread: 20 });
  expect(second.port).toBeGreaterThan(first.port);
});
