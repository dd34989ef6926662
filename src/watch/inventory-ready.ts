import { type Fleet, type Health, type SeriesKey, seriesKey } from "../domain/index.ts";
import type { SeriesView } from "../incidents/picture.ts";
import { discovering } from "../inventory/discovered.ts";
import type { Memory } from "./inventory-memory.ts";

/** For so long after a core's time is over it is said that it is, ms. */
const SAID_MS = 2_000;

/** Which new cores were seen well since they came, and whether the time of another has just run out. */
export function readiness(
  fleet: Fleet,
  memory: Memory,
  seriesOf: (key: SeriesKey) => Pick<SeriesView, "health" | "since" | "latest"> | undefined,
  now: number,
): {
  readonly ready: readonly { readonly deployment: string; readonly id: string; readonly at: number }[];
  readonly isLate: boolean;
} {
  const ready: { deployment: string; id: string; at: number }[] = [];
  let isLate = false;
  for (const { id: deployment, cores } of discovering(fleet)) {
    for (const { id, expectation } of cores) {
      if (expectation?.state !== "starting") continue;
      const target = { kind: "core", id: `${deployment}/${id}`, deployment } as const;
      const series = seriesOf(seriesKey(target, "hello"));
      const at = series?.latest?.at;
      const since = memory.get(deployment)?.cores.find((one) => one.id === id)?.firstSeen ?? now;
      // The id may have been another core's: only what was seen since counts, and what is settled must say so too.
      if (at !== undefined && at >= since && isWell(series?.health) && isWell(series?.latest?.health))
        ready.push({ deployment, id, at: series !== undefined && series.since >= since ? series.since : at });
      else if (expectation.until !== null && now >= expectation.until && now - expectation.until < SAID_MS)
        isLate = true;
    }
  }
  return { ready, isLate };
}

function isWell(health: Health | undefined): boolean {
  return health === "up" || health === "degraded";
}
