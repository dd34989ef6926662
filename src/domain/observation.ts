import type { CheckKind, Health, Reason } from "./health.ts";

/** What kind of thing a target is. */
export const TARGET_KINDS = ["core", "database", "load-balancer", "deployment", "endpoint", "heartbeat"] as const;
/** One of {@link TARGET_KINDS}. */
export type TargetKind = (typeof TARGET_KINDS)[number];

/** A thing that is probed. `id` is `deployment/core`, or the id of a database, load balancer, deployment, endpoint or heartbeat. */
export interface Target {
  readonly kind: TargetKind;
  readonly id: string;
  /** The deployment it belongs to; `null` for what serves several (a database) or none. */
  readonly deployment: string | null;
}

/** Names one series of observations: one check of one target. `core:acme/acme-1:hello`. */
export type SeriesKey = string;

/** The key of the series that (target, check) makes. */
export function seriesKey(target: Target, check: CheckKind): SeriesKey {
  return `${target.kind}:${target.id}:${check}`;
}

/** Milliseconds spent in the phases of one probe; a phase that did not happen is absent. */
export interface Phases {
  readonly dns?: number;
  readonly connect?: number;
  readonly tls?: number;
  /** From the request's last byte sent to the first byte of the answer. */
  readonly firstByte?: number;
  readonly total: number;
}

/** What a check found, before it is bound to a slot. */
export interface Outcome {
  readonly health: Health;
  readonly reason: Reason;
  /** One sentence for a person: what was found where. Redacted by the edges; may be empty when up. */
  readonly detail: string;
  /** Numbers worth keeping (certificateDays, replicationLagMs, connectionsUsed …). */
  readonly measures: Readonly<Record<string, number>>;
  readonly phases?: Phases;
  /** Named findings about other targets (target-health: one per target), for diagnosis; never free text. */
  readonly findings?: readonly Finding[];
}

/** What one check says about another target than its own: target-health's word on each core. */
export interface Finding {
  readonly target: string;
  readonly health: Health;
  readonly reason: Reason;
}

/** One probe's outcome, bound to its target and slot. */
export interface Observation extends Outcome {
  readonly target: Target;
  readonly check: CheckKind;
  /** Start of the slot, epoch ms: with the series key the identity of the observation. */
  readonly slot: number;
  /** When the probe started, epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  /** How much later than scheduled it started; 0 for one-shot probes. */
  readonly latenessMs: number;
}

/** A slot that was not observed, and why: never evidence against the target. */
export interface MissedSlot {
  readonly series: SeriesKey;
  readonly slot: number;
  /** `overrun`: the previous probe still ran; `stalled`: the process was not running its timers; `clock`: the clock stepped over it; `stopped`: shutting down. */
  readonly why: "overrun" | "stalled" | "clock" | "stopped";
}
