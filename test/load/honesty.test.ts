import { afterEach, describe, expect, it } from "vitest";
import { runAttack } from "../../loadtests/attack.ts";
import type { StageFigures } from "../../loadtests/figures.ts";
import { Tally } from "../../loadtests/tally.ts";
import { createUndiciTransport } from "../../src/load/transport.ts";
import { NO_CORE } from "../../src/domain/index.ts";
import type { Arrivals, ScenarioRun } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { deadPort, hello, serve, serveTcp, targetOf } from "./load-server.ts";
import type { LoadServer } from "./load-server.ts";

const open: LoadServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function keep(server: LoadServer): LoadServer {
  open.push(server);
  return server;
}

/** Asks for `/<i>` in turn, after whatever `before` does to the thread. */
function counting(before: (i: number) => void = () => undefined): ScenarioRun {
  let i = 0;
  return {
    prepare: () => undefined,
    next: () => {
      before(i);
      return {
        endpoint: 0,
        request: { method: "GET", path: `/${i++}`, headers: {}, body: undefined },
        judge: (status) => (status === 200 ? "ok" : "non-2xx"),
        abandon: () => undefined,
      };
    },
  };
}

async function attack(
  port: number,
  arrivals: Arrivals,
  over: { scenario?: ScenarioRun; maxInFlight?: number; timeoutMs?: number; beginAt?: number } = {},
): Promise<StageFigures> {
  const { scenario = counting(), maxInFlight = 500, timeoutMs = 2000, beginAt = systemClock.monotonic() + 20 } = over;
  const transport = createUndiciTransport({
    target: targetOf(`http://127.0.0.1:${port}`),
    timeoutMs,
    maxConnections: maxInFlight,
    clock: systemClock,
  });
  const tally = new Tally({ endpoints: 1, cores: 0, durationMs: 60_000 });
  const { offered } = await runAttack({
    arrivals,
    thread: 0,
    threads: 1,
    seed: 1,
    clock: systemClock,
    beginAt,
    transport,
    scenario,
    maxInFlight,
    coreIndex: () => NO_CORE,
    onShots: (records) => tally.add(records),
    flushMs: 50,
    signal: new AbortController().signal,
  });
  await transport.close();
  const figures = tally.figures();
  const { all } = figures;
  expect(all.offered).toBe(offered);
  expect(Object.values(all.counts).reduce((sum, count) => sum + count, 0)).toBe(offered);
  expect(all.response.count).toBe(offered - all.counts.dropped);
  return figures;
}

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("the truth about a service", () => {
  it("that freezes is told, to a few milliseconds of what its own log says", async () => {
    // Freezes for the last 200 ms of every second; what comes in then is answered when it is over.
    const rate = 250;
    const answered = new Map<number, number>();
    const beginAt = systemClock.monotonic() + 50;
    const server = keep(
      await serve((request, response) => {
        const phase = (systemClock.monotonic() - beginAt) % 1000;
        setTimeout(
          () => {
            answered.set(Number(request.url?.slice(1)), systemClock.monotonic() - beginAt);
            hello(request, response);
          },
          phase >= 800 ? 1000 - phase : 0,
        );
      }),
    );
    const { all } = await attack(server.port, { kind: "constant", rate, durationMs: 3000 }, { beginAt });
    const truth = [...answered].map(([i, at]) => at - (i * 1000) / rate).sort((a, b) => a - b);
    expect(truth).toHaveLength(750);
    for (const percent of [50, 90, 99, 99.9]) {
      const real = truth[Math.ceil((percent / 100) * truth.length) - 1] ?? 0;
      expect(Math.abs(all.response.at(percent) - real)).toBeLessThan(real * 0.02 + 10);
    }
    // Every tenth request waited 100 ms or more: whoever waits for answers before sending never sees that.
    expect(all.response.at(90)).toBeGreaterThan(80);
    expect(all.counts.ok).toBe(750);
  });

  it("that resets every connection: all lost, all in the histogram", async () => {
    const server = keep(await serveTcp((socket) => socket.once("data", () => socket.resetAndDestroy())));
    const { all } = await attack(server.port, { kind: "poisson", rate: 200, durationMs: 500 });
    expect(all.counts.lost).toBe(all.offered);
    expect(all.offered).toBeGreaterThan(50);
  });

  it("that never answers: timed-out up to the bound in flight, dropped beyond, each at its limit", async () => {
    const server = keep(await serveTcp(() => undefined));
    const { all } = await attack(
      server.port,
      { kind: "constant", rate: 100, durationMs: 600 },
      { maxInFlight: 20, timeoutMs: 300 },
    );
    expect(all.counts["timed-out"] + all.counts.dropped).toBe(60);
    expect(all.counts["timed-out"]).toBeGreaterThanOrEqual(20);
    expect(all.counts.dropped).toBeGreaterThanOrEqual(10);
    expect(all.service.at(0)).toBeGreaterThanOrEqual(298);
  });

  it("that is not there: refused, all of it", async () => {
    const { all } = await attack(await deadPort(), { kind: "constant", rate: 200, durationMs: 300 });
    expect(all.counts.refused).toBe(60);
  });

  it("that says no is told as that", async () => {
    const server = keep(await serve((_request, response) => void response.writeHead(503).end()));
    const { all } = await attack(server.port, { kind: "constant", rate: 200, durationMs: 300 });
    expect(all.counts["non-2xx"]).toBe(60);
  });
});

describe("the truth about the generator", () => {
  it("that is too slow for the rate: lateness grows, and the rate was not held, though all was sent", async () => {
    const server = keep(await serve(hello));
    const scenario = counting(() => busy(10));
    const { all, lateness, sentRate } = await attack(
      server.port,
      { kind: "constant", rate: 200, durationMs: 500 },
      { scenario },
    );
    expect(all.counts.ok).toBe(100);
    expect(lateness.at(99)).toBeGreaterThan(250);
    expect(sentRate).toBeLessThan(150);
    expect(all.response.at(99)).toBeGreaterThan(lateness.at(90));
  });

  it("that stalls now and then: lateness and dispersion show it", async () => {
    const server = keep(await serve(hello));
    const scenario = counting((i) => (i % 100 === 50 ? busy(100) : undefined));
    const { lateness, dispersion, plannedDispersion } = await attack(
      server.port,
      { kind: "constant", rate: 500, durationMs: 1000 },
      { scenario },
    );
    expect(lateness.at(99)).toBeGreaterThan(50);
    expect(plannedDispersion).toBeLessThan(0.05);
    expect(dispersion).toBeGreaterThan(3);
  });
});
