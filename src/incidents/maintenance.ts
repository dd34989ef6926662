import type { Fleet, MaintenanceWindow, Ticker } from "../domain/index.ts";

/** A maintenance window that is open now. */
export interface ActiveWindow {
  readonly window: MaintenanceWindow;
  /** When this opening began and ends, epoch ms; of overlapping openings the one that ends last. */
  readonly from: number;
  readonly until: number;
}

/** Fire times asked of the ticker at once, and how often: a schedule that fires every second stays bounded. */
const PAGE = 100;
const MAX_PAGES = 10;

/**
 * The windows that are open at `now` (epoch ms): those whose schedule fired less than `durationMs` ago. Durations are
 * elapsed time, so that a window over a change of daylight saving time is as long as it says.
 * @throws RangeError for a schedule that is not cron.
 */
export function activeWindows(fleet: Fleet, now: number, ticker: Ticker): ActiveWindow[] {
  return fleet.maintenance.flatMap((window) => {
    const from = lastFire(window, now, ticker);
    return from === undefined ? [] : [{ window, from, until: from + window.durationMs }];
  });
}

/** The newest fire time in (now − duration, now]. */
function lastFire(
  { schedule, timezone, durationMs }: MaintenanceWindow,
  now: number,
  ticker: Ticker,
): number | undefined {
  let after = now - durationMs;
  let found: number | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const fires = ticker.next(schedule, timezone, after, PAGE);
    const past = fires.filter((fire) => fire > after && fire <= now);
    const newest = past.at(-1);
    if (newest === undefined) return found;
    found = newest;
    if (past.length < PAGE) return found;
    after = newest;
  }
  return found;
}
