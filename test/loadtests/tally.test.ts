import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Distribution, ShotGroup, StageFigures } from "../../loadtests/figures.ts";
import { createPacer } from "../../loadtests/pacer.ts";
import { Tally } from "../../loadtests/tally.ts";
import { NO_CORE, SHOT_OUTCOMES } from "../../src/domain/index.ts";
import type { Shot } from "../../src/domain/index.ts";
import { recordsOf } from "./shot-list.ts";

const SETTINGS = { endpoints: 2, cores: 2, durationMs: 10_000 };

function tallied(shots: readonly Partial<Shot>[], settings = SETTINGS): Tally {
  const tally = new Tally(settings);
  tally.add(recordsOf(shots));
  return tally;
}

/** Everything that figures say, as plain data. */
function said(figures: StageFigures): unknown {
  const spread = (d: Distribution): unknown => ({
    count: d.count,
    mean: d.meanMs.toFixed(6),
    max: d.maxMs,
    curve: d.curve(),
    over: [1, 50, 500].map((ms) => d.shareOver(ms)),
  });
  const group = (g: ShotGroup): unknown => ({ ...g, response: spread(g.response), service: spread(g.service) });
  return {
    ...figures,
    all: group(figures.all),
    lateness: spread(figures.lateness),
    endpoints: figures.endpoints.map(group),
    cores: figures.cores.map(group),
    between: [figures.between(0, 3000), figures.between(2500, 10_000)],
  };
}

const shots = fc.array(
  fc.record({
    scheduledMs: fc.integer({ min: 0, max: 9999 }),
    latenessMs: fc.integer({ min: 0, max: 400 }).map((n) => n / 8),
    serviceMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 90_000 })),
    outcome: fc.constantFrom(...SHOT_OUTCOMES),
    endpoint: fc.integer({ min: 0, max: 1 }),
    core: fc.constantFrom(0, 1, NO_CORE),
  }),
  { maxLength: 200 },
);

describe("tallies of several threads, merged, are the tally of all", () => {
  it("to the last figure", () => {
    fc.assert(
      fc.property(fc.array(shots, { minLength: 1, maxLength: 4 }), (threads) => {
        const merged = new Tally(SETTINGS);
        for (const thread of threads) merged.merge(tallied(thread));
        expect(said(merged.figures())).toEqual(said(tallied(threads.flat()).figures()));
      }),
      { seed: 20_261_121, numRuns: 60 },
    );
  });
});

describe("the order of records", () => {
  it("does not matter: answers may come minutes late", () => {
    fc.assert(
      fc.property(shots, (list) => {
        expect(said(tallied(list.toReversed()).figures())).toEqual(said(tallied(list).figures()));
      }),
      { seed: 20_261_121, numRuns: 40 },
    );
  });
});

describe("a distribution", () => {
  it("is within a thousandth of the sorted truth, and never below it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 300 }), (times) => {
        const sorted = times.toSorted((a, b) => a - b);
        const { response } = tallied(times.map((us) => ({ serviceMs: us / 1000 }))).figures().all;
        for (const percent of [1, 50, 90, 99, 99.9, 100]) {
          const truth = (sorted[Math.ceil((percent / 100) * sorted.length - 1e-9) - 1] ?? 0) / 1000;
          expect(response.at(percent)).toBeGreaterThanOrEqual(truth);
          expect(response.at(percent)).toBeLessThanOrEqual(truth * 1.001 + 0.001);
        }
        expect(response.maxMs).toBe((sorted.at(-1) ?? 0) / 1000);
        expect(response.meanMs).toBeCloseTo(times.reduce((sum, us) => sum + us, 0) / times.length / 1000, 6);
      }),
      { seed: 20_261_121, numRuns: 60 },
    );
  });

  it("knows the share above a limit", () => {
    const list = Array.from({ length: 1000 }, (_, i) => ({ serviceMs: i < 5 ? 1600 : 100 }));
    const { response } = tallied(list).figures().all;
    expect(response.shareOver(1500)).toBe(0.005);
    expect(response.shareOver(2000)).toBe(0);
    expect(response.shareOver(50)).toBe(1);
  });

  it("without samples says nothing but zeros", () => {
    const figures = new Tally(SETTINGS).figures();
    const { response } = figures.all;
    expect([response.count, response.meanMs, response.maxMs, response.at(99), response.shareOver(0)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(response.curve()).toEqual([]);
    expect([figures.dispersion, figures.plannedDispersion, figures.sentRate, figures.windows.length]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("has a curve of at most 200 rising points up to the longest", () => {
    const curve = tallied(Array.from({ length: 5000 }, (_, i) => ({ serviceMs: i })))
      .figures()
      .all.response.curve();
    expect(curve.length).toBeLessThanOrEqual(200);
    expect(curve.every((point, i) => i === 0 || point.ms >= (curve[i - 1]?.ms ?? 0))).toBe(true);
    expect(curve.at(-1)).toEqual({ percent: 100, ms: 4999 });
  });
});

describe("what is in and what is not", () => {
  it("every arrival is in the counts, failures are in the durations, dropped ones are not", () => {
    const list = SHOT_OUTCOMES.map((outcome) => ({ outcome, latenessMs: 1, serviceMs: 100 }));
    const { all, lateness } = tallied(list).figures();
    expect(all.offered).toBe(SHOT_OUTCOMES.length);
    expect(Object.values(all.counts)).toEqual(SHOT_OUTCOMES.map(() => 1));
    expect([all.response.count, all.service.count, lateness.count]).toEqual([7, 7, 7]);
    expect([all.response.maxMs, all.service.maxMs, lateness.maxMs]).toEqual([101, 100, 1]);
  });

  it("answers go to the core that they name; a core nobody told of counts as unnamed until it is", () => {
    const tally = tallied([
      { core: 0 },
      { core: 1 },
      { core: 2 },
      { core: NO_CORE },
      { core: NO_CORE, outcome: "lost" },
    ]);
    expect(tally.figures().windows[0]?.byCore).toEqual([1, 1, 2]);
    tally.setCores(3);
    tally.add(recordsOf([{ core: 2 }]));
    const figures = tally.figures();
    expect(figures.cores.map((core) => core.offered)).toEqual([1, 1, 1]);
    expect(figures.windows[0]?.byCore).toEqual([1, 1, 1, 2]);
  });
});

describe("windows", () => {
  it("are seconds, by the moment at which requests were due", () => {
    const { windows, between } = tallied([
      { scheduledMs: 999, serviceMs: 5000 },
      { scheduledMs: 1000, serviceMs: 10, outcome: "lost" },
      { scheduledMs: 3000, serviceMs: 20 },
    ]).figures();
    expect(windows.map((w) => [w.fromMs, w.toMs, w.offered])).toEqual([
      [0, 1000, 1],
      [1000, 2000, 1],
      [2000, 3000, 0],
      [3000, 4000, 1],
    ]);
    expect(between(1000, 4000)).toMatchObject({ offered: 2, counts: { lost: 1, ok: 1 } });
    expect(between(1000, 4000).p99Ms).toBe(20);
    expect(between(500, 1999).offered).toBe(0);
    expect(windows[0]?.p99Ms).toBe(5000);
  });

  it("are at most 600, also for hours, and the last holds what was due at the very end", () => {
    const durationMs = 4 * 3_600_000;
    const tally = tallied([{ scheduledMs: 0 }, { scheduledMs: durationMs - 0.01 }, { scheduledMs: durationMs }], {
      ...SETTINGS,
      durationMs,
    });
    const { windows } = tally.figures();
    expect(windows).toHaveLength(600);
    expect(windows.at(-1)).toMatchObject({ offered: 2, toMs: durationMs });
  });
});

describe("the generator's own figures", () => {
  function paced(kind: "constant" | "poisson", lateness: (dueMs: number) => number): StageFigures {
    const pacer = createPacer({ kind, rate: 1000, durationMs: 10_000 }, 3);
    const list: Partial<Shot>[] = [];
    for (let due = pacer.next(); due < 10_000; due = pacer.next()) {
      list.push({ scheduledMs: due, latenessMs: lateness(due), serviceMs: 5 });
    }
    return tallied(list).figures();
  }

  it("even arrivals have no dispersion, Poisson ones have one", () => {
    expect(paced("constant", () => 0).dispersion).toBeLessThan(0.01);
    const poisson = paced("poisson", () => 0);
    expect(poisson.dispersion).toBeCloseTo(1, 0);
    expect(poisson.plannedDispersion).toBeCloseTo(poisson.dispersion, 2);
  });

  it("a generator that sends a tenth of a second's requests at once shows it, though all are sent", () => {
    const bursts = paced("constant", (due) => 100 - (due % 100));
    expect(bursts.plannedDispersion).toBeLessThan(0.01);
    expect(bursts.dispersion).toBeGreaterThan(50);
    expect(bursts.lateness.at(99)).toBeGreaterThan(90);
  });

  it("the rate is of what was sent by the last due moment: who catches up later did not hold it", () => {
    expect(paced("constant", () => 0.3).sentRate).toBeCloseTo(1000, 6);
    expect(paced("poisson", () => 0.3).sentRate).toBeCloseTo(1000, -2);
    expect(paced("constant", (due) => due / 4).sentRate).toBeCloseTo(800, -1);
  });
});
