import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { http } from "../../loadtests/http-scenario.ts";
import { drive, play, playAll, world } from "./driving.ts";
import { caller } from "./driving.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let seen: Seen[];
let answers: (one: Seen) => { status?: number; body: string };
let call: ReturnType<typeof caller>;
let close: () => Promise<void>;

beforeEach(async () => {
  seen = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      const { status = 200, body } = answers(one);
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  call = caller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
});

afterEach(() => close());

const SHOP = {
  name: "shop",
  secrets: { password: 'p"w' },
  prepare: [
    {
      name: "log-in",
      method: "POST",
      path: "/in",
      body: { as: "{{tag}}", word: "{{secret.password}}" },
      extract: { token: "data.0.token" },
    },
    { name: "cart", path: "/cart?of={{token}}", extract: { cart: "id" } },
  ],
  endpoints: [
    {
      name: "look",
      weight: 3,
      path: "/items",
      headers: { Authorization: "Bearer {{token}}" },
      expect: { contains: "item" },
    },
    {
      name: "buy",
      method: "POST",
      path: "/buy/{{cart}}",
      body: { key: "{{random.uuid}}" },
      expect: { status: 201, json: { "order.ok": true } },
      extract: { order: "order.id" },
    },
    { name: "order", path: "/orders/{{order}}", expect: { contains: "order" } },
  ],
};

function shop({ url }: Seen): { status?: number; body: string } {
  if (url === "/in") return { body: '{"data":[{"token":"a/b c"}]}' };
  if (url.startsWith("/cart")) return { body: '{"id":7}' };
  if (url.startsWith("/buy")) return { status: 201, body: '{"order":{"ok":true,"id":"o1"}}' };
  return { body: `an ${url.startsWith("/orders") ? "order" : "item"}` };
}

describe("a scenario file's requests", () => {
  it("are prepared in order, carry what answers gave, and come by weight", async () => {
    answers = shop;
    const run = http.start(SHOP, world(5));
    expect(run.prepare()).toBeDefined();
    expect(run.prepare()).toBeUndefined(); // The second step needs the first one's answer.
    const fresh = http.start(SHOP, world(5));
    const { prepared, byEndpoint, bad } = await drive(fresh, 400, call);
    expect({ prepared, bad }).toEqual({ prepared: ["ok", "ok"], bad: [] });
    expect(Math.abs((byEndpoint[0] ?? 0) - 240)).toBeLessThan(4 * Math.sqrt(400 * 0.6 * 0.4) + 2);
    expect(seen[0]).toMatchObject({ method: "POST", url: "/in", body: '{"as":"t5","word":"p\\"w"}' });
    expect(seen[0]?.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(seen[1]?.url).toBe("/cart?of=a%2Fb%20c");
    expect(seen.find(({ url }) => url === "/items")?.headers["authorization"]).toBe("Bearer a/b c");
    const keys = seen.filter(({ url }) => url === "/buy/7").map(({ body }) => JSON.parse(body).key as string);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys)
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(seen.filter(({ url }) => url === "/orders/o1").length).toBeGreaterThan(40);
    expect(seen.every(({ url }) => url !== "/orders/")).toBe(true);
  });

  it("are judged by status, text and JSON", async () => {
    answers = shop;
    const run = http.start(
      { ...SHOP, endpoints: SHOP.endpoints.map((e) => ({ ...e, weight: e.name === "buy" ? 1 : 0 })) },
      world(1),
    );
    await playAll(() => run.prepare(), call);
    const judged = (status: number, body: string) => run.next().judge(status, body);
    expect(judged(201, '{"order":{"ok":true,"id":"o1"}}')).toBe("ok");
    expect(judged(200, '{"order":{"ok":true,"id":"o1"}}')).toBe("non-2xx");
    expect(judged(201, "<html>")).toBe("wrong-body");
    expect(judged(201, '{"order":{"ok":"true","id":"o1"}}')).toBe("business-failure");
    expect(judged(201, '{"order":{"ok":true}}')).toBe("wrong-body");
    expect(judged(201, '{"order":{"ok":true,"id":"a\\r\\nx-evil: 1"}}')).toBe("wrong-body");
    expect(judged(201, '{"order":{"ok":true,"constructor":1}}')).toBe("wrong-body");
  });

  it("cannot go on when a preparing step fails three times, which is said", async () => {
    answers = (one) => (one.url === "/in" ? { status: 401, body: "no" } : shop(one));
    const run = http.start(SHOP, world(1));
    await expect(playAll(() => run.prepare(), call)).rejects.toThrow(
      "scenario shop: prepare step log-in failed 3 times: non-2xx, HTTP 401; non-2xx, HTTP 401; non-2xx, HTTP 401",
    );
    expect(seen).toHaveLength(3);
    await expect(http.closed(SHOP, world(1), call)).rejects.toThrow("prepare step log-in failed: non-2xx (HTTP 401)");
  });
});

describe("the closed model of a scenario file", () => {
  it("repeats the heaviest request that may be repeated", async () => {
    answers = shop;
    expect(await http.closed(SHOP, world(1), call)).toMatchObject({ method: "GET", path: "/items" });
    const heavy = SHOP.endpoints.map((e) => (e.name === "buy" ? { ...e, weight: 9, repeatable: true } : e));
    const request = await http.closed({ ...SHOP, endpoints: heavy }, world(1), call);
    expect(request).toMatchObject({ method: "POST", path: "/buy/7" });
    expect(
      await play(
        { endpoint: 0, request, judge: (status) => (status === 201 ? "ok" : "non-2xx"), abandon: () => undefined },
        call,
      ),
    ).toBe("ok");
  });

  it("says so when there is none", async () => {
    answers = shop;
    const none = SHOP.endpoints.map((e) => ({ ...e, repeatable: false }));
    await expect(http.closed({ ...SHOP, endpoints: none }, world(1), call)).rejects.toThrow(
      'none may be repeated: say "repeatable: true" at one',
    );
    const order = SHOP.endpoints.map((e) => ({ ...e, repeatable: e.name === "order" }));
    await expect(http.closed({ ...SHOP, endpoints: order }, world(1), call)).rejects.toThrow(
      "order cannot be repeated by itself: {{order}} comes from no prepare step",
    );
  });
});

it("secrets of a scenario file are in no sentence and not in what is written down", () => {
  const settings = http.settings(SHOP);
  expect(JSON.stringify([http.shown?.(settings), http.describe(settings)])).not.toContain('p\\"w');
  expect(http.shown?.(settings)).toMatchObject({ name: "shop", secrets: { password: "***" } });
  expect(http.describe(settings)[0]).toBe(
    "Scenario shop: 60% look (GET /items), 20% buy (POST /buy/{{cart}}), 20% order (GET /orders/{{order}}).",
  );
});
