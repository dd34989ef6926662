import { describe, expect, test } from "vitest";
import { durationOf } from "../../loadtests/arrivals.ts";
import { planOf } from "../../loadtests/plans.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { EVERYTHING } from "./records.ts";

const minutes = (ms: number): number => ms / 60_000;

describe("plan launch", () => {
  test("has every stage in its order, as meant, and no deviation", () => {
    const plan = planOf("launch", EVERYTHING, DEFAULT_THRESHOLDS);
    expect(plan.stages.map((stage) => stage.kind)).toEqual([
      "warm-up",
      "ceiling",
      "tune",
      "empty",
      "fill",
      "full",
      "sustained",
      "survival",
      "scale-out",
    ]);
    expect(plan.deviations).toEqual([]);
    expect(plan).toMatchObject({ sessions: 1_000_000, users: 1_000_000, capacity: "fill" });
    const sustained = plan.stages.find((stage) => stage.kind === "sustained")?.arrivals;
    expect(sustained).toEqual({ kind: "constant", rate: 1_000, durationMs: 600_000 });
  });

  test("is shortened by --duration in every stage, and says each", () => {
    const plan = planOf("launch", { ...EVERYTHING, durationMs: 60_000 }, DEFAULT_THRESHOLDS);
    const lengths = plan.stages.flatMap((stage) => (stage.arrivals === undefined ? [] : [durationOf(stage.arrivals)]));
    expect(lengths).toEqual([3_000, 10_000, 10_000, 60_000, 30_000, 30_000]);
    expect(plan.deviations).toContain("The rate is held for 60 s, not 10 min (shortened by --duration).");
    const told = plan.deviations.flatMap((text) => /^The (\S+) stage is planned for/.exec(text)?.[1] ?? []);
    expect(told).toEqual(["empty", "full", "survival", "scale-out"]);
  });

  test("gives a low rate the time that a 99th percentile needs", () => {
    const plan = planOf("launch", { ...EVERYTHING, rate: 20, durationMs: 20_000 }, DEFAULT_THRESHOLDS);
    const full = plan.stages.find((stage) => stage.kind === "full")?.arrivals;
    expect(full !== undefined && durationOf(full) * 20).toBeGreaterThanOrEqual(1_000_000);
    expect(plan.deviations.join(" ")).toContain("--rate");
  });

  test("leaves out what it has no means for, and says what to do", () => {
    const plan = planOf("launch", { hasCapacity: false, hasSurvival: false, hasScale: false }, DEFAULT_THRESHOLDS);
    expect(plan.stages.map((stage) => stage.kind)).toEqual(["warm-up", "ceiling", "tune", "sustained"]);
    expect(plan.deviations).toHaveLength(5);
    expect(plan.deviations.join(" ")).toMatch(/certify\.survival.*set scale/);
    expect(plan).toMatchObject({ sessions: 0, users: 0 });
  });

  test("has no empty database where it only counts", () => {
    const plan = planOf("launch", { ...EVERYTHING, capacity: "count" }, DEFAULT_THRESHOLDS);
    expect(plan.stages.map((stage) => stage.kind)).not.toContain("empty");
    expect(plan.deviations.join(" ")).toMatch(/only counted/);
  });

  test("fills as many as it is told to, and says when that is less than is to be held", () => {
    const plan = planOf("launch", { ...EVERYTHING, sessions: 5_000 }, DEFAULT_THRESHOLDS);
    expect(plan).toMatchObject({ sessions: 5_000, users: 5_000 });
    expect(plan.deviations.join(" ")).toMatch(/5,000 sessions, and 1,000,000/);
  });
});

test("plan quick takes about two minutes, and says what it does not prove", () => {
  const plan = planOf("quick", EVERYTHING, DEFAULT_THRESHOLDS);
  const all = plan.stages.reduce(
    (sum, stage) => sum + (stage.arrivals === undefined ? 0 : durationOf(stage.arrivals)),
    0,
  );
  expect(minutes(all)).toBeGreaterThan(1.8);
  expect(minutes(all)).toBeLessThan(2.1);
  expect(plan.deviations).toEqual([expect.stringContaining("Plan quick holds the rate for 100 s")]);
});

test("plan soak takes hours, and as many as it is told to", () => {
  const hours = (wish: object): number => {
    const arrivals = planOf("soak", { ...EVERYTHING, ...wish }, DEFAULT_THRESHOLDS).stages.at(-1)?.arrivals;
    return arrivals === undefined ? 0 : minutes(durationOf(arrivals)) / 60;
  };
  expect(hours({})).toBe(4);
  expect(hours({ durationMs: 8 * 3_600_000 })).toBe(8);
  expect(planOf("soak", { ...EVERYTHING, durationMs: 8 * 3_600_000 }, DEFAULT_THRESHOLDS).deviations).toEqual([]);
});
