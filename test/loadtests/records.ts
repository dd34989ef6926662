import type {
  CertifyThresholds,
  ClosedLevel,
  GeneratorHealth,
  ObserverFacts,
  OutcomeCounts,
  PlanName,
  RunEvent,
  RunHead,
  StageKind,
} from "../../src/domain/index.ts";
import { durationOf } from "../../loadtests/arrivals.ts";
import type {
  Distribution,
  RunRecord,
  ShotGroup,
  ShotWindow,
  StageFigures,
  StageRecord,
} from "../../loadtests/figures.ts";
import { planOf, type PlanWishes } from "../../loadtests/plans.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";

/** Begin of every run here. */
export const T0 = Date.parse("2026-11-21T08:00:00Z");

/** What a stage's figures are to be. Everything that is left out is that of a healthy service and generator. */
export interface FiguresWish {
  readonly rate?: number;
  readonly durationMs?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly slowShare?: number;
  /** Failures of the window that begins there. */
  readonly failing?: (fromMs: number) => Partial<OutcomeCounts>;
  readonly windowP99?: (fromMs: number) => number;
  readonly windowP50?: (fromMs: number) => number;
  readonly latenessP99Ms?: number;
  readonly dispersion?: number;
  readonly sentRate?: number;
  /** Shares of cores in the window that begins there. */
  readonly shares?: (fromMs: number) => readonly number[];
}

const NONE: OutcomeCounts = {
  ok: 0,
  "non-2xx": 0,
  "wrong-body": 0,
  "business-failure": 0,
  lost: 0,
  "timed-out": 0,
  refused: 0,
  dropped: 0,
};

/** A distribution with these two percentiles, straight between them. */
export function distribution(count: number, p50: number, p99: number, slowShare = 0): Distribution {
  const at = (percent: number): number =>
    count === 0 ? 0 : percent <= 50 ? p50 : p50 + ((p99 - p50) * (percent - 50)) / 49;
  return {
    count,
    meanMs: count === 0 ? 0 : (p50 + p99) / 2,
    maxMs: at(100),
    at,
    shareOver: () => slowShare,
    curve: () => (count === 0 ? [] : [0, 50, 99, 100].map((percent) => ({ percent, ms: at(percent) }))),
  };
}

/** Figures made by hand. */
export function figuresOf(wish: FiguresWish = {}): StageFigures {
  const { rate = 1_000, durationMs = 60_000, p50Ms = 4, p99Ms = 40, slowShare = 0 } = wish;
  const { windowP99 = () => p99Ms, windowP50 = () => p50Ms } = wish;
  const windows: ShotWindow[] = [];
  for (let fromMs = 0; fromMs < durationMs; fromMs += 1_000) {
    const failing = wish.failing?.(fromMs) ?? {};
    const failed = Object.values(failing).reduce((sum, count) => sum + count, 0);
    const shares = wish.shares?.(fromMs) ?? [1 / 3, 1 / 3, 1 / 3];
    windows.push({
      fromMs,
      toMs: Math.min(durationMs, fromMs + 1_000),
      offered: rate,
      counts: { ...NONE, ...failing, ok: rate - failed },
      p50Ms: windowP50(fromMs),
      p99Ms: windowP99(fromMs),
      maxMs: windowP99(fromMs),
      byCore: [...shares.map((share) => Math.round(share * rate)), 0],
    });
  }
  const counts = sumOf(windows);
  const offered = windows.reduce((sum, window) => sum + window.offered, 0);
  const sent = offered - counts.dropped;
  const group = (part: number): ShotGroup => ({
    offered: Math.round(offered * part),
    counts: { ...NONE, ok: Math.round(offered * part) },
    response: distribution(Math.round(sent * part), p50Ms, p99Ms, slowShare),
    service: distribution(Math.round(sent * part), p50Ms, p99Ms, slowShare),
  });
  const cores = (windows[0]?.byCore.length ?? 1) - 1;
  return {
    all: { ...group(1), counts },
    lateness: distribution(sent, 0.2, wish.latenessP99Ms ?? 1.5),
    endpoints: [group(0.75), group(0.25)],
    cores: Array.from({ length: cores }, () => group(1 / cores)),
    windows,
    dispersion: wish.dispersion ?? 0.2,
    plannedDispersion: 0,
    sentRate: wish.sentRate ?? (offered === 0 ? 0 : (rate * sent) / offered),
    between(fromMs, toMs) {
      const within = windows.filter((window) => window.fromMs >= fromMs && window.toMs <= toMs);
      return {
        offered: within.reduce((sum, window) => sum + window.offered, 0),
        counts: sumOf(within),
        p99Ms: Math.max(0, ...within.map((window) => window.p99Ms)),
      };
    },
  };
}

function sumOf(windows: readonly ShotWindow[]): OutcomeCounts {
  const sum: Record<keyof OutcomeCounts, number> = { ...NONE };
  for (const { counts } of windows)
    for (const outcome of [
      "ok",
      "non-2xx",
      "wrong-body",
      "business-failure",
      "lost",
      "timed-out",
      "refused",
      "dropped",
    ] as const)
      sum[outcome] += counts[outcome];
  return sum;
}

/** A generator that had no trouble. */
export const HEALTHY: GeneratorHealth = {
  workers: 1,
  cpuSeconds: 9,
  cpuShare: 0.15,
  eventLoopMaxMs: 9,
  eventLoopP99Ms: 2,
  memoryBytes: 120_000_000,
  clockStepMs: 1,
  maxInFlight: 60,
};

/** Wishes for a plan with everything there is. */
export const EVERYTHING: PlanWishes = { hasCapacity: true, hasSurvival: true, hasScale: true };

function headOf(name: PlanName, wishes: PlanWishes, thresholds: CertifyThresholds): RunHead {
  return {
    version: 1,
    fleet: "acme",
    deployment: "acme-production",
    kind: "production",
    app: "acme",
    connectionUri: "https://acme.example.com:3567",
    addresses: ["10.0.1.1"],
    plan: planOf(name, wishes, thresholds),
    scenario: { name: "session-mix", settings: { verify: 0.95 } },
    scenarioTells: ["95% verify"],
    endpoints: ["verify", "refresh"],
    cores: ["acme-1", "acme-2", "acme-3"],
    coreHeader: "x-served-by",
    thresholds,
    spread: {
      cores: [
        { id: "acme-1", instance: "i-1", zone: "eu-west-1a" },
        { id: "acme-2", instance: "i-2", zone: "eu-west-1b" },
        { id: "acme-3", instance: "i-3", zone: "eu-west-1a" },
      ],
    },
    poolSize: 10,
    environment: {
      corewatch: "0.4.0",
      node: "24.0.0",
      platform: "linux x64",
      cpus: 2,
      memoryBytes: 8e9,
      hostname: "builder",
      versions: { undici: "8.0.0" },
    },
    seed: 42,
    startedAt: T0,
  };
}

/** A whole run of a plan in which all went well. */
export function passingRun(
  name: PlanName,
  wishes: Partial<PlanWishes> = {},
  thresholds: CertifyThresholds = DEFAULT_THRESHOLDS,
): RunRecord {
  const head = headOf(name, { ...EVERYTHING, ...wishes }, thresholds);
  let at = T0 + 1_000;
  const stages = head.plan.stages.map((plan, index): StageRecord => {
    // Stages with actions go on until everything was seen.
    const acting = { survival: 300_000, "scale-out": 240_000 } as Partial<Record<StageKind, number>>;
    const durationMs = acting[plan.kind] ?? (plan.arrivals === undefined ? 30_000 : durationOf(plan.arrivals));
    const beganAt = at;
    at += durationMs + 1_000;
    const figures =
      plan.arrivals === undefined
        ? undefined
        : figuresOf({
            rate: plan.arrivals.kind === "constant" || plan.arrivals.kind === "poisson" ? plan.arrivals.rate : 500,
            // Long stages have longer windows; here fewer of them do.
            durationMs: Math.min(durationMs, 600_000),
            ...(plan.kind === "scale-out" ? { shares: SCALE_SHARES } : {}),
          });
    const generator = plan.arrivals === undefined ? null : HEALTHY;
    return { index, plan, beganAt, endedAt: at - 1_000, cut: null, detail: "", generator, figures };
  });
  const isLaunch = name === "launch";
  const record: RunRecord = {
    head,
    cores: head.cores,
    stages,
    levels: isLaunch ? [...LEVELS.map((level) => ({ ...level, stage: "tune" as const })), ...LEVELS] : [],
    capacity: isLaunch ? capacityAt(at) : [],
    fill: isLaunch ? { sessions: 1e6, users: 1e6, sessionsMs: 12_000, usersMs: 80_000, resumed: 0 } : undefined,
    actions: [],
    targetHealth: [],
    added: [],
    coreMinutes: [],
    connectionUris: [],
    observed: OBSERVED,
    notes: [],
    endedAt: at + 600_000,
    cut: null,
  };
  const has = (kind: StageKind): boolean => stages.some((one) => one.plan.kind === kind);
  const survived = has("survival") ? withOutage(record) : record;
  return has("scale-out") ? withScaleOut(survived) : survived;
}

/** Before the fourth core is in service, and from then on. */
const SCALE_SHARES = (fromMs: number): readonly number[] =>
  fromMs < 60_000 ? [0.334, 0.333, 0.333, 0] : [0.26, 0.25, 0.25, 0.24];

const LEVELS: readonly ClosedLevel[] = [
  [1, 300, 3],
  [2, 600, 3.2],
  [4, 1_150, 3.4],
  [8, 2_200, 3.6],
  [16, 2_400, 6.6],
  [32, 2_420, 13],
  [64, 2_400, 26],
].map(([connections = 0, throughput = 0, meanMs = 0]) => ({
  stage: "ceiling",
  connections,
  durationMs: 10_000,
  requests: throughput * 10,
  throughput,
  meanMs,
  p50Ms: meanMs,
  p90Ms: meanMs * 1.5,
  p99Ms: meanMs * 3,
  non2xx: 0,
  errors: 0,
  timeouts: 0,
}));

function capacityAt(at: number): RunRecord["capacity"] {
  const statements = [
    { name: "get session", plan: ["Index Scan using session_info_pkey"], scans: [], executionMs: 0.1 },
  ];
  const facts = { at, maxConnections: 100, statements };
  return [
    {
      ...facts,
      moment: "before",
      sessions: 10,
      users: 10,
      sessionBytes: 80_000,
      userBytes: 80_000,
      databaseBytes: 9_000_000,
    },
    {
      ...facts,
      moment: "filled",
      sessions: 1e6,
      users: 1e6,
      sessionBytes: 4e8,
      userBytes: 1.2e9,
      databaseBytes: 1.7e9,
    },
  ];
}

const OBSERVED: ObserverFacts = {
  watching: true,
  daemon: "own",
  probes: ["acme-1", "acme-2", "acme-3"].map((core) => ({
    series: `core:acme-production/${core}:hello`,
    done: 120,
    missed: 0,
    unknown: 0,
    bad: 0,
    p99Ms: 12,
  })),
  incidents: [],
  alarms: ["acme ELB UnHealthyHostCount", "acme ELB TargetResponseTime"],
  alarmChanges: [],
  troubles: [],
};

/** The stage of that kind. */
export function stage(record: RunRecord, kind: StageKind): StageRecord {
  const found = record.stages.find((one) => one.plan.kind === kind);
  if (found === undefined) throw new Error(`the run has no stage ${kind}`);
  return found;
}

function withOutage(record: RunRecord): RunRecord {
  const { beganAt, index } = stage(record, "survival");
  const act = (what: "away" | "back", core: string, from: number): RunEvent & { type: "action" } => ({
    type: "action",
    stage: index,
    at: beganAt + from,
    endedAt: beganAt + from + 1_000,
    what,
    core,
    ok: true,
    detail: "",
  });
  const name = "acme ELB UnHealthyHostCount";
  return {
    ...record,
    actions: [
      act("away", "acme-1", 10_000),
      act("away", "acme-2", 11_000),
      act("back", "acme-1", 120_000),
      act("back", "acme-2", 121_000),
    ],
    observed: {
      ...OBSERVED,
      incidents: [
        {
          id: "INC-1",
          cause: "one-core-left",
          deployment: "acme-production",
          openedAt: beganAt + 21_000,
          toldAt: beganAt + 22_000,
          resolvedAt: beganAt + 160_000,
          events: [],
          affected: ["acme-production/acme-1"],
        },
      ],
      alarmChanges: [
        { name, at: beganAt + 90_000, state: "ALARM" },
        { name, at: beganAt + 200_000, state: "OK" },
      ],
    },
  };
}

function withScaleOut(record: RunRecord): RunRecord {
  const { beganAt, index } = stage(record, "scale-out");
  return {
    ...record,
    cores: [...record.cores, "acme-4"],
    actions: [
      ...record.actions,
      {
        type: "action",
        stage: index,
        at: beganAt + 10_000,
        endedAt: beganAt + 12_000,
        what: "scale",
        core: null,
        ok: true,
        detail: "",
      },
    ],
    added: [{ type: "core-added", at: beganAt + 30_000, core: "acme-4", instance: "i-4", zone: "eu-west-1b" }],
    targetHealth: [
      { type: "target-health", at: beganAt + 31_000, core: "acme-4", state: "initial" },
      { type: "target-health", at: beganAt + 60_000, core: "acme-4", state: "healthy" },
    ],
    connectionUris: [{ at: beganAt + 9_000, uri: record.head.connectionUri }],
  };
}

/** The same run with another stage of that kind. */
export function withStage(record: RunRecord, kind: StageKind, change: Partial<StageRecord>): RunRecord {
  stage(record, kind);
  return { ...record, stages: record.stages.map((one) => (one.plan.kind === kind ? { ...one, ...change } : one)) };
}

/** The same run with other figures of that stage; its length and rate stay. */
export function withFigures(record: RunRecord, kind: StageKind, wish: FiguresWish): RunRecord {
  const { figures } = stage(record, kind);
  const last = figures?.windows.at(-1);
  const rate = figures?.windows[0]?.offered ?? 0;
  const shares = kind === "scale-out" ? { shares: SCALE_SHARES } : {};
  return withStage(record, kind, { figures: figuresOf({ rate, durationMs: last?.toMs ?? 0, ...shares, ...wish }) });
}

/** The same run, of which corewatch saw something else. */
export function withSight(record: RunRecord, change: Partial<ObserverFacts>): RunRecord {
  return { ...record, observed: { ...OBSERVED, ...record.observed, ...change } };
}

/** The same run with another head. */
export function withHead(record: RunRecord, change: Partial<RunHead>): RunRecord {
  return { ...record, head: { ...record.head, ...change } };
}

/** The same run without a stage: it never began. */
export function withoutStage(record: RunRecord, kind: StageKind): RunRecord {
  return { ...record, stages: record.stages.filter((one) => one.plan.kind !== kind) };
}
