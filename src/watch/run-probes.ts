import { balancersOf } from "../../checks/balancer.ts";
import { planTasks } from "../../checks/index.ts";
import { formatDuration, seriesKey } from "../domain/index.ts";
import type { CheckKind, Fleet, HistoryStore, ObserverFacts, SeriesKey, Ticker } from "../domain/index.ts";

/** A stretch of time, epoch ms. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

const MINUTE_MS = 60_000;
/** A run is looked through in at most so many parts. */
const PARTS = 30;

/**
 * Series of a deployment that were due between `from` and `to` (epoch ms): its own, its cores', its load balancer's and its
 * database's. One that is looked at once an hour is not due in a run of minutes.
 */
export function seriesOf(
  fleet: Fleet,
  ticker: Pick<Ticker, "next">,
  deployment: string,
  from: number,
  to: number,
): SeriesKey[] {
  const database = fleet.deployments.find((one) => one.id === deployment)?.database;
  const due = new Map<CheckKind, boolean>();
  const isDue = (check: CheckKind): boolean => {
    const known = due.get(check);
    if (known !== undefined) return known;
    const { schedule, timezone, timeoutMs } = fleet.checks[check];
    const [first = Number.POSITIVE_INFINITY, second = Number.POSITIVE_INFINITY] = ticker.next(
      schedule,
      timezone,
      from - 1,
      2,
    );
    // Within a slot its probes are spread, over a minute at most, and have their own time limit.
    const is = first <= to - Math.min(MINUTE_MS, second - first) - timeoutMs;
    due.set(check, is);
    return is;
  };
  // A load balancer that is shared belongs to no one deployment.
  const balancers = new Set(
    balancersOf(fleet)
      .filter(({ input }) => input.cores.some(({ id }) => id.startsWith(`${deployment}/`)))
      .map(({ target }) => target.id),
  );
  return planTasks(fleet)
    .filter(({ check }) => isDue(check))
    .filter(
      ({ target }) =>
        target.deployment === deployment ||
        (target.kind === "load-balancer" && balancers.has(target.id)) ||
        (target.kind === "database" && target.id === database),
    )
    .map(({ target, check }) => seriesKey(target, check));
}

/** What came of the probes between `from` and `to` (epoch ms), per series. @throws StoreUnavailable */
export async function probesOf(
  store: Pick<HistoryStore, "summary">,
  series: readonly SeriesKey[],
  from: number,
  to: number,
): Promise<ObserverFacts["probes"]> {
  return (await store.summary(series, from, to)).map(({ series, up, degraded, down, unknown, missed, p99Ms }) => ({
    series,
    done: up + degraded + down + unknown,
    missed,
    unknown,
    bad: degraded + down,
    p99Ms,
  }));
}

/**
 * Stretches of whole minutes in which nothing at all was probed, epoch ms: whoever should have watched was not running, and
 * so did not even note what it missed. @throws StoreUnavailable
 */
export async function gapsOf(
  store: Pick<HistoryStore, "summary">,
  series: readonly SeriesKey[],
  from: number,
  to: number,
): Promise<readonly Gap[]> {
  const step = Math.max(MINUTE_MS, Math.ceil((to - from) / PARTS / MINUTE_MS) * MINUTE_MS);
  const gaps: { -readonly [Key in keyof Gap]: Gap[Key] }[] = [];
  for (let at = from; at + step <= to; at += step) {
    const seen = await probesOf(store, series, at, at + step);
    if (seen.some(({ done, missed }) => done + missed > 0)) continue;
    const last = gaps.at(-1);
    if (last?.to === at) last.to = at + step;
    else gaps.push({ from: at, to: at + step });
  }
  return gaps;
}

/** A gap in a sentence. */
export function tellGap(gap: Gap): string {
  const from = new Date(gap.from).toISOString();
  return `nothing was probed for ${formatDuration(gap.to - gap.from)} from ${from}: no daemon was watching`;
}
