import { describe, expect, it } from "vitest";
import { failedShare, findKnee, tellKnee } from "../../loadtests/knee.ts";
import { bounded, levelOf, randomFrom, universal } from "./closed-curves.ts";

const DOUBLING = [1, 2, 4, 8, 16, 32, 64, 128, 256];

describe("the knee of a curve", () => {
  it("is where throughput stops growing, whatever the order of the levels", () => {
    const levels = DOUBLING.map((n) => levelOf(n, bounded(n, 10, 1_600)));
    const knee = findKnee(levels.toReversed());
    expect(knee).toMatchObject({ reached: true, why: "flat", level: { connections: 16, throughput: 1_600 } });
    expect(tellKnee(knee)).toBe(
      "Throughput stops growing at 1600 requests/s at 16 connections, 10 ms on average; more connections only wait longer.",
    );
  });

  it("does not depend on how far apart the levels are", () => {
    const levels = [4, 8, 12, 16, 20, 24, 28].map((n) => levelOf(n, bounded(n, 10, 1_600)));
    expect(findKnee(levels)).toMatchObject({ reached: true, level: { connections: 16 } });
  });

  it("is found on a curve that rounds off and falls again", () => {
    // Peak at √((1 − σ) / κ) = 31 callers: 804, 903 and 784 requests/s at 16, 32 and 64.
    const levels = DOUBLING.map((n) => levelOf(n, universal(n, 100, 0.05, 0.001)));
    const knee = findKnee(levels);
    expect(knee).toMatchObject({ reached: true, why: "flat", level: { connections: 32 } });
  });

  it("is the same where two stages measured the same levels", () => {
    const once = DOUBLING.map((n) => levelOf(n, bounded(n, 10, 1_600)));
    const again = once.map((level) => levelOf(level.connections, level.throughput * 0.97));
    expect(findKnee([...again, ...once])).toEqual(findKnee(once));
    expect(findKnee([...once, levelOf(8, 780, { errors: 100 })])).toMatchObject({ level: { connections: 4 } });
  });

  it("is not reached while throughput grows at the last level", () => {
    const levels = [1, 2, 4, 8].map((n) => levelOf(n, bounded(n, 10, 1_600)));
    const knee = findKnee(levels);
    expect(knee).toMatchObject({ reached: false, why: "growing", level: { connections: 8 } });
    expect(tellKnee(knee)).toContain("not reached");
  });

  it("is not reached where only one level lies beyond: that may be noise", () => {
    const levels = [4, 8, 16, 32].map((n) => levelOf(n, bounded(n, 10, 1_600)));
    expect(findKnee(levels)).toMatchObject({ reached: false, why: "growing" });
    expect(findKnee([...levels, levelOf(64, 1_600)])).toMatchObject({ reached: true, level: { connections: 16 } });
  });

  it("is not called the target's where the generator was at its own limit", () => {
    const levels = DOUBLING.map((n) => levelOf(n, bounded(n, 0.1, 60_000), { generatorBusy: n < 8 ? 0.6 : 0.99 }));
    expect(findKnee(levels)).toMatchObject({ reached: false, why: "generator" });
  });

  it("is the last level before requests fail, even if later ones do well again", () => {
    const levels = [levelOf(4, 400), levelOf(8, 800), levelOf(16, 900, { non2xx: 100 }), levelOf(32, 3_200)];
    expect(findKnee(levels)).toMatchObject({ reached: true, why: "errors", level: { connections: 8 } });
  });

  it("does not exist where the first level fails, or there is none", () => {
    expect(findKnee([])).toMatchObject({ reached: false, level: undefined });
    expect(findKnee([levelOf(1, 100, { timeouts: 5 })])).toMatchObject({ reached: false, why: "errors" });
  });

  it("survives noise: in a thousand noisy curves it lies within one doubling of the truth, at nearly its throughput", () => {
    const seed = 20_261_121;
    const random = randomFrom(seed);
    for (let round = 0; round < 1_000; round++) {
      const levels = DOUBLING.map((n) => levelOf(n, bounded(n, 10, 1_600) * (1 + 0.16 * (random() - 0.5))));
      const { reached, level } = findKnee(levels);
      const near = level !== undefined && (level.connections === 16 || level.connections === 32);
      const seen = { seed, round, reached, near, most: level !== undefined && level.throughput > 1_400 };
      expect(seen).toEqual({ seed, round, reached: true, near: true, most: true });
    }
  });
});

describe("the share that failed", () => {
  it("is of all requests that were made", () => {
    expect(failedShare(levelOf(1, 90, { non2xx: 3, wrongBody: 2, errors: 6, timeouts: 4 }))).toBeCloseTo(15 / 100, 10);
  });

  it("is everything where nothing was made", () => {
    expect(failedShare(levelOf(1, 0))).toBe(1);
  });
});
