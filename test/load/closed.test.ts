import { afterEach, describe, expect, it } from "vitest";
import { recordingLog } from "../fakes/log.ts";
import { HELLO, level, startPlain, stopServers, targetAt } from "./closed-support.ts";

afterEach(stopServers);

describe("a level of the closed model", () => {
  it("sends what the target and the request say, below the base path", async () => {
    const seen = new Set<string>();
    const { url } = await startPlain((incoming, response) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        const { host, "api-key": key, rid, "content-length": length } = incoming.headers;
        seen.add(JSON.stringify({ method: incoming.method, url: incoming.url, host, key, rid, length, body }));
        response.end("{}");
      });
    });
    const target = targetAt(`${url}/base/`, { host: "acme.example.com:3567", apiKey: "the-key" });
    const request = { method: "POST", path: "/verify?x=1", headers: { RID: "session" }, body: "{ü}" } as const;
    await level(target, { request, ms: 200 });
    expect([...seen].map((one) => JSON.parse(one))).toEqual([
      {
        method: "POST",
        url: "/base/verify?x=1",
        host: "acme.example.com:3567",
        key: "the-key",
        rid: "session",
        length: "4",
        body: "{ü}",
      },
    ]);
  });

  it("counts as many answers as the server gave, less those of the warm-up, and times them below a millisecond", async () => {
    let answered = 0;
    const { url } = await startPlain((_incoming, response) => {
      answered++;
      response.end("Hello\n");
    });
    const measured = await level(targetAt(url), { connections: 2, ms: 500 });
    expect(measured.connections).toBe(2);
    expect(measured.durationMs).toBeGreaterThan(380);
    expect(measured.durationMs).toBeLessThan(1_500);
    expect(measured.requests).toBeGreaterThan(100);
    expect(measured.requests).toBeLessThan(answered);
    expect(measured).toMatchObject({ non2xx: 0, errors: 0, timeouts: 0 });
    expect(measured.throughput).toBeCloseTo((measured.requests * 1_000) / measured.durationMs, 6);
    expect(measured.p50Ms).toBeGreaterThan(0);
    expect(measured.p50Ms % 1).not.toBe(0);
    expect(measured.p50Ms).toBeLessThanOrEqual(measured.p90Ms);
    expect(measured.p90Ms).toBeLessThanOrEqual(measured.p99Ms);
  });

  it("has as many requests in flight as connections, by Little's law, and says how busy its own thread was", async () => {
    const { url } = await startPlain((_incoming, response) => void setTimeout(() => response.end(), 20));
    const measured = await level(targetAt(url), { connections: 8, ms: 600 });
    expect(measured.p50Ms).toBeGreaterThan(19);
    expect((measured.throughput * measured.meanMs) / 1_000).toBeGreaterThan(6.5);
    expect((measured.throughput * measured.meanMs) / 1_000).toBeLessThan(9.5);
    expect(measured.generatorBusy).toBeGreaterThan(0);
    expect(measured.generatorBusy).toBeLessThan(0.9);
  });

  it("throws its warm-up away", async () => {
    let first = 4;
    const { url } = await startPlain((_incoming, response) => {
      if (first-- > 0) setTimeout(() => response.end(), 90);
      else setTimeout(() => response.end(), 1);
    });
    const measured = await level(targetAt(url), { connections: 4, ms: 1_500 });
    expect(measured.requests).toBeGreaterThan(50);
    expect(measured.p99Ms).toBeLessThan(80);
  });

  it("counts a connection that ends without an answer as an error, and measures the next request from its own begin", async () => {
    let asked = 0;
    let lost = 0;
    const { url } = await startPlain((incoming, response) => {
      if (++asked % 10 === 0) {
        lost++;
        incoming.socket.end();
      } else setTimeout(() => response.end("Hello\n"), 2);
    });
    const measured = await level(targetAt(url), { connections: 4, ms: 500 });
    const share = measured.errors / (measured.requests + measured.errors);
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
    expect(measured.errors).toBeLessThanOrEqual(lost);
    // Measured from the wrong moment, as autocannon does after each loss, latencies would belong to many more callers than four.
    const perSecond = ((measured.requests + measured.errors) * 1_000) / measured.durationMs;
    expect((perSecond * measured.meanMs) / 1_000).toBeLessThan(4.6);
  });

  it("does not count against the target what is sent on a connection that it said it would end", async () => {
    const log = recordingLog();
    const { url } = await startPlain((_incoming, response) => {
      response.setHeader("connection", "close");
      response.end("Hello\n");
    });
    const measured = await level(targetAt(url), { ms: 400, log });
    expect(measured.requests).toBeGreaterThan(20);
    expect(measured).toMatchObject({ errors: 0, non2xx: 0, timeouts: 0 });
    expect(log.lines.map((line) => line.level)).toEqual(["warn"]);
  });

  it("counts other answers than 2xx, and they are no throughput", async () => {
    let asked = 0;
    const { url } = await startPlain((_incoming, response) => {
      response.statusCode = ++asked % 2 === 0 ? 503 : 200;
      response.end();
    });
    const measured = await level(targetAt(url));
    expect(measured.non2xx / measured.requests).toBeCloseTo(0.5, 1);
    expect(measured.throughput).toBeCloseTo(((measured.requests - measured.non2xx) * 1_000) / measured.durationMs, 6);
  });

  it("counts 2xx answers that do not hold the expected text as wrong", async () => {
    let asked = 0;
    const { url } = await startPlain((_incoming, response) => {
      response.end(++asked % 4 === 0 ? '{"status":"UNAUTHORISED"}' : '{"status":"OK"}');
    });
    const measured = await level(targetAt(url), { expected: '"status":"OK"' });
    expect(measured.non2xx).toBe(0);
    expect((measured.wrongBody ?? 0) / measured.requests).toBeCloseTo(0.25, 1);
    expect(measured.throughput).toBeLessThan((measured.requests * 900) / measured.durationMs);
  });

  it("counts a request that got no answer within the time limit as timed out", async () => {
    let asked = 0;
    const { url } = await startPlain((_incoming, response) => {
      if (++asked <= 2) return;
      setTimeout(() => response.end(), 5);
    });
    const measured = await level(targetAt(url), { ms: 1_500, timeoutMs: 1_000 });
    expect(measured).toMatchObject({ errors: 0, timeouts: 2, non2xx: 0 });
  });

  it("counts callers that hang through the whole level as timed out", async () => {
    let asked = 0;
    const { url } = await startPlain((_incoming, response) => {
      if (++asked <= 3) return;
      setTimeout(() => response.end(), 5);
    });
    const measured = await level(targetAt(url), { ms: 300 });
    expect(measured).toMatchObject({ errors: 0, timeouts: 3 });
    expect(measured.requests).toBeGreaterThan(10);
  });
});

describe("a target that fails", () => {
  it("from the begin is an error that says why, at once", async () => {
    const { url, die } = await startPlain((_incoming, response) => void response.end());
    die();
    const began = performance.now();
    await expect(level(targetAt(url), { ms: 5_000 })).rejects.toThrow(
      /no connection to 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    );
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it("in mid-level ends the level early, with its errors counted", async () => {
    let asked = 0;
    const { url, die } = await startPlain((_incoming, response) => {
      if (++asked === 100) die();
      else setTimeout(() => response.end(), 2);
    });
    const measured = await level(targetAt(url), { ms: 8_000 });
    expect(measured.durationMs).toBeLessThan(6_000);
    expect(measured.requests).toBeLessThan(100);
    expect(measured.errors).toBeGreaterThan(20);
  });

  it("with every request ends the level early", async () => {
    const { url } = await startPlain((_incoming, response) => {
      response.statusCode = 500;
      response.end();
    });
    const measured = await level(targetAt(url), { ms: 8_000 });
    expect(measured.durationMs).toBeLessThan(6_000);
    expect(measured.throughput).toBe(0);
    expect(measured.non2xx).toBe(measured.requests);
    expect(measured.requests).toBeGreaterThan(10);
  });

  it("by never answering is an error", async () => {
    const { url } = await startPlain(() => undefined);
    await expect(level(targetAt(url), { ms: 300 })).rejects.toThrow("no request was answered");
  });
});

describe("an interrupted level", () => {
  it("resolves soon, with what was measured", async () => {
    const abort = new AbortController();
    let asked = 0;
    const { url } = await startPlain((_incoming, response) => {
      if (++asked === 200) abort.abort();
      setTimeout(() => response.end(), 2);
    });
    const began = performance.now();
    const measured = await level(targetAt(url), { ms: 20_000, signal: abort.signal });
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(measured.requests).toBeGreaterThan(0);
    expect(measured.requests).toBeLessThan(1_000);
  });

  it("that was aborted before it began sends nothing", async () => {
    let asked = 0;
    const { url } = await startPlain((_incoming, response) => {
      asked++;
      response.end();
    });
    const measured = await level(targetAt(url), { signal: AbortSignal.abort() });
    expect(measured).toMatchObject({ requests: 0, durationMs: 0 });
    expect(asked).toBe(0);
  });
});

describe("what cannot be asked of a level", () => {
  it.each([
    ["HEAD", { request: { ...HELLO, method: "HEAD" as const } }, /HEAD/],
    ["a header with a line break", { request: { ...HELLO, headers: { a: "b\r\nc: d" } } }, /line break/],
    ["no connections", { connections: 0 }, /1 to 10000 connections/],
  ])("%s is an error", async (_name, options, message) => {
    const { url } = await startPlain((_incoming, response) => void response.end());
    await expect(level(targetAt(url), options)).rejects.toThrow(message);
  });
});
