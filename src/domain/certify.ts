import type { Arrivals, ScenarioSpec } from "./load.ts";
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
