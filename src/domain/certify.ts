import type { Cause, IncidentEventKind } from "./incident.ts";
import type { Arrivals, GeneratorHealth, OutcomeCounts, ScenarioSpec } from "./load.ts";
import type { Secret } from "./secret.ts";

/**
 * Launch certification. A *plan* is a list of *stages*; each stage puts load on a deployment and records what came of it;
 * *criteria* compare the record with *thresholds*; a *certificate* says what was found. The record (the shots file) comes
 * first: every report can be made from it again.
 */

/** Stages of the plans, in the order in which they can run. */
export const STAGE_KINDS = [
  /** Raises the load slowly; its figures are thrown away, and say so. */
  "warm-up",
  /** Closed model, rising connections: where throughput stops growing. */
  "ceiling",
  /** Closed model, concurrency sweep: throughput and latency per level, for the pools. */
  "tune",
  /** Open-model load before the database is filled. */
  "empty",
  /** Filling the database to the wanted number of sessions and users, or counting what is there. */
  "fill",
  /** The same load as `empty` with the database full. */
  "full",
  /** The promised rate, held. */
  "sustained",
  /** All cores but one are taken away under load, and come back. */
  "survival",
  /** A core is added under load. */
  "scale-out",
  /** The promised rate for hours. */
  "soak",
] as const;
/** One of {@link STAGE_KINDS}. */
export type StageKind = (typeof STAGE_KINDS)[number];

/** Names of the plans. */
export const PLAN_NAMES = ["launch", "quick", "soak"] as const;
/** One of {@link PLAN_NAMES}. */
export type PlanName = (typeof PLAN_NAMES)[number];

/** One stage as planned. Open-model stages have arrivals. */
export interface PlannedStage {
  readonly kind: StageKind;
  readonly arrivals: Arrivals | undefined;
  /** Closed-model stages: numbers of connections to try, and how long each, ms. */
  readonly levels: readonly number[];
  readonly levelMs: number;
}

/** A plan with the user's rate, durations and sizes filled in. */
export interface CertifyPlan {
  readonly name: PlanName;
  readonly stages: readonly PlannedStage[];
  /** Sessions and users that the database is to hold; 0: no capacity stages. */
  readonly sessions: number;
  readonly users: number;
  /** `count`: only counts what is there (read-only); `fill`: adds what is missing, and removes it at the end. */
  readonly capacity: "fill" | "count";
  /** What was shortened or left out by flags against the plan as it is meant: stands in the certificate. */
  readonly deviations: readonly string[];
}

/** A limit of one stage and time window, over and above the general ones. Times from the stage's begin. */
export interface WindowThreshold {
  readonly stage: StageKind;
  readonly fromMs: number;
  /** `undefined`: to the end of the stage. */
  readonly toMs: number | undefined;
  /** Share of arrivals that may fail, 0–1. */
  readonly errors: number | undefined;
  readonly p99Ms: number | undefined;
}

/** What must be met. Defaults come from the runbook's list and its alarms; each can be set in fleet.yaml. */
export interface CertifyThresholds {
  /** Requests a second that must be held (runbook: "Should be able to handle 1k requests per second"). */
  readonly rate: number;
  /** How long the `sustained` stage must hold it, ms. */
  readonly heldMs: number;
  /** By how much the rate of arrivals may differ from what was planned, 0–1. */
  readonly arrivalError: number;
  /** Share of arrivals that may fail, 0–1. */
  readonly errors: number;
  readonly p99Ms: number;
  /** Answers slower than this (the runbook's TargetResponseTime alarm: 1.5 s) … */
  readonly slowOverMs: number;
  /** … may be this share, 0–1. */
  readonly slowShare: number;
  /** The generator's own: 99th percentile of lateness, ms; more, and the stage is invalid. */
  readonly latenessP99Ms: number;
  /** The generator's own: index of dispersion of sent requests in 10 ms bins over that of the planned arrivals (1 for Poisson). */
  readonly dispersion: number;
  readonly sessions: number;
  readonly users: number;
  /** p99 of the `full` stage over that of the `empty` one. */
  readonly fullToEmpty: number;
  /** Share of the `survival` stage's arrivals that may fail, 0–1: what the load balancer loses until it notices. */
  readonly survivalErrors: number;
  /** From the moment this long after the cores went away, only {@link errors} may fail, ms (unhealthy threshold × interval + timeout of the target group). */
  readonly survivalSettleMs: number;
  /** From the cores going away to corewatch's incident, ms. */
  readonly detectionMs: number;
  /** From the incident to its message in Slack, ms. */
  readonly toSlackMs: number;
  /** From the cores coming back to the incident's resolution, ms. */
  readonly recoveryMs: number;
  /** An added core's part of an even share, once it is in service, 0–1. */
  readonly shareOfEven: number;
  /** From the request to scale to the new core's first share of traffic, ms (runbook: "wait 5 mins"). */
  readonly firstShareMs: number;
  readonly instances: number;
  readonly zones: number;
  /** Share of max_connections that all pools together may take, 0–1. */
  readonly connectionShare: number;
  /** The circuit breaker: this share of errors, 0–1, over {@link breakerMs}, and the load stops by itself. */
  readonly breakerErrors: number;
  readonly breakerMs: number;
  /** How long an alarm may take to fire and to go back after the survival stage, ms. */
  readonly alarmMs: number;
  /** `soak`: p99 of the last tenth over that of the first. */
  readonly drift: number;
  readonly windows: readonly WindowThreshold[];
}

/** Something outside that corewatch can have done: one of three ways. Placeholders `{{core}}`, `{{instance}}`, `{{url}}`, `{{app}}`, `{{deployment}}`, `{{cores}}` (how many there are to be) are filled in. */
export type Hook =
  | {
      readonly kind: "request";
      readonly method: "GET" | "POST" | "PUT" | "DELETE";
      readonly url: string;
      readonly headers: Readonly<Record<string, Secret>>;
      /** Parameters; values may be secrets. Sent as JSON or as a form. */
      readonly params: Readonly<Record<string, Secret>>;
      readonly as: "json" | "form";
      readonly timeoutMs: number;
    }
  /** Program and arguments, run without a shell. Its environment is corewatch's without corewatch's secrets. */
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly timeoutMs: number }
  /** Deregisters the core from every target group of its load balancer (ELBv2), or registers it again. */
  | { readonly kind: "target-group" };

/** How a deployment may be certified. */
export interface CertifySettings {
  /** Without it no load is put on the deployment. */
  readonly allowed: boolean;
  /** Addresses and networks (CIDR) beside the inventory's that the connectionUri may resolve to. */
  readonly targets: readonly string[];
  readonly scenario: ScenarioSpec | undefined;
  readonly coreHeader: string | undefined;
  readonly thresholds: CertifyThresholds;
  /** How a core is taken away and brought back. */
  readonly survival: { readonly away: Hook; readonly back: Hook } | undefined;
  /** bcrypt rounds of the deployment, as far as somebody said; stated with `sign-in`. */
  readonly passwordRounds: number | undefined;
}

/** How a core is added, and taken away again after certification. */
export interface ScaleSettings {
  readonly request: Hook;
  readonly remove: Hook | undefined;
}

/** Outcome of one criterion. `invalid`: it could not be told (the generator's fault, no samples, no way to do it); never a pass. */
export type CriterionOutcome = "pass" | "fail" | "invalid";

/** One criterion of a certificate. */
export interface Criterion {
  /** `rate`, `errors`, `latency-p99` … unique within a certificate (`survival-errors`). */
  readonly id: string;
  /** What is asked, for people. */
  readonly title: string;
  readonly target: string;
  readonly measured: string;
  readonly outcome: CriterionOutcome;
  readonly stage: StageKind | null;
  /** How it was measured, in a sentence. */
  readonly how: string;
  /** The runbook's line behind it, or an empty string. */
  readonly seed: string;
}

/**
 * One level of a closed-model stage, measured with autocannon. Requests that were made: `requests + errors + timeouts`;
 * answered well: `requests - non2xx - wrongBody`. Latencies are of everything that took its time, failures too.
 */
export interface ClosedLevel {
  readonly stage: "ceiling" | "tune";
  readonly connections: number;
  /** What was measured: without the warm-up, which is thrown away. */
  readonly durationMs: number;
  /** Answers, whatever they said. */
  readonly requests: number;
  /** Good answers a second. */
  readonly throughput: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly non2xx: number;
  readonly errors: number;
  readonly timeouts: number;
  /** 2xx answers without the text that was expected in them; `undefined` where none was. */
  readonly wrongBody?: number;
  /** Share of the time in which the generator's own thread was busy, 0–1: near 1 it may be the limit, not the target. */
  readonly generatorBusy?: number;
}

/** A statement that cores run, and how the database would run it now. */
export interface HotStatement {
  readonly name: string;
  /** Node types and index names of its plan, from the top: `Index Scan using session_info_pkey`. */
  readonly plan: readonly string[];
  /** Tables it scans from end to end. */
  readonly scans: readonly string[];
  /** 0 for a statement that writes: it is explained, not run. */
  readonly executionMs: number;
}

/** What the database holds, at one moment. */
export interface CapacityFacts {
  readonly moment: "before" | "filled";
  readonly at: number;
  readonly sessions: number;
  readonly users: number;
  /** Of `session_info` with its indexes, and of all tables of users with theirs; bytes. */
  readonly sessionBytes: number;
  readonly userBytes: number;
  readonly databaseBytes: number;
  readonly maxConnections: number;
  readonly statements: readonly HotStatement[];
}

/** How filling went. */
export interface FillFacts {
  readonly sessions: number;
  readonly users: number;
  readonly sessionsMs: number;
  readonly usersMs: number;
  /** Rows of this kind that were there from an earlier, unfinished run. */
  readonly resumed: number;
}

/** Where a deployment stands, from the inventory. */
export interface SpreadFacts {
  readonly cores: readonly {
    readonly id: string;
    readonly instance: string | null;
    readonly zone: string | null;
  }[];
}

/** What a core counted itself in one minute (`/requests/stats`): requests, from all callers. */
export interface CoreMinute {
  readonly core: string;
  /** Epoch ms of the minute's begin. */
  readonly minute: number;
  readonly requests: number;
}

/** One of corewatch's incidents during a run. */
export interface ObservedIncident {
  readonly id: string;
  readonly cause: Cause;
  readonly deployment: string | null;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** When its first message reached Slack, or `null`. */
  readonly toldAt: number | null;
  readonly events: readonly { readonly at: number; readonly kind: IncidentEventKind; readonly text: string }[];
  /** Targets it ever affected. */
  readonly affected: readonly string[];
}

/** One CloudWatch alarm's change of state during a run. */
export interface AlarmChange {
  readonly name: string;
  readonly at: number;
  readonly state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
}

/** What corewatch itself saw during a run. */
export interface ObserverFacts {
  /** `false`: nobody was watching. */
  readonly watching: boolean;
  /** `own`: for this run; `running`: a daemon that was there already. */
  readonly daemon: "own" | "running" | "none";
  /** Probes of the deployment during the run, per series. */
  readonly probes: readonly {
    readonly series: string;
    readonly done: number;
    readonly missed: number;
    readonly unknown: number;
    readonly bad: number;
    readonly p99Ms: number | null;
  }[];
  readonly incidents: readonly ObservedIncident[];
  /** Names of the alarms of the deployment that corewatch manages; `null`: could not be read. */
  readonly alarms: readonly string[] | null;
  readonly alarmChanges: readonly AlarmChange[];
  /** Why something could not be seen, a sentence each. */
  readonly troubles: readonly string[];
  /** For how long of the run nothing at all was probed, ms: whoever should have watched was not running. */
  readonly unwatchedMs?: number;
}

/** Where and with what a run was made. */
export interface RunEnvironment {
  readonly corewatch: string;
  readonly node: string;
  readonly platform: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly hostname: string;
  /** Versions of the parts that measured: undici, autocannon, hdr-histogram-js, Postgres. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What a run is about: the first record of a shots file. */
export interface RunHead {
  readonly version: 1;
  readonly fleet: string;
  readonly deployment: string;
  readonly kind: "production" | "development";
  readonly app: string;
  readonly connectionUri: string;
  readonly addresses: readonly string[];
  readonly plan: CertifyPlan;
  readonly scenario: ScenarioSpec;
  /** What the scenario does, with its mix, in sentences; what it proves and what it does not. */
  readonly scenarioTells: readonly string[];
  /** Names of the scenario's endpoints, in the order of shot indices. */
  readonly endpoints: readonly string[];
  /** Core ids, in the order of shot indices. */
  readonly cores: readonly string[];
  readonly coreHeader: string | null;
  readonly thresholds: CertifyThresholds;
  readonly spread: SpreadFacts;
  readonly poolSize: number;
  readonly environment: RunEnvironment;
  readonly seed: number;
  readonly startedAt: number;
}

/** Why a stage or a run ended before its time. */
export type Cut = "interrupted" | "circuit-breaker" | "failed";

/** A record of a shots file beside the shots. `at` is epoch ms. */
export type RunEvent =
  | { readonly type: "stage-began"; readonly stage: number; readonly at: number; readonly plan: PlannedStage }
  | {
      readonly type: "stage-ended";
      readonly stage: number;
      readonly at: number;
      readonly generator: GeneratorHealth | null;
      readonly cut: Cut | null;
      /** Why it failed, for people. */
      readonly detail: string;
      /** It failed since the target itself answered with errors, before any load was put on it. */
      readonly byTarget?: boolean;
    }
  | { readonly type: "level"; readonly level: ClosedLevel }
  | { readonly type: "capacity"; readonly facts: CapacityFacts }
  | { readonly type: "filled"; readonly facts: FillFacts }
  /** A hook was called: `away` and `back` once a core, `scale` once. `endedAt` when it was done. */
  | {
      readonly type: "action";
      readonly stage: number;
      readonly at: number;
      readonly endedAt: number;
      readonly what: "away" | "back" | "scale" | "remove";
      readonly core: string | null;
      readonly ok: boolean;
      readonly detail: string;
    }
  /** The load balancer's word on a core, when it changed; `core` by id. */
  | { readonly type: "target-health"; readonly at: number; readonly core: string; readonly state: string }
  /** A core that the inventory did not have at the begin; shots name it by its place after the head's cores. */
  | {
      readonly type: "core-added";
      readonly at: number;
      readonly core: string;
      readonly instance: string | null;
      readonly zone: string | null;
    }
  | { readonly type: "core-minute"; readonly count: CoreMinute }
  /** The connectionUri as the inventory has it now: it must stay what it was. */
  | { readonly type: "connection-uri"; readonly at: number; readonly uri: string }
  | { readonly type: "observed"; readonly facts: ObserverFacts }
  | { readonly type: "note"; readonly at: number; readonly text: string }
  | { readonly type: "ended"; readonly at: number; readonly cut: Cut | null };

/** Latency of some arrivals, ms, from their scheduled moment. */
export interface LatencyFigures {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** What `certify` writes and prints: certificate.json. Times are ISO 8601 UTC. */
export interface Certificate {
  readonly version: 1;
  readonly deployment: string;
  readonly plan: PlanName;
  readonly verdict: "pass" | "fail" | "invalid";
  /** One sentence for people. */
  readonly summary: string;
  readonly criteria: readonly Criterion[];
  /** Of all measured open-model stages (the warm-up is left out): `offered` is the sum of the outcomes. */
  readonly load: { readonly offered: number } & OutcomeCounts;
  readonly stages: readonly {
    readonly stage: StageKind;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly cut: Cut | null;
    readonly load: ({ readonly offered: number } & OutcomeCounts) | null;
    readonly response: LatencyFigures | null;
    readonly service: LatencyFigures | null;
    readonly lateness: LatencyFigures | null;
    readonly sentRate: number | null;
    readonly dispersion: number | null;
    readonly generator: GeneratorHealth | null;
    /** Requests a second that were to be sent, on average; `null` for stages without arrivals. */
    readonly plannedRate?: number | null;
    /** Latencies of the stage's windows, ms, from the first to the last: what runs differ by anyhow is reckoned from them. */
    readonly windows?: {
      readonly everyMs: number;
      readonly p50Ms: readonly number[];
      readonly p99Ms: readonly number[];
    } | null;
  }[];
  readonly perEndpoint: readonly {
    readonly endpoint: string;
    readonly offered: number;
    readonly ok: number;
    readonly response: LatencyFigures;
  }[];
  /** By core: answers that named it (`answers`, with latency), and what it counted itself (`ownRequests`, all callers). */
  readonly perCore: readonly {
    readonly core: string;
    readonly instance: string | null;
    readonly zone: string | null;
    readonly answers: number | null;
    readonly failures: number | null;
    readonly share: number | null;
    readonly response: LatencyFigures | null;
    readonly ownRequests: number | null;
  }[];
  /** The pools that the ceiling and the tuning recommend; `null` where they did not run. */
  readonly recommendation: {
    readonly maxServerPoolSize: number;
    readonly connectionPoolSize: number;
    readonly coresPerInstance: number;
    /** Sentences with the reckoning. */
    readonly because: readonly string[];
  } | null;
  readonly levels: readonly ClosedLevel[];
  readonly capacity: readonly CapacityFacts[];
  readonly fill: FillFacts | null;
  readonly scenario: { readonly name: string; readonly tells: readonly string[]; readonly settings: unknown };
  readonly thresholds: CertifyThresholds;
  /** What was shortened by flags, cut short, or could not be seen. */
  readonly caveats: readonly string[];
  readonly environment: RunEnvironment;
  readonly connectionUri: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** SHA-256, hex, of this document as JSON without this field. */
  readonly hash: string;
}
