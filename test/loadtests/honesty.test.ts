import { describe, expect, test } from "vitest";
import type { Criterion, StageKind } from "../../src/domain/index.ts";
import { certify } from "../../loadtests/certificate.ts";
import { criteriaOf } from "../../loadtests/criteria.ts";
import { MEASURED_STAGES } from "../../loadtests/criteria-generator.ts";
import type { RunRecord, StageRecord } from "../../loadtests/figures.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { verdictOf } from "../../loadtests/verdict.ts";
import {
  type FiguresWish,
  HEALTHY,
  passingRun,
  stage,
  withFigures,
  withHead,
  withSight,
  withStage,
  withoutStage,
} from "./records.ts";

const launch = passingRun("launch");
const quick = passingRun("quick");

function found(record: RunRecord, id: string): Criterion {
  const one = criteriaOf(record).find((criterion) => criterion.id === id);
  if (one === undefined) throw new Error(`the plan has no criterion ${id}`);
  return one;
}

function missing(): never {
  throw new Error("the stage has no figures");
}

/** Criteria that rest on no time that the generator measured, though they belong to a stage with load. */
const BESIDE_THE_LOAD = [
  "samples",
  "survival-detected",
  "survival-told",
  "survival-recovered",
  "scale-out-uri",
  "alarms-fired",
];

describe.each<[string, FiguresWish, Partial<StageRecord>]>([
  ["sent late", { latenessP99Ms: 26 }, {}],
  ["sent another rate", { sentRate: 990 }, {}],
  ["sent in bursts", { dispersion: 1.6 }, {}],
  ["had its clock set", {}, { generator: { ...HEALTHY, clockStepMs: 3_000 } }],
  ["lost a thread", {}, { generator: null, cut: "failed", detail: "thread 2 ended by itself" }],
])("a generator that %s", (_what, wish, change) => {
  test.each(MEASURED_STAGES.filter((kind) => kind !== "soak"))(
    "lets nothing pass that its %s stage measured",
    (kind) => {
      const record = withStage(withFigures(launch, kind, wish), kind, change);
      const own = criteriaOf(record).filter((one) => one.stage === kind && !BESIDE_THE_LOAD.includes(one.id));
      expect(own.length).toBeGreaterThan(0);
      expect(own.map((one) => [one.id, one.outcome])).toEqual(own.map((one) => [one.id, "invalid"]));
      expect(certify(record).verdict).toBe("invalid");
    },
  );
});

test("slow answers of a target are no pass and no fail when the generator was late itself", () => {
  const record = withFigures(quick, "sustained", { latenessP99Ms: 900, p99Ms: 2_000 });
  expect(found(record, "latency-p99")).toMatchObject({ outcome: "invalid" });
  expect(found(record, "latency-p99").measured).toMatch(/generator was at fault: it sent late.*2 s/);
});

test.each([
  ["latency-p99", { p99Ms: 2_000 }],
  ["slow-answers", { slowShare: 0.002 }],
] as const)(
  "what fails %s only with the generator's short stall in it is invalid, and fails without one",
  (id, wish) => {
    const slow = withFigures(quick, "sustained", wish);
    expect(found(slow, id).outcome).toBe("fail");
    const { service } = (stage(quick, "sustained").figures ?? missing()).all;
    const { figures = missing() } = stage(slow, "sustained");
    const stalled = withStage(slow, "sustained", { figures: { ...figures, all: { ...figures.all, service } } });
    expect(found(stalled, id)).toMatchObject({
      outcome: "invalid",
      measured: expect.stringContaining("the generator was late"),
    });
  },
);

test("errors that the target gave fail also with a generator at fault; time-outs, which it may have made itself, do not", () => {
  const late = { latenessP99Ms: 900 };
  const own = withFigures(quick, "sustained", { ...late, failing: () => ({ "non-2xx": 5 }) });
  expect(found(own, "errors")).toMatchObject({ outcome: "fail" });
  expect(certify(own).verdict).toBe("fail");
  const perhaps = withFigures(quick, "sustained", { ...late, failing: () => ({ "timed-out": 5 }) });
  expect(found(perhaps, "errors")).toMatchObject({ outcome: "invalid" });
});

test("a target that answers with errors before any load fails for its errors, and for nothing else", () => {
  const detail = "the load could not be prepared: 32 of 32 requests failed, the last one (create: non-2xx, HTTP 500)";
  const warmUp = { ...stage(quick, "warm-up"), figures: undefined, generator: null, cut: "failed", detail } as const;
  const ended = (byTarget: boolean): RunRecord => ({
    ...withSight(quick, { probes: quick.observed?.probes.filter(({ series }) => !series.startsWith("core:")) ?? [] }),
    stages: [{ ...warmUp, byTarget }],
    cut: "failed",
  });
  expect(found(ended(true), "errors")).toMatchObject({ outcome: "fail", measured: detail });
  const failed = certify(ended(true)).criteria.filter(({ outcome }) => outcome === "fail");
  expect(failed.map(({ id }) => id)).toEqual(["errors"]);
  expect(certify(ended(false)).verdict).toBe("invalid");
});

test("a few errors of an interrupted stage prove nothing; more than the whole stage may have do", () => {
  const cut = (count: number): RunRecord =>
    withStage(
      withFigures(quick, "sustained", { durationMs: 20_000, failing: () => ({ "non-2xx": count }) }),
      "sustained",
      {
        cut: "interrupted",
      },
    );
  expect(found(cut(4), "errors")).toMatchObject({ outcome: "invalid" });
  expect(found(cut(6), "errors")).toMatchObject({ outcome: "fail" });
});

test("no samples pass nothing", () => {
  const none = withFigures(quick, "sustained", { rate: 0 });
  const own = criteriaOf(none).filter((one) => one.stage === "sustained");
  expect(own.map((one) => one.outcome)).toEqual(own.map(() => "invalid"));
});

test("a percentile of fewer than 1,000 samples is not told", () => {
  const wish = (rate: number): RunRecord => {
    const run = passingRun("quick", { rate, durationMs: 100_000 }, { ...DEFAULT_THRESHOLDS, rate });
    return withFigures(run, "sustained", {});
  };
  expect(found(wish(9), "latency-p99")).toMatchObject({ outcome: "invalid" });
  expect(found(wish(10), "latency-p99")).toMatchObject({ outcome: "pass" });
});

test("the circuit breaker's stop fails errors and rate, and passes nothing", () => {
  const detail = "60% of the requests failed over 10 s: the load was stopped";
  const record = withStage(
    withFigures(quick, "sustained", { durationMs: 20_000, failing: () => ({ "non-2xx": 600 }) }),
    "sustained",
    { cut: "circuit-breaker", detail },
  );
  expect(found(record, "errors")).toMatchObject({ outcome: "fail" });
  expect(found(record, "rate")).toMatchObject({ outcome: "fail" });
  expect(
    criteriaOf(record).some((one) => one.stage === "sustained" && one.outcome === "pass" && one.id === "latency-p99"),
  ).toBe(false);
  expect(certify(record).caveats.join(" ")).toContain(detail);
});

test("drops that a slow target made fail, and don't make the sending look like bursts", () => {
  const record = withFigures(quick, "sustained", { dispersion: 5, failing: () => ({ dropped: 500 }) });
  expect(found(record, "dropped")).toMatchObject({ outcome: "fail" });
  expect(found(record, "generator-sustained")).toMatchObject({ outcome: "pass" });
});

test("Poisson arrivals may be as uneven as chance makes them", () => {
  const run = passingRun("quick", { poisson: true });
  const uneven = withFigures(run, "sustained", { dispersion: 1.4, sentRate: 1_009 });
  expect(found(uneven, "generator-sustained").outcome).toBe("pass");
  expect(found(withFigures(run, "sustained", { sentRate: 1_030 }), "generator-sustained").outcome).toBe("invalid");
});

test("what was planned and did not run is invalid with the reason", () => {
  const without = passingRun("launch", { hasCapacity: false, hasSurvival: false, hasScale: false });
  const ids = ["sessions-held", "users-held", "sessions-latency", "pools", "generator-survival"] as const;
  const hooks = { ...without, capacity: [] };
  expect(ids.map((id) => found(hooks, id).outcome)).toEqual(ids.map(() => "invalid"));
  expect(found(hooks, "survival-errors").measured).toMatch(/certify\.survival/);
  expect(found(hooks, "scale-out-errors").measured).toMatch(/set scale/);
  expect(found(hooks, "sessions-held").measured).toMatch(/database behind the cores/);
  expect(certify(hooks).verdict).toBe("invalid");
});

test("a rate below the promised one is never taken for it", () => {
  const record = passingRun("quick", { rate: 200 });
  expect(found(record, "rate")).toMatchObject({ outcome: "invalid" });
  expect(found(record, "rate").measured).toMatch(/200\/s only/);
  expect(certify(record).caveats[0]).toMatch(/--rate/);
});

test("a stage shortened by --duration passes only with that said, in the criterion and in the summary", () => {
  const record = passingRun("launch", { durationMs: 60_000 });
  expect(found(record, "rate")).toMatchObject({ outcome: "pass" });
  expect(found(record, "rate").target).toContain("held for 60 s of 600 s (shortened by --duration)");
  const { summary, caveats, verdict } = certify(record);
  expect(verdict).toBe("pass");
  expect(summary).toContain("held for 60 s, not 10 min (shortened by --duration)");
  expect(caveats.join(" ")).toContain("shortened by --duration");
});

test("a low share of a database's promised size was not tried, and does not pass", () => {
  const record = passingRun("launch", { sessions: 5_000 });
  const few = { ...record, capacity: record.capacity.map((facts) => ({ ...facts, sessions: 5_000, users: 5_000 })) };
  expect(found(few, "sessions-held")).toMatchObject({ outcome: "invalid" });
  expect(found(few, "users-held").measured).toMatch(/was not tried/);
});

test("quick failures of a full database are not taken for quick answers", () => {
  const record = withFigures(launch, "full", { p99Ms: 5, failing: () => ({ "non-2xx": 300 }) });
  expect(found(record, "sessions-latency")).toMatchObject({ outcome: "fail" });
});

test("hello passes its rate, and the certificate says what that does not prove", () => {
  const record = withHead(quick, { scenario: { name: "hello", settings: {} } });
  expect(found(record, "rate").outcome).toBe("pass");
  expect(certify(record).caveats.join(" ")).toMatch(/nothing of the database/);
});

test("a hook that does nothing is found out: nobody saw an outage", () => {
  const record = withSight(launch, { incidents: [], alarmChanges: [] });
  expect(found(record, "survival-detected")).toMatchObject({ outcome: "fail" });
});

test("what corewatch stored and nobody could read is no evidence that it saw nothing", () => {
  const record = withSight(launch, { incidents: [], probes: [], troubles: ["the store is away"] });
  expect(found(record, "survival-detected")).toMatchObject({
    outcome: "invalid",
    measured: expect.stringContaining("the store is away"),
  });
  expect(found(record, "probes").outcome).toBe("invalid");
});

test("probes that corewatch itself missed fail the launch, and leave a plan of load alone untold; two are chance", () => {
  const missing = (record: RunRecord, missed: number): RunRecord => {
    const [first, ...others] = record.observed?.probes ?? [];
    if (first === undefined) throw new Error("the passing run has probes");
    return withSight(record, {
      probes: [{ ...first, done: 20, missed }, ...others.map((one) => ({ ...one, done: 20 }))],
    });
  };
  expect([launch, quick].map((record) => found(missing(record, 2), "probes").outcome)).toEqual(["pass", "pass"]);
  expect([launch, quick].map((record) => found(missing(record, 9), "probes").outcome)).toEqual(["fail", "invalid"]);
});

test("one missed probe of thousands is none, and a watcher that was away for minutes is", () => {
  const [first, ...others] = launch.observed?.probes ?? [];
  if (first === undefined) throw new Error("the passing run has probes");
  expect(found(withSight(launch, { probes: [{ ...first, missed: 2 }, ...others] }), "probes").outcome).toBe("pass");
  expect(found(withSight(launch, { unwatchedMs: 120_000 }), "probes")).toMatchObject({
    outcome: "fail",
    measured: expect.stringContaining("2 min"),
  });
  expect(found(withSight(launch, { probes: others }), "probes")).toMatchObject({
    outcome: "fail",
    measured: "no probe of acme-1",
  });
});

test("an incident of another deployment, or one that was over before, tells nothing of the outage", () => {
  const { beganAt } = stage(launch, "survival");
  const [own] = launch.observed?.incidents ?? [];
  if (own === undefined) throw new Error("the passing run has no incident");
  const other = withSight(launch, { incidents: [{ ...own, deployment: "beta", affected: ["beta/beta-1"] }] });
  const before = withSight(launch, { incidents: [{ ...own, openedAt: beganAt - 90_000, resolvedAt: beganAt - 10 }] });
  for (const record of [other, before]) expect(found(record, "survival-detected").outcome).toBe("fail");
});

test("an incident that was open already detects the outage when it rises", () => {
  const { beganAt } = stage(launch, "survival");
  const events = [{ at: beganAt + 25_000, kind: "severity-raised", text: "one core is left" }] as const;
  const incidents = (launch.observed?.incidents ?? []).map((one) => ({ ...one, openedAt: beganAt - 5_000, events }));
  const record = withSight(launch, { incidents });
  expect(found(record, "survival-detected")).toMatchObject({
    outcome: "pass",
    measured: expect.stringContaining("14 s: one core is left"),
  });
});

test("detection is told as it was, whatever became of the incident's cause later", () => {
  const incidents = (launch.observed?.incidents ?? []).map((one) => ({
    ...one,
    cause: "alarm-firing" as const,
    events: [{ at: one.openedAt, kind: "opened" as const, text: "Only one core is left (deployment acme)." }],
  }));
  const { measured } = found(withSight(launch, { incidents }), "survival-detected");
  expect(measured).toMatch(/: Only one core is left \(deployment acme\)$/);
});

test("without a header that names cores, shares are the cores' own whole minutes, and the criterion says so", () => {
  const { beganAt, endedAt } = stage(launch, "scale-out");
  const minutes: { core: string; minute: number; requests: number }[] = [];
  for (let minute = Math.ceil(beganAt / 60_000) * 60_000; minute + 60_000 <= (endedAt ?? 0); minute += 60_000)
    for (const core of launch.cores)
      minutes.push({ core, minute, requests: core === "acme-4" && minutes.length < 4 ? 2_500 : 15_000 });
  const record = { ...withHead(launch, { coreHeader: null }), coreMinutes: minutes };
  expect(found(record, "scale-out-share")).toMatchObject({
    outcome: "pass",
    how: expect.stringContaining("/requests/stats"),
  });
  // The first minute holds a sixth of a steady one: traffic began 50 s into it.
  const first = Math.ceil(beganAt / 60_000) * 60_000 + 50_000 - (beganAt + 10_000);
  expect(found(record, "scale-out-first-share")).toMatchObject({
    outcome: "pass",
    measured: expect.stringContaining(
      `${Math.floor(first / 1_000)} s`.replace(/^(\d+) s$/, (text, s: string) => (Number(s) < 60 ? text : "1 min")),
    ),
  });
  const idle = minutes.map((one) => (one.core === "acme-4" ? { ...one, requests: 900 } : one));
  expect(found({ ...record, coreMinutes: idle }, "scale-out-share")).toMatchObject({ outcome: "fail" });
});

test("an added core that the target group never called healthy fails its share", () => {
  const record = { ...launch, targetHealth: launch.targetHealth.filter((one) => one.state !== "healthy") };
  expect(found(record, "scale-out-share")).toMatchObject({
    outcome: "fail",
    measured: expect.stringContaining("initial"),
  });
});

describe("limits of times within a stage", () => {
  const limited = (window: object): RunRecord => {
    const thresholds = {
      ...DEFAULT_THRESHOLDS,
      windows: [
        {
          stage: "sustained" as StageKind,
          fromMs: 10_000,
          toMs: 20_000,
          errors: undefined,
          p99Ms: undefined,
          ...window,
        },
      ],
    };
    return passingRun("quick", {}, thresholds);
  };
  const slow = (record: RunRecord): RunRecord =>
    withFigures(record, "sustained", { windowP99: (at) => (at === 15_000 ? 300 : 40) });

  test("hold for those times only", () => {
    expect(found(slow(limited({ p99Ms: 100 })), "window-1").outcome).toBe("fail");
    expect(found(slow(limited({ p99Ms: 100, fromMs: 16_000, toMs: 30_000 })), "window-1").outcome).toBe("pass");
    expect(found(limited({ errors: 0 }), "window-1").outcome).toBe("pass");
    const failing = withFigures(limited({ errors: 0.001 }), "sustained", {
      failing: (at) => (at === 12_000 ? { lost: 50 } : {}),
    });
    expect(found(failing, "window-1").outcome).toBe("fail");
  });

  test("are invalid where the stage ended before, and no part of plans without the stage", () => {
    expect(found(limited({ p99Ms: 100, fromMs: 500_000, toMs: undefined }), "window-1").outcome).toBe("invalid");
    expect(criteriaOf(limited({ stage: "soak", p99Ms: 1 })).some((one) => one.id.startsWith("window"))).toBe(false);
  });
});

describe("the verdict", () => {
  const whole = { endedAt: 1, cut: null };
  const of = (...outcomes: Criterion["outcome"][]) => outcomes.map((outcome) => ({ outcome }));
  test.each([
    ["pass", of("pass", "pass"), whole],
    ["fail", of("pass", "fail", "invalid"), whole],
    ["invalid", of("pass", "invalid"), whole],
    ["invalid", of(), whole],
    ["invalid", of("pass"), { endedAt: null, cut: null }],
    ["invalid", of("pass"), { endedAt: 1, cut: "interrupted" as const }],
    ["fail", of("fail"), { endedAt: 1, cut: "interrupted" as const }],
  ])("is %s of %j with %j", (verdict, criteria, run) => {
    expect(verdictOf(criteria, run)).toBe(verdict);
  });
});

test("a run that was killed or interrupted certifies nothing, and says why", () => {
  const killed = certify({ ...withoutStage(launch, "scale-out"), endedAt: null });
  expect(killed.verdict).toBe("invalid");
  expect(killed.summary).toContain("the run was killed");
  const stopped = certify({ ...withoutStage(launch, "scale-out"), cut: "interrupted" });
  expect(stopped.verdict).toBe("invalid");
  expect(stopped.criteria.find((one) => one.id === "scale-out-errors")?.measured).toContain("interrupted");
});
