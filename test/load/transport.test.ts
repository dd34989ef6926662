import type { IncomingMessage } from "node:http";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createUndiciTransport } from "../../src/load/transport.ts";
import type { TransportOptions } from "../../src/load/transport.ts";
import type { LoadTransport } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createAuthority, createCertificate } from "../support/certificates.ts";
import type { KeyPair } from "../support/certificates.ts";
import { ask, deadPort, get, hello, serve, serveTcp, targetOf } from "./load-server.ts";
import type { LoadServer } from "./load-server.ts";

const open: (LoadServer | LoadTransport)[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

function keep<T extends LoadServer | LoadTransport>(one: T): T {
  open.push(one);
  return one;
}

function transportTo(url: string, over: Partial<TransportOptions> = {}): LoadTransport {
  return keep(
    createUndiciTransport({
      target: targetOf(url),
      timeoutMs: 2000,
      maxConnections: 100,
      clock: systemClock,
      ...over,
    }),
  );
}

describe("a request", () => {
  it("carries Host, key, base path, its own headers and its body, and brings back status, body and core", async () => {
    let seen: IncomingMessage | undefined;
    let body = "";
    const server = keep(
      await serve((request, response) => {
        seen = request;
        request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        request.on("end", () => response.writeHead(403, { "x-core": "acme-1" }).end("nö"));
      }),
    );
    const url = `http://127.0.0.1:${server.port}/auth/`;
    const target = targetOf(url, { host: "acme.example.com", apiKey: "s3cret" });
    const result = await ask(transportTo(url, { target }), {
      method: "POST",
      path: "/recipe/session?x=1",
      headers: { rid: "session", "content-type": "application/json" },
      body: '{"a":"ü"}',
    });
    expect(result).toEqual({ kind: "answer", status: 403, body: "nö", core: "acme-1" });
    expect([seen?.method, seen?.url, body]).toEqual(["POST", "/auth/recipe/session?x=1", '{"a":"ü"}']);
    expect(seen?.headers).toMatchObject({ host: "acme.example.com", "api-key": "s3cret", rid: "session" });
  });

  it("goes over a connection that is there already, and in parallel over one of its own", async () => {
    const server = keep(await serve(hello));
    const transport = transportTo(`http://127.0.0.1:${server.port}`);
    for (let i = 0; i < 20; i++) expect((await ask(transport)).kind).toBe("answer");
    expect(server.connections()).toBe(1);
    await Promise.all(Array.from({ length: 10 }, () => ask(transport)));
    expect(server.connections()).toBe(10);
  });

  it("is sent again over a new connection when the server closed the kept one between two", async () => {
    const server = keep(
      await serve((_request, response) => {
        response.writeHead(200, { connection: "close" }).end("once");
      }),
    );
    const transport = transportTo(`http://127.0.0.1:${server.port}`);
    for (let i = 0; i < 5; i++) expect(await ask(transport)).toMatchObject({ kind: "answer", body: "once" });
    expect(server.connections()).toBe(5);
  });

  it("whose answer has no end of a body is cut at the bound", async () => {
    const server = keep(await serve((_request, response) => void response.end("x".repeat(300_000))));
    const result = await ask(transportTo(`http://127.0.0.1:${server.port}`));
    expect(result.kind === "answer" && result.body.length).toBe(64 * 1024);
  });

  it("beyond the bound of connections is refused, and never waits in a queue", async () => {
    const server = keep(await serveTcp(() => undefined));
    const transport = transportTo(`http://127.0.0.1:${server.port}`, { maxConnections: 2, timeoutMs: 300 });
    const [a, b, c] = [ask(transport), ask(transport), ask(transport)];
    expect(await c).toEqual({ kind: "refused", detail: "all 2 connections are in use" });
    expect([(await a).kind, (await b).kind]).toEqual(["timed-out", "timed-out"]);
  });

  it("that cannot be built is told after send has returned", async () => {
    const transport = transportTo("http://127.0.0.1:9");
    let returned = false;
    const told = new Promise<boolean>((resolve) => {
      transport.send({ ...get(), headers: { "bad header": "x" } }, () => resolve(returned));
      returned = true;
    });
    expect(await told).toBe(true);
  });
});

describe("failures are told apart", () => {
  it("a server that never answers: timed-out, when the limit says, and the next request works", async () => {
    let silent = true;
    const server = keep(await serve((request, response) => (silent ? undefined : hello(request, response))));
    const transport = transportTo(`http://127.0.0.1:${server.port}`, { timeoutMs: 150 });
    const began = performance.now();
    const results = await Promise.all(Array.from({ length: 5 }, () => ask(transport)));
    expect(results.map((result) => result.kind)).toEqual(Array.from({ length: 5 }, () => "timed-out"));
    expect(performance.now() - began).toBeGreaterThanOrEqual(149);
    silent = false;
    expect((await ask(transport)).kind).toBe("answer");
  });

  it("an answer that drips is timed out as a whole", async () => {
    const server = keep(
      await serve((_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write("."), 20);
        response.on("close", () => clearInterval(drip));
      }),
    );
    const result = await ask(transportTo(`http://127.0.0.1:${server.port}`, { timeoutMs: 200 }));
    expect(result).toEqual({ kind: "timed-out", detail: "no whole answer within 200 ms" });
  });

  it("a server that resets: lost, each time", async () => {
    const server = keep(await serveTcp((socket) => socket.once("data", () => socket.resetAndDestroy())));
    const transport = transportTo(`http://127.0.0.1:${server.port}`);
    for (let i = 0; i < 3; i++) expect((await ask(transport)).kind).toBe("lost");
  });

  it("an answer that breaks off, or is no HTTP: lost", async () => {
    const half = keep(
      await serveTcp((s) => s.once("data", () => s.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"))),
    );
    expect((await ask(transportTo(`http://127.0.0.1:${half.port}`))).kind).toBe("lost");
    const odd = keep(await serveTcp((s) => s.once("data", () => s.end("SSH-2.0-OpenSSH\r\n"))));
    expect((await ask(transportTo(`http://127.0.0.1:${odd.port}`))).kind).toBe("lost");
  });

  it("a server that is not there: refused, and reached when it is back", async () => {
    const port = await deadPort();
    const transport = transportTo(`http://127.0.0.1:${port}`);
    for (let i = 0; i < 3; i++) {
      expect(await ask(transport)).toMatchObject({ kind: "refused", detail: expect.stringContaining("ECONNREFUSED") });
    }
    keep(await serve(hello, { port }));
    expect((await ask(transport)).kind).toBe("answer");
  });

  it("what is in flight when it closes is lost, and nothing is sent after", async () => {
    const server = keep(await serveTcp(() => undefined));
    const transport = transportTo(`http://127.0.0.1:${server.port}`);
    const flying = ask(transport);
    await transport.close();
    expect((await flying).kind).toBe("lost");
    expect((await ask(transport)).kind).toBe("refused");
  });
});

describe("TLS", () => {
  let authority: KeyPair;
  beforeAll(async () => {
    authority = await createAuthority();
  });

  async function secure(names: string[], days = 30): Promise<string> {
    const tls = await createCertificate(names, { authority, days });
    return `https://127.0.0.1:${keep(await serve(hello, { tls })).port}`;
  }

  function outcome(url: string, tls: Partial<ReturnType<typeof targetOf>["tls"]>): Promise<unknown> {
    const target = targetOf(url, { tls: { ca: authority.cert, verify: true, serverName: "core.example.com", ...tls } });
    return ask(transportTo(url, { target }));
  }

  it("is verified for the target's name by the target's authority", async () => {
    const url = await secure(["core.example.com"]);
    expect(await outcome(url, {})).toMatchObject({ kind: "answer", status: 200 });
  });

  it("with another name, an unknown authority or a date gone by is refused", async () => {
    const other = await secure(["other.example.com"]);
    expect(await outcome(other, {})).toMatchObject({
      kind: "refused",
      detail: expect.stringContaining("core.example.com"),
    });
    const unknown = await secure(["core.example.com"]);
    expect(await outcome(unknown, { ca: undefined })).toMatchObject({ kind: "refused" });
    const expired = await secure(["core.example.com"], -1);
    expect(await outcome(expired, {})).toMatchObject({ kind: "refused", detail: expect.stringContaining("expired") });
  });

  it("is left unverified only where the target says so", async () => {
    const other = await secure(["other.example.com"]);
    expect(await outcome(other, { verify: false, ca: undefined })).toMatchObject({ kind: "answer" });
  });

  it("spoken to a server that does not speak it is refused", async () => {
    const plain = keep(await serve(hello));
    expect(await outcome(`https://127.0.0.1:${plain.port}`, {})).toMatchObject({ kind: "refused" });
  });
});

describe("DNS", () => {
  it("a change of addresses is followed within seconds, over connections that are still good", async () => {
    const port = (await serve(hello).then(keep)).port;
    const second = keep(await serve(hello, { host: "127.0.0.2", port }));
    let now = 0;
    let addresses = ["127.0.0.1"];
    let asked = 0;
    const transport = transportTo(`http://core.example.com:${port}`, {
      clock: { ...systemClock, monotonic: () => now + systemClock.monotonic() },
      lookUp: (_host, done) => {
        asked++;
        done(null, addresses);
      },
    });
    for (let i = 0; i < 5; i++) expect((await ask(transport)).kind).toBe("answer");
    expect([asked, second.connections()]).toEqual([1, 0]);
    addresses = ["127.0.0.2"];
    now += 2500;
    expect((await ask(transport)).kind).toBe("answer");
    expect((await ask(transport)).kind).toBe("answer");
    expect(second.connections()).toBe(1);
  });

  it("all addresses are tried in turn, and connections are spread over those that answer", async () => {
    const first = keep(await serve(hello));
    const second = keep(await serve(hello, { host: "127.0.0.2", port: first.port }));
    const transport = transportTo(`http://core.example.com:${first.port}`, {
      lookUp: (_host, done) => done(null, ["127.0.0.1", "127.0.0.3", "127.0.0.2"]),
    });
    const results = await Promise.all(Array.from({ length: 12 }, () => ask(transport)));
    expect(results.every((result) => result.kind === "answer")).toBe(true);
    expect(first.connections()).toBeGreaterThanOrEqual(3);
    expect(second.connections()).toBeGreaterThanOrEqual(3);
  });

  it("a name that nobody knows is refused, and asked for again", async () => {
    const server = keep(await serve(hello));
    let known = false;
    const transport = transportTo(`http://core.example.com:${server.port}`, {
      lookUp: (_host, done) => (known ? done(null, ["127.0.0.1"]) : done(new Error("getaddrinfo ENOTFOUND"), [])),
    });
    expect(await ask(transport)).toMatchObject({ kind: "refused", detail: expect.stringContaining("ENOTFOUND") });
    known = true;
    expect((await ask(transport)).kind).toBe("answer");
  });

  it("a connection lives a bounded time", async () => {
    const server = keep(await serve(hello));
    let now = 0;
    const transport = transportTo(`http://127.0.0.1:${server.port}`, {
      clock: { ...systemClock, monotonic: () => now + systemClock.monotonic() },
      connectionLifeMs: 30_000,
    });
    await ask(transport);
    now += 20_000;
    await ask(transport);
    expect(server.connections()).toBe(1);
    now += 26_000;
    expect((await ask(transport)).kind).toBe("answer");
    expect(server.connections()).toBe(2);
  });
});
