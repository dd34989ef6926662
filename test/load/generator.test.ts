import { afterEach, describe, expect, it } from "vitest";
import { Tally } from "../../loadtests/tally.ts";
import { createLoadGenerator } from "../../src/load/generator.ts";
import type { Arrivals, LoadGenerator, LoadSetup } from "../../src/domain/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import { shotsIn } from "../loadtests/shot-list.ts";
import { deadPort, hello, serve, targetOf } from "./load-server.ts";
import type { LoadServer } from "./load-server.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const never = new AbortController().signal;

async function server(): Promise<LoadServer> {
  const one = await serve(hello);
  open.push(one);
  return one;
}

function setUp(port: number, over: Partial<LoadSetup> = {}, workerFile?: URL) {
  const log = recordingLog();
  const generator: LoadGenerator = createLoadGenerator({
    clock: systemClock,
    log,
    ...(workerFile === undefined ? {} : { workerFile }),
  });
  open.push({ close: () => generator.stop() });
  const setup: LoadSetup = {
    target: targetOf(`http://127.0.0.1:${port}`),
    scenario: { name: "hello", settings: {} },
    workers: 2,
    seed: 11,
    maxInFlight: 101,
    timeoutMs: 2000,
    ...over,
  };
  return { generator, setup, log };
}

const STAGE: Arrivals = { kind: "constant", rate: 200, durationMs: 1000 };

describe("a generator of two threads", () => {
  it("sends each arrival once, hands over records while it runs, and says how it fared", async () => {
    const { generator, setup } = setUp((await server()).port);
    await generator.start(setup, never);
    const batches: Uint8Array[] = [];
    const health = await generator.stage(STAGE, (records) => batches.push(records), never);
    const shots = shotsIn(batches).sort((a, b) => a.scheduledMs - b.scheduledMs);
    expect(shots.map((shot) => shot.scheduledMs)).toEqual(Array.from({ length: 200 }, (_, i) => i * 5));
    expect(shots.every((shot) => shot.outcome === "ok" && shot.core === 1)).toBe(true);
    expect(batches.length).toBeGreaterThan(8);
    expect(health.workers).toBe(2);
    expect(health.cpuSeconds).toBeGreaterThan(0);
    expect(health.cpuShare).toBeLessThan(2);
    expect(health.memoryBytes).toBeGreaterThan(10_000_000);
    expect(health.maxInFlight).toBeGreaterThanOrEqual(1);
    expect(Math.abs(health.clockStepMs)).toBeLessThan(1000);

    generator.setCores(["acme-2"]);
    const again: Uint8Array[] = [];
    await generator.stage({ ...STAGE, durationMs: 100 }, (records) => again.push(records), never);
    expect(shotsIn(again).map((shot) => shot.core)).toEqual(Array.from({ length: 20 }, () => 0));
  });

  it("has the same Poisson arrivals for the same seed, and others in its next stage", async () => {
    const { port } = await server();
    const poisson: Arrivals = { kind: "poisson", rate: 300, durationMs: 300 };
    const moments: number[][] = [];
    for (let i = 0; i < 2; i++) {
      const { generator, setup } = setUp(port);
      await generator.start(setup, never);
      for (let stage = 0; stage < 2; stage++) {
        const batches: Uint8Array[] = [];
        await generator.stage(poisson, (records) => batches.push(records), never);
        moments.push(
          shotsIn(batches)
            .map((shot) => shot.scheduledMs)
            .sort((a, b) => a - b),
        );
      }
    }
    expect(moments[2]).toEqual(moments[0]);
    expect(moments[3]).toEqual(moments[1]);
    expect(moments[1]).not.toEqual(moments[0]);
  });

  it("stops when told: what was due is accounted for, nothing comes after", async () => {
    const { generator, setup } = setUp((await server()).port);
    await generator.start(setup, never);
    const abort = new AbortController();
    const tally = new Tally({ endpoints: 1, cores: 2, durationMs: 60_000 });
    const began = systemClock.monotonic();
    await generator.stage(
      { ...STAGE, durationMs: 60_000 },
      (records) => {
        tally.add(records);
        if (tally.figures().all.offered >= 60) abort.abort();
      },
      abort.signal,
    );
    expect(systemClock.monotonic() - began).toBeLessThan(5000);
    expect(tally.figures().all.offered).toBeGreaterThanOrEqual(60);
    expect(tally.figures().all.offered).toBeLessThan(600);
  });

  it("that is stopped in the middle of a stage ends the stage first", async () => {
    const { generator, setup } = setUp((await server()).port);
    await generator.start(setup, never);
    const batches: Uint8Array[] = [];
    const stage = generator.stage({ ...STAGE, durationMs: 60_000 }, (records) => batches.push(records), never);
    await generator.stop();
    expect((await stage).workers).toBe(2);
    expect(shotsIn(batches).length).toBeLessThan(600);
  });

  it("that is aborted before its stage sends nothing", async () => {
    const { generator, setup } = setUp((await server()).port);
    await generator.start(setup, never);
    const batches: Uint8Array[] = [];
    await generator.stage(STAGE, (records) => batches.push(records), AbortSignal.abort());
    expect(shotsIn(batches).filter((shot) => shot.outcome !== "dropped")).toEqual([]);
  });

  it("bounds what is in flight over all threads, and says why requests failed", async () => {
    const { generator, setup, log } = setUp(await deadPort(), { maxInFlight: 5 });
    await generator.start(setup, never);
    const health = await generator.stage({ ...STAGE, durationMs: 200 }, () => undefined, never);
    expect(health.maxInFlight).toBeLessThanOrEqual(5);
    expect(JSON.stringify(log.lines)).toContain("ECONNREFUSED");
  });
});

describe("what goes wrong is said in a sentence", () => {
  it("a scenario that cannot be prepared", async () => {
    const { generator, setup } = setUp(await deadPort(), { scenario: { name: "session-verify", settings: {} } });
    await expect(generator.start(setup, never)).rejects.toThrow(
      /the load could not be prepared: \d+ of \d+ requests failed/,
    );
  });

  it("a scenario that there is not, or with settings that it does not take", async () => {
    const { generator, setup } = setUp(1, { scenario: { name: "nonsense", settings: {} } });
    await expect(generator.start(setup, never)).rejects.toThrow("nonsense");
  });

  it("an interrupt while preparing", async () => {
    const silent = await serve(() => undefined);
    open.push(silent);
    const { generator, setup } = setUp(silent.port, {
      scenario: { name: "session-verify", settings: {} },
      timeoutMs: 300,
    });
    const abort = new AbortController();
    const starting = generator.start(setup, abort.signal);
    abort.abort();
    await expect(starting).rejects.toThrow("interrupted");
  });

  it("a thread that dies in a stage", async () => {
    const { generator, setup } = setUp(1, {}, new URL("./dying-worker.ts", import.meta.url));
    await generator.start(setup, never);
    await expect(generator.stage(STAGE, () => undefined, never)).rejects.toThrow(
      /thread \d of the load generator died: the scenario ran out of its mind/,
    );
  });

  it("numbers of threads that make no sense, and stages without a start", async () => {
    const { generator, setup } = setUp(1, { workers: 0 });
    await expect(generator.start(setup, never)).rejects.toThrow("1 to 64 threads");
    await expect(generator.stage(STAGE, () => undefined, never)).rejects.toThrow("not running");
  });
});
