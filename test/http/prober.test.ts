import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpProber } from "../../src/domain/index.ts";
import { createHttpProber } from "../../src/http/prober.ts";
import { ForwardClock, NEVER, request, startHttp, startRaw, stopServers, until } from "./support.ts";

let clock: ForwardClock;
let prober: HttpProber;

beforeEach(() => {
  clock = new ForwardClock();
  prober = createHttpProber({ clock });
});

afterEach(async () => {
  await prober.close();
  await stopServers();
});

const sayHello = (_request: unknown, response: { end(text: string): void }): void => response.end("Hello\n");

describe("an HTTP probe", () => {
  it("gives status, headers, body and the phases that happened", async () => {
    const { url } = await startHttp(sayHello);
    const lines: string[] = [];
    const result = await prober.request(request(`${url}/hello`), NEVER, (line) => lines.push(line));
    expect(result).toMatchObject({ ok: true, status: 200, body: "Hello\n", reused: false, remoteAddress: "127.0.0.1" });
    expect(result.phases.connect).toBeGreaterThan(0);
    expect(result.phases.firstByte).toBeGreaterThan(0);
    expect(result.phases.tls).toBeUndefined();
    expect(result.phases.dns).toBeUndefined();
    expect(result.phases.total).toBeGreaterThanOrEqual((result.phases.connect ?? 0) + (result.phases.firstByte ?? 0));
    expect(lines.join("\n")).toMatch(/GET http.*connected to.*answer 200/s);
  });

  it("sends the Host header and the headers it was given, and a body with its length", async () => {
    const seen: unknown[] = [];
    const { url } = await startHttp((incoming, response) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        seen.push({ host: incoming.headers.host, key: incoming.headers["api-key"], method: incoming.method, body });
        response.end();
      });
    });
    const more = { method: "POST", host: "acme.example.com:3567", headers: { "api-key": "k" }, body: "ä" } as const;
    await prober.request(request(`${url}/x`, more), NEVER);
    expect(seen).toEqual([{ host: "acme.example.com:3567", key: "k", method: "POST", body: "ä" }]);
  });

  it("never lets a header value break out of its line", async () => {
    const { url, accepted } = await startHttp(sayHello);
    const result = await prober.request(request(url, { headers: { a: "b\r\nc: d" } }), NEVER);
    expect(result).toMatchObject({ ok: false, failure: "protocol-error" });
    expect(accepted()).toBeLessThanOrEqual(1);
  });

  it("to a closed port is refused", async () => {
    const { url } = await startHttp(sayHello);
    await stopServers();
    expect(await prober.request(request(url), NEVER)).toMatchObject({ ok: false, failure: "connection-refused" });
  });

  it.each([
    ["that hangs", "", "timeout", /did not answer in full within 0.1 s/],
    ["that drips its answer", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHel", "timeout", /within 0.1 s/],
  ] as const)("ends at its deadline with a server %s", async (_name, text, failure, detail) => {
    const { url, open } = await startRaw((socket) => void (text !== "" && socket.write(text)));
    const result = await prober.request(request(url, { timeoutMs: 100 }), NEVER);
    expect(result).toMatchObject({ ok: false, failure });
    expect(result).toHaveProperty("detail", expect.stringMatching(detail));
    await until(() => open() === 0, "the connection's end");
  });

  it.each([
    ["without an answer", "", "connection-reset", /without an answer/],
    ["in the middle", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHel", "connection-reset", /in the middle/],
    ["after garbage", "220 mail.example.com ESMTP\r\n", "protocol-error", /not HTTP/],
  ] as const)("tells a server that closes %s", async (_name, text, failure, detail) => {
    const { url } = await startRaw((socket) => socket.end(text));
    const result = await prober.request(request(url), NEVER);
    expect(result).toMatchObject({ ok: false, failure });
    expect(result).toHaveProperty("detail", expect.stringMatching(detail));
  });

  it("cuts an endless body off and hangs up", async () => {
    const { url, open } = await startHttp((_request, response) => {
      const more = (): void => {
        while (response.write("x".repeat(1_000)));
        response.once("drain", more);
      };
      more();
    });
    const result = await prober.request(request(url, { connection: "reuse" }), NEVER);
    expect(result).toMatchObject({ ok: true, truncated: true, body: "x".repeat(4_096) });
    await until(() => open() === 0, "the connection's end");
  });

  it("ends when it is called off, and leaves no connection", async () => {
    const caller = new AbortController();
    const { url, open } = await startRaw(() => caller.abort());
    expect(await prober.request(request(url), caller.signal)).toMatchObject({ ok: false, failure: "cancelled" });
    await until(() => open() === 0, "the connection's end");
    expect(await prober.request(request(url), caller.signal)).toMatchObject({ ok: false, failure: "cancelled" });
  });

  it("that is out of time by its caller's signal is late, not called off", async () => {
    const caller = new AbortController();
    const { url } = await startRaw(() => caller.abort(new DOMException("late", "TimeoutError")));
    expect(await prober.request(request(url), caller.signal)).toMatchObject({ ok: false, failure: "timeout" });
  });

  it("refuses what is no HTTP URL", async () => {
    expect(await prober.request(request("ftp://127.0.0.1/"), NEVER)).toMatchObject({ failure: "protocol-error" });
    expect(await prober.request(request("nonsense"), NEVER)).toMatchObject({ failure: "protocol-error" });
  });
});

describe("redirects", () => {
  it("are the answer when none may be followed", async () => {
    const { url } = await startHttp((_request, response) => response.writeHead(302, { location: "/next" }).end());
    expect(await prober.request(request(url), NEVER)).toMatchObject({ ok: true, status: 302 });
  });

  it("are followed to their end, over the same connection where it is kept", async () => {
    const { url, accepted } = await startHttp((incoming, response) => {
      if (incoming.url === "/next") response.end("there");
      else response.writeHead(302, { location: "/next" }).end("moved");
    });
    const result = await prober.request(request(url, { maxRedirects: 3, connection: "reuse" }), NEVER);
    expect(result).toMatchObject({ ok: true, status: 200, body: "there" });
    expect(accepted()).toBe(1);
  });

  it("without end are told", async () => {
    const { url } = await startHttp((_request, response) => response.writeHead(302, { location: "/" }).end());
    const result = await prober.request(request(url, { maxRedirects: 5 }), NEVER);
    expect(result).toMatchObject({ ok: false, failure: "too-many-redirects" });
  });

  it("to another origin do not carry the headers, which may be credentials", async () => {
    const seen: (string | undefined)[] = [];
    const other = await startHttp((incoming, response) => {
      seen.push(incoming.headers.authorization, incoming.headers.host);
      response.end();
    });
    const { url } = await startHttp((_request, response) =>
      response.writeHead(307, { location: `${other.url}/x` }).end(),
    );
    const more = { maxRedirects: 1, headers: { authorization: "Bearer t" }, host: "acme.example.com" };
    await prober.request(request(url, more), NEVER);
    expect(seen).toEqual([undefined, `127.0.0.1:${other.port}`]);
  });
});

describe("a kept connection", () => {
  const reuse = { connection: "reuse" } as const;

  it("carries the next request, which then has no phases of connecting", async () => {
    const { url, accepted } = await startHttp(sayHello);
    await prober.request(request(url, reuse), NEVER);
    const result = await prober.request(request(url, reuse), NEVER);
    expect(result).toMatchObject({ ok: true, reused: true });
    expect(result.phases.connect).toBeUndefined();
    expect(accepted()).toBe(1);
  });

  it("is not used for another Host, nor by a fresh probe", async () => {
    const { url, accepted } = await startHttp(sayHello);
    await prober.request(request(url, reuse), NEVER);
    await prober.request(request(url, { ...reuse, host: "other.example.com" }), NEVER);
    expect(await prober.request(request(url), NEVER)).toMatchObject({ reused: false });
    expect(accepted()).toBe(3);
  });

  it("is given up within a minute, so that the server proves that it still accepts", async () => {
    const { url, accepted, open } = await startHttp(sayHello);
    const reused: boolean[] = [];
    for (let at = 0; at <= 60; at += 10) {
      const result = await prober.request(request(url, reuse), NEVER);
      reused.push(result.ok && result.reused);
      clock.forward(10_000);
    }
    // Never before 25 s, and always before 60 s.
    expect(reused.slice(0, 3)).toEqual([false, true, true]);
    expect(reused.slice(3)).toContain(false);
    expect(accepted()).toBeGreaterThanOrEqual(2);
    await until(() => open() === 1, "the old connection's end");
  });

  it("that was opened together with others is not given up together with them", async () => {
    const servers = await Promise.all(Array.from({ length: 30 }, () => startHttp(sayHello)));
    const ask = () => Promise.all(servers.map(({ url }) => prober.request(request(url, reuse), NEVER)));
    await ask();
    const renewed: number[] = [];
    for (let at = 10; at <= 60; at += 10) {
      clock.forward(10_000);
      renewed.push((await ask()).filter((one) => one.ok && !one.reused).length);
    }
    expect(renewed.slice(0, 2)).toEqual([0, 0]);
    expect(renewed.slice(2, 5).reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(25);
    expect(Math.max(...renewed)).toBeLessThan(20);
  });

  it("that the server closed while idle is no failure", async () => {
    const { url, server, open } = await startHttp(sayHello);
    await prober.request(request(url, reuse), NEVER);
    server.closeIdleConnections();
    await until(() => open() === 0, "the server's end of it");
    expect(await prober.request(request(url, reuse), NEVER)).toMatchObject({ ok: true, reused: false });
  });

  it("that the server closes at the very moment of the request is no failure", async () => {
    const { url, accepted } = await startRaw((socket, count) => {
      if (count === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      else socket.destroy();
    });
    await prober.request(request(url, reuse), NEVER);
    expect(await prober.request(request(url, reuse), NEVER)).toMatchObject({ ok: true, reused: false });
    expect(accepted()).toBe(2);
  });

  it("never makes a POST be sent twice", async () => {
    let posts = 0;
    const { url } = await startRaw((socket, count) => {
      if (count === 1) return socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      posts++;
      return socket.destroy();
    });
    await prober.request(request(url, reuse), NEVER);
    const result = await prober.request(request(url, { ...reuse, method: "POST", body: "x" }), NEVER);
    expect(result).toMatchObject({ ok: false, failure: "connection-reset" });
    expect(posts).toBe(1);
  });

  it("carries a POST only right after its last answer", async () => {
    const { url, accepted } = await startHttp(sayHello);
    await prober.request(request(url, reuse), NEVER);
    clock.forward(2_000);
    await prober.request(request(url, { ...reuse, method: "POST" }), NEVER);
    expect(accepted()).toBe(2);
  });

  it("on which the server talks unasked is given up", async () => {
    const { url, open } = await startRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    });
    await prober.request(request(url, reuse), NEVER);
    await until(() => open() === 0, "the connection's end");
  });

  it("is one of at most so many, and none is left after the prober was closed", async () => {
    const small = createHttpProber({ clock, maxConnections: 2 });
    const servers = await Promise.all([startHttp(sayHello), startHttp(sayHello), startHttp(sayHello)]);
    for (const { url } of servers) await small.request(request(url, reuse), NEVER);
    await until(() => servers.map((s) => s.open()).join("") === "110", "the newcomer's end");
    await small.close();
    await until(() => servers.every((s) => s.open() === 0), "the end of all");
    expect(await small.request(request(servers[0].url), NEVER)).toMatchObject({ ok: false, failure: "cancelled" });
  });
});

describe("closing the prober", () => {
  it("calls off what runs", async () => {
    const { url, open, accepted } = await startRaw(() => undefined);
    const pending = prober.request(request(url), NEVER);
    await until(() => accepted() === 1, "the connection");
    await prober.close();
    expect(await pending).toMatchObject({ ok: false, failure: "cancelled" });
    await until(() => open() === 0, "the connection's end");
  });
});
