import type {
  Distribution,
  RunRecord,
  ShotGroup,
  ShotWindow,
  StageFigures,
  StageRecord,
} from "../../loadtests/figures.ts";
import type { CertifyThresholds, GeneratorHealth, OutcomeCounts, StageKind } from "../../src/domain/index.ts";

/** A launch run of `acme-production`, made up: every stage, a survival with its incident, a late core. */

export const START = Date.parse("2026-11-21T08:00:00Z");
const CORES = ["acme-1", "acme-2", "acme-3", "acme-4"];

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function distribution(count: number, medianMs: number, seed: number, longestMs: number): Distribution {
  const next = random(seed);
  const samples = Array.from({ length: 4_000 }, () => {
    const normal = Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next());
    return Math.min(longestMs, medianMs * Math.exp(0.5 * normal) * (next() < 0.006 ? 9 : 1));
  }).sort((a, b) => a - b);
  const at = (percent: number): number =>
    percent >= 100
      ? longestMs
      : (samples[Math.min(samples.length - 1, Math.floor((percent / 100) * samples.length))] ?? 0);
  const points = [...Array.from({ length: 99 }, (_, i) => i), 99, 99.3, 99.5, 99.7, 99.9, 99.95, 99.97, 100];
  return {
    count,
    meanMs: samples.reduce((sum, ms) => sum + ms, 0) / samples.length,
    maxMs: longestMs,
    at,
    shareOver: (ms) => samples.filter((one) => one > ms).length / samples.length,
    curve: () => points.map((percent) => ({ percent, ms: at(percent) })),
  };
}

export function counts(ok: number, more: Partial<OutcomeCounts> = {}): OutcomeCounts {
  const none = {
    "non-2xx": 0,
    "wrong-body": 0,
    "business-failure": 0,
    lost: 0,
    "timed-out": 0,
    refused: 0,
    dropped: 0,
  };
  return { ok, ...none, ...more };
}

function group(of: OutcomeCounts, medianMs: number, seed: number, longestMs: number): ShotGroup {
  const offered = Object.values(of).reduce((sum, count) => sum + count, 0);
  const service = distribution(offered - of.dropped, medianMs * 0.97, seed, longestMs * 0.98);
  return { offered, counts: of, response: distribution(offered - of.dropped, medianMs, seed, longestMs), service };
}

interface Shape {
  readonly seconds: number;
  readonly rate: number;
  readonly medianMs: number;
  /** Cores that answer at a second. */
  readonly answering: (second: number) => readonly number[];
  /** Failures in a second. */
  readonly failing: (second: number) => Partial<OutcomeCounts>;
}

function figures({ seconds, rate, medianMs, answering, failing }: Shape, seed: number): StageFigures {
  const next = random(seed);
  const windows: ShotWindow[] = [];
  const total: Record<string, number> = {};
  for (let second = 0; second < seconds; second++) {
    const failed = failing(second);
    const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
    const of = counts(rate - lost, failed);
    const cores = answering(second);
    const byCore = [...CORES, "acme-5", ""].map((_, i) =>
      cores.includes(i) ? Math.round(((rate - lost) / cores.length) * (0.96 + next() * 0.08)) : 0,
    );
    const slower = (4 / Math.max(1, cores.length)) ** 0.7;
    const p99Ms = medianMs * slower * (3 + next() * 1.4);
    const maxMs = lost > 0 ? 5_000 : p99Ms * (1.5 + next() * 2);
    windows.push({
      fromMs: second * 1_000,
      toMs: (second + 1) * 1_000,
      offered: rate,
      counts: of,
      p50Ms: medianMs * slower * (0.92 + next() * 0.16),
      p99Ms,
      maxMs,
      byCore,
    });
    for (const [outcome, count] of Object.entries(of)) total[outcome] = (total[outcome] ?? 0) + count;
  }
  const longest = Math.max(...windows.map((window) => window.maxMs));
  const all = group(total as unknown as OutcomeCounts, medianMs, seed, longest);
  return {
    all,
    lateness: distribution(all.offered, 0.3, seed + 1, 4.1),
    endpoints: [
      group(counts(all.offered * 0.95), medianMs, seed, longest),
      group(counts(all.offered * 0.05), medianMs * 3, seed, longest),
    ],
    cores: CORES.map((_, i) => group(counts(Math.round(all.offered / 4)), medianMs, seed + i, longest)),
    windows,
    dispersion: 0.08,
    plannedDispersion: 0.02,
    sentRate: rate * 0.9994,
    between: () => ({ offered: all.offered, counts: all.counts, p99Ms: all.response.at(99) }),
  };
}

const GENERATOR: GeneratorHealth = {
  workers: 1,
  cpuSeconds: 41.2,
  cpuShare: 0.137,
  eventLoopMaxMs: 11.4,
  eventLoopP99Ms: 1.9,
  memoryBytes: 118_000_000,
  clockStepMs: 0.2,
  maxInFlight: 61,
};

function stage(index: number, kind: StageKind, atSecond: number, shape?: Shape): StageRecord {
  const seconds = shape?.seconds ?? 60;
  const beganAt = START + atSecond * 1_000;
  const arrivals = shape && ({ kind: "constant", rate: shape.rate, durationMs: seconds * 1_000 } as const);
  return {
    index,
    plan: {
      kind,
      arrivals,
      levels: kind === "ceiling" || kind === "tune" ? [8, 16, 32, 64, 128] : [],
      levelMs: 10_000,
    },
    beganAt,
    endedAt: beganAt + seconds * 1_000,
    cut: null,
    detail: "",
    generator: shape === undefined ? null : GENERATOR,
    figures: shape && figures(shape, index * 977 + 5),
  };
}

const all = (): number[] => [0, 1, 2, 3];
const none = (): Partial<OutcomeCounts> => ({});

const THRESHOLDS: CertifyThresholds = {
  rate: 1_000,
  heldMs: 600_000,
  arrivalError: 0.005,
  errors: 0.001,
  p99Ms: 500,
  slowOverMs: 1_500,
  slowShare: 0.001,
  latenessP99Ms: 5,
  dispersion: 0.5,
  sessions: 1_000_000,
  users: 1_000_000,
  fullToEmpty: 1.5,
  survivalErrors: 0.02,
  survivalSettleMs: 35_000,
  detectionMs: 60_000,
  toSlackMs: 5_000,
  recoveryMs: 120_000,
  shareOfEven: 0.8,
  firstShareMs: 300_000,
  instances: 2,
  zones: 2,
  connectionShare: 0.8,
  breakerErrors: 0.5,
  breakerMs: 10_000,
  alarmMs: 600_000,
  drift: 1.2,
  windows: [{ stage: "survival", fromMs: 60_000, toMs: undefined, errors: 0.001, p99Ms: 800 }],
};

const SURVIVAL = 900;
const at = (second: number): number => START + second * 1_000;

/** The record; `more` is laid over it. */
export function richRecord(more: Partial<RunRecord> = {}): RunRecord {
  const levels = (["ceiling", "tune"] as const).flatMap((stage) =>
    [8, 16, 32, 64, 128, 256].map((connections) => {
      const throughput = 6_400 * (1 - Math.exp(-connections / 12)) * (stage === "tune" ? 0.6 : 1);
      const p50Ms = (connections / throughput) * 1_000;
      const common = { connections, durationMs: 10_000, requests: Math.round(throughput * 10), throughput };
      const failures = { non2xx: 0, errors: 0, timeouts: 0 };
      return {
        stage,
        ...common,
        meanMs: p50Ms * 1.1,
        p50Ms,
        p90Ms: p50Ms * 1.6,
        p99Ms: p50Ms * 3,
        ...failures,
      };
    }),
  );
  const lostCores = ["acme-2", "acme-3", "acme-4"];
  const health = (second: number, core: string, state: string) =>
    ({ type: "target-health", at: at(second), core, state }) as const;
  const action = (second: number, what: "away" | "back" | "scale", core: string | null, stage: number) =>
    ({ type: "action", stage, at: at(second), endedAt: at(second) + 400, what, core, ok: true, detail: "" }) as const;
  return {
    head: {
      version: 1,
      fleet: "acme",
      deployment: "acme-production",
      kind: "production",
      app: "acme",
      connectionUri: "https://auth.acme.example:3567/core",
      addresses: ["10.0.0.9", "10.0.1.9"],
      plan: {
        name: "launch",
        stages: [],
        sessions: 1_000_000,
        users: 1_000_000,
        capacity: "fill",
        deviations: ["the sustained stage held 4 min rather than 10 min (--duration)"],
      },
      scenario: { name: "session-mix", settings: { verify: 0.95, checkDatabase: 0.1, refresh: 0.04, create: 0.01 } },
      scenarioTells: ["95% verify"],
      endpoints: ["POST /recipe/session/verify", "POST /recipe/session/refresh"],
      cores: CORES,
      coreHeader: "x-core",
      thresholds: THRESHOLDS,
      spread: { cores: [] },
      poolSize: 10,
      environment: ENVIRONMENT,
      seed: 20_261_121,
      startedAt: START,
    },
    cores: [...CORES, "acme-5"],
    stages: [
      stage(0, "warm-up", 0, { seconds: 30, rate: 300, medianMs: 7, answering: all, failing: none }),
      stage(1, "ceiling", 40),
      stage(2, "tune", 140),
      stage(3, "empty", 240, { seconds: 60, rate: 1_000, medianMs: 4.1, answering: all, failing: none }),
      stage(4, "fill", 310),
      stage(5, "full", 400, { seconds: 60, rate: 1_000, medianMs: 4.9, answering: all, failing: none }),
      stage(6, "sustained", 500, {
        seconds: 240,
        rate: 1_000,
        medianMs: 5,
        answering: all,
        failing: (s) => (s === 131 ? { lost: 12, "timed-out": 3 } : {}),
      }),
      stage(7, "survival", SURVIVAL, {
        seconds: 240,
        rate: 1_000,
        medianMs: 5,
        answering: (s) => (s >= 60 && s < 160 ? [0] : [0, 1, 2, 3]),
        failing: (s) => (s >= 60 && s < 75 ? { refused: 220, lost: s === 60 ? 90 : 0 } : {}),
      }),
      stage(8, "scale-out", 1_200, {
        seconds: 120,
        rate: 1_000,
        medianMs: 5,
        answering: (s) => (s > 70 ? [0, 1, 2, 3, 4] : [0, 1, 2, 3]),
        failing: none,
      }),
    ],
    levels,
    capacity: (["before", "filled"] as const).map((moment) => ({
      moment,
      at: at(moment === "before" ? 310 : 390),
      sessions: moment === "before" ? 1_204 : 1_000_000,
      users: moment === "before" ? 310 : 1_000_000,
      sessionBytes: moment === "before" ? 1_900_000 : 714_000_000,
      userBytes: moment === "before" ? 900_000 : 1_310_000_000,
      databaseBytes: moment === "before" ? 14_000_000 : 2_040_000_000,
      maxConnections: 100,
      statements: [
        { name: "session by handle", plan: ["Index Scan using session_info_pkey"], scans: [], executionMs: 0.041 },
        {
          name: "sessions of a user",
          plan: ["Bitmap Heap Scan", "Bitmap Index Scan using session_info_user_id_app_id_index"],
          scans: [],
          executionMs: 0.12,
        },
      ],
    })),
    fill: { sessions: 998_796, users: 999_690, sessionsMs: 12_400, usersMs: 31_000, resumed: 0 },
    actions: [
      ...lostCores.map((core, i) => action(SURVIVAL + 60 + i, "away", core, 7)),
      ...lostCores.map((core, i) => action(SURVIVAL + 150 + i, "back", core, 7)),
      action(1_210, "scale", null, 8),
    ],
    targetHealth: [
      ...CORES.map((core) => health(0, core, "healthy")),
      ...lostCores.flatMap((core) => [
        health(SURVIVAL + 76, core, "unhealthy"),
        health(SURVIVAL + 152, core, "initial"),
        health(SURVIVAL + 160, core, "healthy"),
      ]),
      health(1_255, "acme-5", "initial"),
      health(1_270, "acme-5", "healthy"),
    ],
    added: [{ type: "core-added", at: at(1_254), core: "acme-5", instance: "i-0e5", zone: "eu-west-1c" }],
    coreMinutes: [...CORES, "acme-5"].map((core, i) => ({ core, minute: START, requests: 200_000 - i * 7_000 })),
    connectionUris: [{ at: at(1_300), uri: "https://auth.acme.example:3567/core" }],
    observed: {
      watching: true,
      daemon: "own",
      probes: CORES.map((core) => ({
        series: `acme-production/${core}:hello`,
        done: 130,
        missed: 0,
        unknown: 0,
        bad: core === "acme-1" ? 0 : 10,
        p99Ms: 14.2,
      })),
      incidents: [
        {
          id: "17",
          cause: "one-core-left",
          deployment: "acme-production",
          openedAt: at(SURVIVAL + 66),
          toldAt: at(SURVIVAL + 67.2),
          resolvedAt: at(SURVIVAL + 182),
          events: [{ at: at(SURVIVAL + 66), kind: "opened", text: "Only one core is left" }],
          affected: lostCores.map((core) => `acme-production/${core}`),
        },
      ],
      alarms: ["acme-production UnHealthyHosts", "acme-production ELB 5xx"],
      alarmChanges: [
        { name: "acme-production UnHealthyHosts", at: at(SURVIVAL + 110), state: "ALARM" },
        { name: "acme-production UnHealthyHosts", at: at(SURVIVAL + 210), state: "OK" },
      ],
      troubles: [],
    },
    notes: [{ at: at(5), text: "the warm-up's figures are thrown away" }],
    endedAt: at(1_330),
    cut: null,
    ...more,
  };
}

export const ENVIRONMENT = {
  corewatch: "0.1.0",
  node: "v24.21.0",
  platform: "linux x64",
  cpus: 2,
  memoryBytes: 8_200_000_000,
  hostname: "certifier-1",
  versions: { undici: "8.12.4", autocannon: "9.0.0", "hdr-histogram-js": "3.0.1", Postgres: "18.4" },
};
