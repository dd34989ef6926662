import type { Health, Reason } from "./health.ts";
import type { SeriesKey } from "./observation.ts";

/**
 * What corewatch holds true of one series after thresholds: the memory of the judge. Kept in the store, versioned, and
 * shared by the daemon and one-shot sweeps.
 */
export interface SeriesState {
  readonly key: SeriesKey;
  /** The settled health: changes only when thresholds are met. `unknown` before the first verdict. */
  readonly health: Health;
  /** Reason of the observation that settled it, or of the latest bad one. */
  readonly reason: Reason;
  /** Since when it is settled so, epoch ms. */
  readonly since: number;
  /** The last `window` known observations since the last settlement, newest last: `true` is bad. Unknown ones are left out. */
  readonly recent: readonly boolean[];
  /** Good observations in a row, capped at the threshold. */
  readonly goods: number;
  /** Slot of the newest observation judged, epoch ms. */
  readonly slot: number;
  /** Counts writes, for compare-and-set; 0 has never been stored. */
  readonly version: number;
}
