import { describe, expect, test } from "vitest";
import { certify } from "../../loadtests/certificate.ts";
import { compareCertificates, type Comparison } from "../../loadtests/compare.ts";
import { seededRandom } from "../../loadtests/random.ts";
import type { RunRecord } from "../../loadtests/figures.ts";
import { passingRun, withFigures, withHead } from "./records.ts";

const SEED = 7;
const quick = passingRun("quick");

/** A run whose windows scatter by chance, with bad seconds in a row now and then, about `p99Ms`. */
function noisy(stream: string, p99Ms: number, wish: object = {}): RunRecord {
  const random = seededRandom(SEED, stream);
  let trouble = 0;
  const values: number[] = [];
  for (let i = 0; i < 600; i++) {
    trouble = random() < 0.03 ? 20 : trouble * 0.7;
    values.push(p99Ms * (0.9 + 0.2 * random()) + trouble);
  }
  const windowP99 = (at: number): number => values[at / 1_000] ?? p99Ms;
  return withFigures(quick, "sustained", { windowP99, windowP50: (at) => windowP99(at) / 10, ...wish });
}

function compared(before: RunRecord, after: RunRecord): Comparison {
  return compareCertificates(certify(before), certify(after));
}

describe(`comparing certificates (seed ${SEED})`, () => {
  test("two runs of the same service are the same, whichever chance they had", () => {
    for (let i = 0; i < 20; i++) {
      const { outcome, figures } = compared(noisy(`a${i}`, 40), noisy(`b${i}`, 40));
      expect(figures.filter((one) => one.change !== "same").map((one) => one.text)).toEqual([]);
      expect(outcome).toBe("same");
    }
  });

  test("a quarter more latency is worse, a quarter less is better, and the bound is said", () => {
    const slower = compared(noisy("a", 40), noisy("b", 50));
    expect(slower.outcome).toBe("worse");
    const p99 = slower.figures.find((one) => one.figure === "p99");
    expect(p99).toMatchObject({ stage: "sustained", change: "worse" });
    expect(p99?.noise).toBeGreaterThan(0);
    expect(p99?.text).toMatch(/ms → .* ms, by chance up to/);
    expect(slower.how).toMatch(/bootstrap/);
    expect(compared(noisy("b", 50), noisy("a", 40)).outcome).toBe("better");
  });

  test("the same two certificates always give the same answer", () => {
    expect(compared(noisy("a", 40), noisy("b", 41))).toEqual(compared(noisy("a", 40), noisy("b", 41)));
  });

  test("errors are worse when they are more than chance makes of them", () => {
    const failing = (count: number) => ({ failing: (at: number) => (at % 10_000 === 0 ? { lost: count } : {}) });
    expect(compared(noisy("a", 40, failing(1)), noisy("a", 40, failing(2))).outcome).toBe("same");
    const more = compared(noisy("a", 40, failing(1)), noisy("a", 40, failing(9)));
    expect(more.figures.find((one) => one.figure === "errors")?.change).toBe("worse");
  });

  test("a criterion that is no longer met is worse; one that can't be told is unclear", () => {
    const failed = compared(quick, withFigures(quick, "sustained", { p99Ms: 900, windowP99: () => 40 }));
    expect(failed.outcome).toBe("worse");
    expect(failed.criteria.find((one) => one.id === "latency-p99")).toMatchObject({
      before: "pass",
      after: "fail",
      change: "worse",
    });
    const late = compared(quick, withFigures(quick, "sustained", { p99Ms: 900, latenessP99Ms: 300 }));
    expect(late.outcome).toBe("unclear");
    expect(late.figures.every((one) => one.change === "unclear")).toBe(true);
  });

  test("what could be told in neither is no change", () => {
    const bare = passingRun("launch", { hasScale: false });
    expect(compared(bare, bare).criteria.find((one) => one.id === "scale-out-uri")).toMatchObject({
      before: "invalid",
      change: "same",
    });
    expect(compared(bare, bare).outcome).toBe("same");
  });

  test.each<[string, RunRecord, RegExp]>([
    ["deployments", withHead(quick, { deployment: "beta" }), /deployments differ: acme-production and beta/],
    ["scenarios", withHead(quick, { scenario: { name: "hello", settings: {} } }), /scenarios differ/],
    [
      "settings",
      withHead(quick, { scenario: { name: "session-mix", settings: { verify: 0.5 } } }),
      /settings of scenario/,
    ],
    ["rates", passingRun("quick", { rate: 500 }), /rates differ: 1,000\/s and 500\/s/],
  ])("refuses certificates of different %s, and says so also when it is made to", (_what, other, why) => {
    const refused = compared(quick, other);
    expect(refused).toMatchObject({ outcome: "refused", figures: [], criteria: [] });
    expect(refused.differences[0]).toMatch(why);
    const made = compareCertificates(certify(quick), certify(other), { anyway: true });
    expect(made.outcome).not.toBe("refused");
    expect(made.differences[0]).toMatch(why);
  });

  test("a rate that was not reached is worse, not another load", () => {
    const slow = withFigures(quick, "sustained", { sentRate: 900, failing: () => ({ dropped: 100 }) });
    expect(compared(quick, slow).outcome).toBe("worse");
  });

  test("few windows tell nothing", () => {
    const short = passingRun("quick", { durationMs: 5_000 });
    expect(compared(short, short).figures.find((one) => one.figure === "p99")?.change).toBe("unclear");
  });

  test("other plans are compared in what they share, and what they don't is named", () => {
    const { differences, criteria } = compared(quick, passingRun("launch"));
    expect(differences.join(" ")).toMatch(/plans differ.*Only the second has:.*survival-errors/);
    expect(criteria.some((one) => one.id === "survival-errors")).toBe(false);
  });
});
