import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hello } from "../../checks/hello.ts";
import type { HelloInput } from "../../checks/hello.ts";
import { createAuthority, createCertificate } from "../support/certificates.ts";
import type { KeyPair } from "../support/certificates.ts";
import { startHttp, startHttps, stopServers, tlsFor, until } from "../http/support.ts";
import type { Running } from "../http/support.ts";
import { Bench, deployment, fleet, keySet } from "./probing.ts";

let bench: Bench;
let authority: KeyPair;

beforeAll(async () => {
  authority = await createAuthority();
});
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

interface Say {
  status?: number;
  body?: string;
  kids?: string | undefined;
  jwksStatus?: number;
  headers?: Record<string, string>;
}

/** A core that can be told what to say; `asked` counts by path. */
async function core(
  say: Say,
  pair?: KeyPair,
): Promise<Running<HttpServer | HttpsServer> & { asked: Record<string, number> }> {
  const asked: Record<string, number> = {};
  const handler: Parameters<typeof startHttp>[0] = (request, response) => {
    const path = request.url ?? "";
    asked[path] = (asked[path] ?? 0) + 1;
    if (path === "/hello") response.writeHead(say.status ?? 200, say.headers).end(say.body ?? "Hello\n");
    else response.writeHead(say.jwksStatus ?? 200).end(say.kids ?? keySet("a", "b"));
  };
  return { ...(await (pair === undefined ? startHttp(handler) : startHttps(pair, handler))), asked };
}

function input(base: string, id = "1", name = "acme.example.com"): HelloInput {
  return { deployment: "acme", core: id, base, host: "acme.example.com", tls: tlsFor(name, authority) };
}

const LEAK =
  "Error: HikariPool-1 Connection is not available jdbc:postgresql://db.internal:5432/supertokens user=root password=hunter2";

describe("hello", () => {
  it("looks at every core of every deployment, as its users would", () => {
    const one = deployment("acme", "https://acme.example.com:3567", [
      "https://10.0.0.1:3567/",
      "https://10.0.0.2:3567",
    ]);
    expect(hello.targets(fleet([one]))).toMatchObject([
      {
        target: { kind: "core", id: "acme/c1", deployment: "acme" },
        input: {
          base: "https://10.0.0.1:3567",
          host: "acme.example.com:3567",
          tls: { serverName: "acme.example.com" },
        },
      },
      { target: { id: "acme/c2" } },
    ]);
  });

  it("of a core that says Hello is up", async () => {
    const { url } = await core({});
    expect(await bench.probe(hello, input(url))).toMatchObject({
      health: "up",
      reason: "ok",
      detail: "",
      measures: { statusCode: 200 },
    });
  });

  it.each([
    ["500 at once", { status: 500, body: "Internal error" }, "down", "server-error"],
    ["500 that speaks of its database", { status: 500, body: LEAK }, "down", "database-unreachable"],
    ["502", { status: 502 }, "down", "server-error"],
    ["503", { status: 503 }, "down", "server-error"],
    ["403", { status: 403 }, "down", "access-denied"],
    ["404", { status: 404 }, "down", "unexpected-status"],
    ["400 for an unknown app", { status: 400, body: "AppId or tenantId not found => x" }, "down", "unknown-app"],
    ["400 for something else", { status: 400, body: "bad" }, "down", "unexpected-status"],
    ["a redirect", { status: 302, headers: { location: "/login" } }, "down", "unexpected-status"],
    ["429", { status: 429 }, "degraded", "rate-limited"],
    ["another page", { body: "<h1>Welcome to nginx</h1>" }, "down", "wrong-body"],
    ["Hello and more", { body: "Hello world" }, "down", "wrong-body"],
    ["far too much", { body: "Hello\n".repeat(20_000) }, "down", "body-too-large"],
  ] as const)("answered with %s", async (_name, say, health, reason) => {
    const { url, asked } = await core(say);
    expect(await bench.probe(hello, input(url))).toMatchObject({
      health,
      reason,
      measures: { statusCode: "status" in say ? say.status : 200 },
    });
    expect(asked["/hello"]).toBe(1);
  });

  it("answered with 500 after five seconds has no database, whatever the body says", async () => {
    const { url } = await startHttp((_request, response) => {
      bench.clock.forward(5_000);
      response.writeHead(500).end();
    });
    const outcome = await bench.probe(hello, input(url));
    expect(outcome).toMatchObject({ health: "down", reason: "database-unreachable" });
    expect(outcome.detail).toContain("500 after 5.0 s");
  });

  it("never repeats the body, which names the database", async () => {
    const { url } = await core({ status: 500, body: LEAK });
    const said = JSON.stringify([await bench.probe(hello, input(url)), bench.lines]);
    for (const secret of ["db.internal", "hunter2", "root", "supertokens", "jdbc"]) expect(said).not.toContain(secret);
  });

  it("of a core that does not answer in time is down, that is not there is refused, and a called off probe says nothing", async () => {
    const { url } = await startHttp(() => undefined);
    expect(await bench.probe(hello, input(url), { timeoutMs: 150 })).toMatchObject({
      health: "down",
      reason: "timeout",
    });
    const off = await bench.probe(hello, input(url), {}, AbortSignal.abort());
    expect(off).toMatchObject({ health: "unknown", reason: "cancelled" });
    await stopServers();
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "down", reason: "connection-refused" });
  });

  it("from which an answer comes late is slow, if a limit is set", async () => {
    const { url } = await startHttp((_request, response) => {
      bench.clock.forward(800);
      response.end("Hello\n");
    });
    expect(await bench.probe(hello, input(url), { slowMs: 500 })).toMatchObject({ health: "degraded", reason: "slow" });
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "up" });
  });
});

describe("hello over TLS", () => {
  it("of a core by address, behind the deployment's wildcard certificate, is up", async () => {
    const { url } = await core({}, await createCertificate(["*.example.com"], { authority, days: 90 }));
    const outcome = await bench.probe(hello, input(url));
    expect(outcome).toMatchObject({ health: "up", reason: "ok" });
    expect(outcome.measures["certificateDays"]).toBeCloseTo(90, 0);
  });

  it.each([
    ["has expired", { days: -1 }, "acme.example.com", "certificate-expired"],
    ["expires within the warning", { days: 20 }, "acme.example.com", "certificate-expires-soon"],
    ["is for another name", {}, "acme.example.org", "certificate-name-mismatch"],
  ] as const)("of a core whose certificate %s is degraded, not down", async (_name, options, name, reason) => {
    const pair = await createCertificate(["*.example.com"], { authority, ...options });
    const { url } = await core({}, pair);
    expect(await bench.probe(hello, input(url, "1", name))).toMatchObject({ health: "degraded", reason });
  });

  it("of a core whose certificate nobody knows is degraded", async () => {
    const { url } = await core({}, await createCertificate(["acme.example.com"]));
    const outcome = await bench.probe(hello, input(url));
    expect(outcome).toMatchObject({ health: "degraded", reason: "certificate-untrusted" });
  });

  it("of a core that is down as well tells why it is down", async () => {
    const pair = await createCertificate(["acme.example.com"], { authority, days: -1 });
    const { url } = await core({ status: 502 }, pair);
    const outcome = await bench.probe(hello, input(url));
    expect(outcome).toMatchObject({ health: "down", reason: "server-error" });
    expect(outcome.measures["certificateDays"]).toBeLessThan(0);
  });
});

describe("the identity of a core", () => {
  async function known(): Promise<void> {
    for (const id of ["1", "2", "3"]) bench.keySets.record("acme", id, ["a", "b"], bench.clock.now());
  }

  it("is its key set, looked at on a fresh connection and then once a minute", async () => {
    const { url, asked } = await core({});
    for (let at = 0; at < 4; at++) await bench.probe(hello, input(url));
    expect(asked).toEqual({ "/hello": 4, "/.well-known/jwks.json": 1 });
    expect(bench.keySets.consensus("acme")).toEqual(new Set(["a", "b"]));
    for (let at = 0; at < 7; at++) {
      bench.clock.forward(10_000);
      await bench.probe(hello, input(url));
    }
    expect(asked["/.well-known/jwks.json"]).toBe(2);
  });

  it("costs no second request at each probe where connections are fresh", async () => {
    const { url, asked } = await core({});
    for (let at = 0; at < 4; at++) await bench.probe(hello, input(url), { connection: "fresh" });
    expect(asked).toEqual({ "/hello": 4, "/.well-known/jwks.json": 1 });
  });

  it("is looked at again as soon as the connection had to be made anew", async () => {
    const { url, asked, server, open } = await core({});
    await bench.probe(hello, input(url));
    server.closeIdleConnections();
    await until(() => open() === 0, "the connection's end");
    await bench.probe(hello, input(url));
    expect(asked["/.well-known/jwks.json"]).toBe(2);
  });

  it("is wrong when the port was given to a core with other keys, and stays so", async () => {
    await known();
    const { url } = await core({ kids: keySet("x", "y") });
    for (let at = 0; at < 3; at++) {
      const outcome = await bench.probe(hello, input(url, "3"));
      expect(outcome).toMatchObject({ health: "down", reason: "wrong-identity", measures: { statusCode: 200 } });
    }
  });

  it("is found on a deployment of one core too", async () => {
    const say: Say = {};
    const { url } = await core(say);
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "up" });
    say.kids = keySet("x");
    bench.clock.forward(60_000);
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "down", reason: "wrong-identity" });
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "down", reason: "wrong-identity" });
    say.kids = keySet("a", "c");
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "up" });
  });

  it("holds through a rotation of keys", async () => {
    await known();
    const { url } = await core({ kids: keySet("b", "c") });
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "up" });
  });

  it.each([
    ["404", { jwksStatus: 404 }],
    ["no JSON", { kids: "<html>" }],
    ["an empty set", { kids: keySet() }],
  ] as const)("is wrong with %s where key sets are known, and not judged where none is", async (_name, say) => {
    const { url } = await core(say);
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "up" });
    await known();
    bench.clock.forward(60_000);
    expect(await bench.probe(hello, input(url))).toMatchObject({ reason: "wrong-identity" });
  });

  it("is not judged by a key set that fails for another reason", async () => {
    await known();
    const { url } = await core({ jwksStatus: 500 });
    expect(await bench.probe(hello, input(url))).toMatchObject({ health: "up" });
  });
});
