import { describe, expect, it } from "vitest";
import type { Arrivals } from "../../src/domain/index.ts";
import { durationOf } from "../../loadtests/arrivals.ts";
import { createPacer, expectedArrivals } from "../../loadtests/pacer.ts";

function all(arrivals: Arrivals, seed = 1, thread = 0, threads = 1): number[] {
  const pacer = createPacer(arrivals, seed, { thread, threads });
  const moments: number[] = [];
  for (let due = pacer.next(); due !== Number.POSITIVE_INFINITY; due = pacer.next()) moments.push(due);
  expect(pacer.next()).toBe(Number.POSITIVE_INFINITY);
  return moments;
}

describe("constant arrivals", () => {
  it("are evenly spaced from the first moment, and none is due at the end", () => {
    expect(all({ kind: "constant", rate: 4, durationMs: 1000 })).toEqual([0, 250, 500, 750]);
  });

  it("do not drift: the last of a million is exactly where it belongs", () => {
    const moments = all({ kind: "constant", rate: 1000, durationMs: 1_000_000 });
    expect(moments).toHaveLength(1_000_000);
    expect(moments.at(-1)).toBe(999_999);
    expect(moments[333_333]).toBe(333_333);
  });

  it("keep a rate that divides nothing evenly", () => {
    const moments = all({ kind: "constant", rate: 300, durationMs: 10_000 });
    expect(moments).toHaveLength(3000);
    expect(moments[1]).toBeCloseTo(10 / 3, 12);
  });
});

describe("a ramp", () => {
  const rising: Arrivals = { kind: "ramp", from: 0, to: 100, durationMs: 10_000 };

  it("has the i-th arrival due when the integral of the rate reaches i", () => {
    const moments = all(rising);
    expect(moments).toHaveLength(500);
    for (const [i, due] of moments.entries()) expect((100 / 10 / 2) * (due / 1000) ** 2).toBeCloseTo(i, 6);
  });

  it("falls as it rises, and ends at no requests at all", () => {
    const moments = all({ kind: "ramp", from: 100, to: 0, durationMs: 10_000 });
    expect(moments).toHaveLength(500);
    for (const [i, due] of moments.entries()) {
      const s = due / 1000;
      expect(100 * s - 5 * s * s).toBeCloseTo(i, 6);
    }
    expect(moments.at(-1)).toBeLessThan(10_000);
  });

  it("that does not rise is constant", () => {
    expect(all({ kind: "ramp", from: 50, to: 50, durationMs: 1000 })).toEqual(
      all({ kind: "constant", rate: 50, durationMs: 1000 }),
    );
  });
});

describe("steps", () => {
  it("follow one another, with pauses, and an arrival is not lost between two", () => {
    const steps = [
      { rate: 2, durationMs: 1000 },
      { rate: 0, durationMs: 500 },
      { rate: 4, durationMs: 1000 },
    ];
    expect(all({ kind: "step", steps })).toEqual([0, 500, 1500, 1750, 2000, 2250]);
    expect(durationOf({ kind: "step", steps })).toBe(2500);
  });

  it("carry a broken part of an arrival over to the next step", () => {
    // 1.5 arrivals in the first step: the second is due at its end by half, so 500 ms into the next at one a second.
    const steps = [
      { rate: 0.5, durationMs: 3000 },
      { rate: 1, durationMs: 2000 },
    ];
    expect(all({ kind: "step", steps })).toEqual([0, 2000, 3500, 4500]);
  });
});

describe("Poisson arrivals", () => {
  const arrivals: Arrivals = { kind: "poisson", rate: 1000, durationMs: 60_000 };

  it("are the same for the same seed, and others for another", () => {
    expect(all(arrivals, 7)).toEqual(all(arrivals, 7));
    expect(all(arrivals, 8).slice(0, 10)).not.toEqual(all(arrivals, 7).slice(0, 10));
  });

  it("have the mean rate and the variance of a Poisson process", () => {
    const moments = all(arrivals, 42);
    expect(Math.abs(moments.length - expectedArrivals(arrivals))).toBeLessThan(4 * Math.sqrt(60_000));
    const bins = Array.from({ length: 6000 }, () => 0);
    for (const due of moments) bins[Math.floor(due / 10)] = (bins[Math.floor(due / 10)] ?? 0) + 1;
    const mean = moments.length / bins.length;
    const variance = bins.reduce((sum, n) => sum + (n - mean) ** 2, 0) / bins.length;
    expect(variance / mean).toBeGreaterThan(0.9);
    expect(variance / mean).toBeLessThan(1.1);
    expect(moments.every((due, i) => due >= (moments[i - 1] ?? 0) && due < 60_000)).toBe(true);
  });
});

describe("several threads", () => {
  const kinds: readonly Arrivals[] = [
    { kind: "constant", rate: 333, durationMs: 3000 },
    { kind: "ramp", from: 10, to: 200, durationMs: 3000 },
    { kind: "step", steps: [5, 0, 70].map((rate) => ({ rate, durationMs: 900 })) },
    { kind: "poisson", rate: 100, durationMs: 3000 },
  ];
  it.each(kinds)("share $kind arrivals without losing or doubling one", (arrivals) => {
    const together = [0, 1, 2].flatMap((thread) => all(arrivals, 5, thread, 3)).sort((a, b) => a - b);
    expect(together).toEqual(all(arrivals, 5));
  });

  it.each(kinds.filter((arrivals) => arrivals.kind !== "poisson"))("$kind: as many as were expected", (arrivals) => {
    expect(all(arrivals)).toHaveLength(expectedArrivals(arrivals));
  });
});

it("arrivals that cannot be sent are refused in a sentence", () => {
  expect(() => createPacer({ kind: "constant", rate: -1, durationMs: 10 }, 1)).toThrow("a rate must be from 0");
  expect(() => createPacer({ kind: "constant", rate: 1, durationMs: 0 }, 1)).toThrow("longer than nothing");
  expect(() => createPacer({ kind: "constant", rate: 1, durationMs: 86_400_000 }, 1)).toThrow("at most 11 hours");
  expect(() => createPacer({ kind: "poisson", rate: Number.NaN, durationMs: 10 }, 1)).toThrow("not NaN");
});

it("no rate is no arrival, also for Poisson", () => {
  expect(all({ kind: "constant", rate: 0, durationMs: 1000 })).toEqual([]);
  expect(all({ kind: "poisson", rate: 0, durationMs: 1000 })).toEqual([]);
});
