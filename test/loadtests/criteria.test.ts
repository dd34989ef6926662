import { describe, expect, test } from "vitest";
import type { Criterion } from "../../src/domain/index.ts";
import { CRITERIA, criteriaOf } from "../../loadtests/criteria.ts";
import type { RunRecord } from "../../loadtests/figures.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { HEALTHY, passingRun, stage, withFigures, withHead, withoutStage, withSight, withStage } from "./records.ts";

type Id = keyof typeof CRITERIA;

/** A run that meets a criterion, and runs that do not. */
interface Case {
  readonly pass: RunRecord;
  /** Criteria that only state something, or judge the generator, can't fail. */
  readonly fail: RunRecord | "never fails";
  readonly invalid: RunRecord;
}

const launch = passingRun("launch");
const quick = passingRun("quick");
const soak = passingRun("soak", { durationMs: 600_000 });
const survival = stage(launch, "survival");
const scaleOut = stage(launch, "scale-out");
const killed = withoutStage(launch, "survival");
const noScale = withoutStage(
  { ...launch, added: [], actions: launch.actions.filter((one) => one.what !== "scale") },
  "scale-out",
);
const noFill = withStage(launch, "fill", { cut: "failed", detail: "the database refused" });

function failing(record: RunRecord, kind: "sustained" | "survival" | "scale-out", count = 20): RunRecord {
  return withFigures(record, kind, { failing: () => ({ "non-2xx": count }) });
}
function filled(change: object): RunRecord {
  return {
    ...launch,
    capacity: launch.capacity.map((facts) => (facts.moment === "filled" ? { ...facts, ...change } : facts)),
  };
}
function incident(change: object): RunRecord {
  return withSight(launch, { incidents: (launch.observed?.incidents ?? []).map((one) => ({ ...one, ...change })) });
}
const spread = (instance: string | null, zone: string | null): RunRecord =>
  withHead(launch, { spread: { cores: launch.head.spread.cores.map(({ id }) => ({ id, instance, zone })) } });
const blind = withSight(launch, { watching: false });
const behind = { latenessP99Ms: 400 };

const CASES = {
  rate: {
    pass: quick,
    fail: withFigures(quick, "sustained", { failing: () => ({ "timed-out": 100 }) }),
    invalid: withFigures(quick, "sustained", behind),
  },
  arrivals: {
    pass: quick,
    fail: withFigures(quick, "sustained", { failing: () => ({ dropped: 30 }) }),
    invalid: withFigures(quick, "sustained", { sentRate: 940 }),
  },
  errors: {
    pass: quick,
    fail: failing(quick, "sustained"),
    invalid: withStage(quick, "sustained", { cut: "interrupted" }),
  },
  "latency-p99": {
    pass: quick,
    fail: withFigures(quick, "sustained", { p99Ms: 800 }),
    invalid: withFigures(quick, "sustained", { p99Ms: 800, ...behind }),
  },
  "slow-answers": {
    pass: quick,
    fail: withFigures(quick, "sustained", { slowShare: 0.01 }),
    invalid: withFigures(quick, "sustained", { slowShare: 0.01, dispersion: 12 }),
  },
  dropped: {
    pass: quick,
    fail: withFigures(quick, "sustained", { failing: () => ({ dropped: 1 }) }),
    invalid: withFigures(quick, "sustained", { failing: () => ({ dropped: 1 }), ...behind }),
  },
  samples: { pass: quick, fail: "never fails", invalid: withFigures(quick, "sustained", { rate: 2 }) },
  "sessions-held": { pass: launch, fail: filled({ sessions: 999_999 }), invalid: noFill },
  "users-held": { pass: launch, fail: filled({ users: 10 }), invalid: { ...launch, capacity: [] } },
  "sessions-latency": {
    pass: launch,
    fail: withFigures(launch, "full", { p99Ms: 61 }),
    invalid: withFigures(launch, "empty", behind),
  },
  "sessions-indexes": {
    pass: launch,
    fail: filled({
      statements: [{ name: "get session", plan: ["Seq Scan"], scans: ["session_info"], executionMs: 90 }],
    }),
    invalid: filled({ statements: [] }),
  },
  "bytes-per-session": { pass: launch, fail: "never fails", invalid: filled({ sessions: 0, sessionBytes: 0 }) },
  ceiling: {
    pass: launch,
    fail: { ...launch, levels: launch.levels.map((one) => ({ ...one, throughput: one.throughput / 4 })) },
    invalid: { ...launch, levels: [] },
  },
  pools: { pass: launch, fail: withHead(launch, { poolSize: 40 }), invalid: { ...launch, levels: [] } },
  "survival-errors": { pass: launch, fail: failing(launch, "survival", 25), invalid: killed },
  "survival-throughout": {
    pass: launch,
    fail: withFigures(launch, "survival", { failing: (at) => (at === 15_000 ? { refused: 1_000 } : {}) }),
    invalid: withFigures(launch, "survival", behind),
  },
  "survival-settled": {
    pass: withFigures(launch, "survival", { failing: (at) => (at < 80_000 && at > 10_000 ? { lost: 100 } : {}) }),
    fail: withFigures(launch, "survival", { failing: (at) => (at > 90_000 ? { lost: 2 } : {}) }),
    invalid: { ...launch, actions: launch.actions.filter((one) => one.core !== "acme-2") },
  },
  "survival-detected": { pass: launch, fail: incident({ openedAt: survival.beganAt + 80_000 }), invalid: blind },
  "survival-told": {
    pass: launch,
    fail: incident({ toldAt: survival.beganAt + 60_000 }),
    invalid: withSight(launch, { incidents: [] }),
  },
  "survival-recovered": {
    pass: launch,
    fail: incident({ resolvedAt: null }),
    invalid: { ...launch, actions: launch.actions.filter((one) => one.what !== "back") },
  },
  "scale-out-uri": {
    pass: launch,
    fail: {
      ...launch,
      connectionUris: [...launch.connectionUris, { at: scaleOut.beganAt + 40_000, uri: "https://acme-2.example.com" }],
    },
    invalid: noScale,
  },
  "scale-out-errors": { pass: launch, fail: failing(launch, "scale-out", 1), invalid: noScale },
  "scale-out-share": {
    pass: launch,
    fail: withFigures(launch, "scale-out", { shares: () => [0.32, 0.32, 0.31, 0.05] }),
    invalid: { ...launch, targetHealth: [] },
  },
  "scale-out-first-share": {
    pass: launch,
    fail: withHead(launch, { thresholds: { ...DEFAULT_THRESHOLDS, firstShareMs: 20_000 } }),
    invalid: withFigures(launch, "scale-out", { shares: () => [0.4, 0.3, 0.3, 0] }),
  },
  "spread-instances": { pass: launch, fail: spread("i-1", "a"), invalid: spread(null, "a") },
  "spread-zones": { pass: launch, fail: spread("i-1", "a"), invalid: spread("i-1", null) },
  "cores-per-instance": { pass: launch, fail: spread("i-1", "a"), invalid: spread(null, "a") },
  probes: {
    pass: launch,
    fail: withSight(launch, { probes: (launch.observed?.probes ?? []).map((one) => ({ ...one, missed: 3 })) }),
    invalid: blind,
  },
  "alarms-quiet": {
    pass: launch,
    fail: withSight(launch, {
      alarmChanges: [{ name: "acme ELB 5XX", at: survival.beganAt - 60_000, state: "ALARM" }],
    }),
    invalid: withSight(launch, { alarms: [] }),
  },
  "alarms-fired": {
    pass: launch,
    fail: withSight(launch, { alarmChanges: [] }),
    invalid: withSight(launch, { alarms: null }),
  },
  drift: {
    pass: soak,
    fail: withFigures(soak, "soak", { windowP99: (at) => (at > 540_000 ? 90 : 40) }),
    invalid: withFigures(soak, "soak", behind),
  },
  "generator-empty": { pass: launch, fail: "never fails", invalid: withFigures(launch, "empty", behind) },
  "generator-full": { pass: launch, fail: "never fails", invalid: withFigures(launch, "full", { dispersion: 3 }) },
  "generator-sustained": {
    pass: quick,
    fail: "never fails",
    invalid: withStage(quick, "sustained", { generator: { ...HEALTHY, clockStepMs: -4_000 } }),
  },
  "generator-survival": { pass: launch, fail: "never fails", invalid: killed },
  "generator-scale-out": {
    pass: launch,
    fail: "never fails",
    invalid: withStage(launch, "scale-out", { generator: null, cut: "failed", detail: "thread 1 ended by itself" }),
  },
  "generator-soak": { pass: soak, fail: "never fails", invalid: withFigures(soak, "soak", { sentRate: 800 }) },
} satisfies Readonly<Record<Id, Case>>;

const ids = Object.keys(CRITERIA).filter((id): id is Id => id in CRITERIA);

function judge(id: Id, record: RunRecord): Criterion | undefined {
  return CRITERIA[id](record);
}

describe.each(ids)("the criterion %s", (id) => {
  const { pass, fail, invalid }: Case = CASES[id];

  test("passes where it is met, and says what was asked, measured and how", () => {
    const found = judge(id, pass);
    expect(found).toMatchObject({ id, outcome: "pass" });
    for (const words of [found?.title, found?.target, found?.measured, found?.how]) expect(words).toMatch(/\S/);
    expect(JSON.stringify(found)).not.toMatch(/undefined|NaN|Infinity/);
  });

  test("fails where it is not met, unless it only states something", () => {
    const isStated = id === "samples" || id === "bytes-per-session" || id.startsWith("generator-");
    expect(fail === "never fails").toBe(isStated);
    const outcome = fail === "never fails" ? "fail" : judge(id, fail)?.outcome;
    expect(outcome).toBe("fail");
  });

  test("is invalid where it can not be told", () => {
    expect(judge(id, invalid)).toMatchObject({ id, outcome: "invalid" });
  });
});

test("every criterion of a certificate has its own id", () => {
  const found = criteriaOf(launch).map((one) => one.id);
  expect(new Set(found).size).toBe(found.length);
  expect(found).toHaveLength(Object.keys(CRITERIA).length - 2);
  expect(criteriaOf(launch).filter((one) => one.outcome !== "pass")).toEqual([]);
  expect(criteriaOf(quick).filter((one) => one.outcome !== "pass")).toEqual([]);
  expect(criteriaOf(soak).filter((one) => one.outcome !== "pass")).toEqual([]);
});
