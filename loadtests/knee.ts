import type { ClosedLevel } from "../src/domain/index.ts";

/** What counts as growth, as failing, and as a generator at its own limit. Shares, 0–1. */
export interface KneeSettings {
  /** Throughput grows where it gains more than this per doubling of connections. */
  readonly growth: number;
  /** A level of which more fails is past the knee. */
  readonly errors: number;
  /** A generator thread that is busier than this may be what limits. */
  readonly generatorBusy: number;
  /** So many levels without growth are needed beyond the knee: one may be noise. */
  readonly confirm: number;
}

/** A tenth per doubling is more than rounds of the same level differ by on a shared host. */
export const KNEE: KneeSettings = { growth: 0.1, errors: 0.01, generatorBusy: 0.9, confirm: 2 };

/**
 * What a curve says. `flat`: throughput stops growing at `level` while latency goes on. `errors`: it is the last level that
 * mostly answers. Not reached: `growing`: throughput still grew, or too few levels lie beyond to say that it does not;
 * `generator`: the generator was at its own limit. Then `level` is the best that was seen, and a lower bound.
 * `undefined`: no level is usable.
 */
export type Knee =
  | { readonly reached: true; readonly why: "flat" | "errors"; readonly level: ClosedLevel }
  | { readonly reached: false; readonly why: "growing" | "generator"; readonly level: ClosedLevel }
  | { readonly reached: false; readonly why: "errors"; readonly level: undefined };

/** Requests of a level that did not go well, of all that were made, 0–1; 1 where none was made. */
export function failedShare(level: ClosedLevel): number {
  const made = level.requests + level.errors + level.timeouts;
  return made === 0 ? 1 : (level.non2xx + (level.wrongBody ?? 0) + level.errors + level.timeouts) / made;
}

/**
 * Does throughput grow from `from` to `to`? By more than `growth` for each doubling of connections.
 * `to` has more connections.
 */
export function grows(from: ClosedLevel, to: ClosedLevel, growth: number): boolean {
  const doublings = Math.log2(to.connections / from.connections);
  return to.throughput > from.throughput * (1 + growth) ** doublings;
}

/**
 * The least number of connections from which throughput no longer grows, by marginal gain: the first level that no later
 * usable level outgrows. Throughput of a closed system is bounded by `min(N / R, X)`, R the response time of a lone
 * caller and X the rate of the busiest part (P. J. Denning, J. P. Buzen, "The Operational Analysis of Queueing Network Models",
 * 1978, §asymptotic bounds): below the knee a doubling of callers nearly doubles it, beyond it only
 * latency grows, since N = X · R. All later levels are looked at, not only the next: one level measured too low then hides
 * nothing, and one measured too high moves the knee by less than `growth` of throughput. A fit of N. J. Gunther's Universal
 * Scalability Law was left aside: with six to ten levels its two coefficients follow the noise. A falling curve, which that law
 * describes, is flat here.
 */
export function findKnee(levels: readonly ClosedLevel[], settings: KneeSettings = KNEE): Knee {
  const sorted = oneEach(levels, settings).sort((a, b) => a.connections - b.connections);
  const firstBad = sorted.findIndex((level) => failedShare(level) > settings.errors);
  // From the first failing level on the target is past what it can do, whatever a later level happens to show.
  const usable = firstBad === -1 ? sorted : sorted.slice(0, firstBad);
  const best = usable.reduce<ClosedLevel | undefined>(
    (best, level) => (best === undefined || level.throughput > best.throughput ? level : best),
    undefined,
  );
  if (best === undefined) return { reached: false, why: "errors", level: undefined };
  for (const [index, level] of usable.entries()) {
    const later = usable.slice(index + 1);
    if (later.some((one) => grows(level, one, settings.growth))) continue;
    const confirmed = later.length >= settings.confirm && later.every((one) => one.meanMs > level.meanMs);
    if (!confirmed) continue;
    if (generatorBound([level, ...later], settings)) return { reached: false, why: "generator", level: best };
    return { reached: true, why: "flat", level };
  }
  if (generatorBound([best], settings)) return { reached: false, why: "generator", level: best };
  return firstBad === -1
    ? { reached: false, why: "growing", level: best }
    : { reached: true, why: "errors", level: best };
}

/** Of levels with as many connections the one that fails, or else the fastest: what disturbs a measurement only slows it. */
function oneEach(levels: readonly ClosedLevel[], settings: KneeSettings): ClosedLevel[] {
  const kept = new Map<number, ClosedLevel>();
  const fails = (level: ClosedLevel): boolean => failedShare(level) > settings.errors;
  for (const level of levels) {
    const other = kept.get(level.connections);
    if (other === undefined || (!fails(other) && (fails(level) || level.throughput > other.throughput))) {
      kept.set(level.connections, level);
    }
  }
  return [...kept.values()];
}

/** Were the generator's threads at their limit in most of these? */
function generatorBound(levels: readonly ClosedLevel[], settings: KneeSettings): boolean {
  const bound = levels.filter((level) => (level.generatorBusy ?? 0) > settings.generatorBusy);
  return bound.length * 2 > levels.length;
}

/** The curve's outcome, a sentence. */
export function tellKnee(knee: Knee): string {
  if (knee.level === undefined) return "No level answered well enough to say anything.";
  const { connections, throughput, meanMs } = knee.level;
  const at = `${rounded(throughput)} requests/s at ${connections} connections, ${rounded(meanMs)} ms on average`;
  if (knee.reached) {
    return knee.why === "flat"
      ? `Throughput stops growing at ${at}; more connections only wait longer.`
      : `Beyond ${at}, requests fail.`;
  }
  return knee.why === "growing"
    ? `The ceiling was not reached: throughput was not seen to stop growing; the most was ${at}.`
    : `The ceiling was not reached: the generator itself was at its limit; the most was ${at}.`;
}

/** A figure with as many digits as people need. */
export function rounded(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}
