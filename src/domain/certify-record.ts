import type { CertifyPlan, CertifyThresholds, PlannedStage } from "./certify.ts";
import type { Cause, IncidentEventKind } from "./incident.ts";
import type { GeneratorHealth, ScenarioSpec } from "./load.ts";

/** What is recorded of a certification while it runs: facts and events, from which everything is reported. */

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
