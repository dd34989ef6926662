import { type OutcomeCounts, SHOT_OUTCOMES } from "../src/domain/index.ts";
import type { ShotWindow } from "./figures.ts";

/** At most `most` windows: neighbours become one, with the worst latency of them. */
export function thin(windows: readonly ShotWindow[], most: number): ShotWindow[] {
  const step = Math.ceil(windows.length / most);
  if (step <= 1) return [...windows];
  const thinned: ShotWindow[] = [];
  for (let i = 0; i < windows.length; i += step) thinned.push(windows.slice(i, i + step).reduce(join));
  return thinned;
}

function join(a: ShotWindow, b: ShotWindow): ShotWindow {
  return {
    fromMs: a.fromMs,
    toMs: b.toMs,
    offered: a.offered + b.offered,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets its keys, and SHOT_OUTCOMES has all
    counts: Object.fromEntries(SHOT_OUTCOMES.map((one) => [one, a.counts[one] + b.counts[one]])) as OutcomeCounts,
    p50Ms: Math.max(a.p50Ms, b.p50Ms),
    p99Ms: Math.max(a.p99Ms, b.p99Ms),
    maxMs: Math.max(a.maxMs, b.maxMs),
    byCore: a.byCore.map((count, i) => count + (b.byCore[i] ?? 0)),
  };
}

/** The middle of a window, ms since the stage began. */
export function middle(window: ShotWindow | undefined): number {
  return window === undefined ? 0 : (window.fromMs + window.toMs) / 2;
}
