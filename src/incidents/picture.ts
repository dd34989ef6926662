import type { CheckKind, FiringAlarm, Fleet, Health, Observation, Reason, SeriesKey, Target } from "../domain/index.ts";

/** One series as diagnosis sees it: what is settled, and what the newest probe said. */
export interface SeriesView {
  readonly target: Target;
  readonly check: CheckKind;
  /** Settled health: changes only when thresholds are met; `unknown` before the first verdict. */
  readonly health: Health;
  /** Reason of the settled health. */
  readonly reason: Reason;
  /** Since when it is settled so, epoch ms. */
  readonly since: number;
  /** The newest observation, settled or not: evidence, never a reason to open anything by itself. */
  readonly latest: Observation | undefined;
}

/**
 * All that is known at one moment. Series that are missing, and series of targets that are no longer in the fleet, count
 * as not watched; the order of the map has no meaning.
 */
export interface Picture {
  readonly fleet: Fleet;
  /** Epoch ms. */
  readonly now: number;
  readonly series: ReadonlyMap<SeriesKey, SeriesView>;
  /** corewatch's own trouble; `reasons` are sentences for people. */
  readonly prober: { readonly degraded: boolean; readonly reasons: readonly string[] };
  /** CloudWatch alarms that are in ALARM and about the fleet. */
  readonly alarms?: readonly FiringAlarm[];
}
