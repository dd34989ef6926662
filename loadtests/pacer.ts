import type { Arrivals } from "../src/domain/index.ts";
import { durationOf } from "./arrivals.ts";
import { seededRandom } from "./random.ts";
import { LONGEST_STAGE_MS } from "./shots.ts";

/** Moments at which requests are due, in order: ms since the stage began; `Infinity` when there are no more, from then on. */
export interface Pacer {
  next(): number;
}

/** Which of several threads: it takes the arrivals i with i mod `threads` = `thread`. */
export interface Share {
  readonly thread: number;
  readonly threads: number;
}

const ALONE: Share = { thread: 0, threads: 1 };

/** A whole arrival may be missing by rounding only: sums of rates and durations are right to far better than this. */
const ROUNDING = 1e-6;

/** Highest rate that is planned, requests a second: far above what one host can send. */
const HIGHEST_RATE = 1_000_000;

/** A stretch in which the rate goes evenly from one value to another. */
interface Stretch {
  readonly startMs: number;
  readonly durationMs: number;
  readonly from: number;
  readonly to: number;
  /** Arrivals before it, with a fraction. */
  readonly before: number;
  readonly count: number;
}

/**
 * The moments of one thread's arrivals. In all kinds but Poisson the i-th arrival (from 0) is due when the integral of
 * the rate reaches i. @throws Error when the arrivals cannot be sent (a rate below 0, no duration)
 */
export function createPacer(arrivals: Arrivals, seed: number, share: Share = ALONE): Pacer {
  checkArrivals(arrivals);
  return arrivals.kind === "poisson" ? poisson(arrivals, seed, share) : planned(stretchesOf(arrivals), share);
}

/** How many arrivals are planned over all threads: exact, but for Poisson, where it is the mean. */
export function expectedArrivals(arrivals: Arrivals): number {
  if (arrivals.kind === "poisson") return (arrivals.rate * arrivals.durationMs) / 1000;
  return totalOf(stretchesOf(arrivals));
}

function checkArrivals(arrivals: Arrivals): void {
  const durationMs = durationOf(arrivals);
  if (!(durationMs > 0 && durationMs <= LONGEST_STAGE_MS)) {
    const hours = Math.floor(LONGEST_STAGE_MS / 3_600_000);
    throw new Error(`a stage must last longer than nothing and at most ${hours} hours, not ${durationMs} ms`);
  }
  const rates =
    arrivals.kind === "step"
      ? arrivals.steps.flatMap((step) => [step.rate])
      : arrivals.kind === "ramp"
        ? [arrivals.from, arrivals.to]
        : [arrivals.rate];
  const odd = rates.find((rate) => !(rate >= 0 && rate <= HIGHEST_RATE));
  if (odd !== undefined) throw new Error(`a rate must be from 0 to ${HIGHEST_RATE} requests a second, not ${odd}`);
  if (arrivals.kind === "step" && arrivals.steps.some((step) => !(step.durationMs >= 0))) {
    throw new Error("a step cannot last less than nothing");
  }
}

function stretchesOf(arrivals: Exclude<Arrivals, { kind: "poisson" }>): readonly Stretch[] {
  const plain =
    arrivals.kind === "step"
      ? arrivals.steps.map((step) => ({ from: step.rate, to: step.rate, durationMs: step.durationMs }))
      : arrivals.kind === "ramp"
        ? [arrivals]
        : [{ from: arrivals.rate, to: arrivals.rate, durationMs: arrivals.durationMs }];
  const stretches: Stretch[] = [];
  let startMs = 0;
  let before = 0;
  for (const { from, to, durationMs } of plain) {
    const count = ((from + to) * durationMs) / 2000;
    stretches.push({ startMs, durationMs, from, to, before, count });
    startMs += durationMs;
    before += count;
  }
  return stretches;
}

function totalOf(stretches: readonly Stretch[]): number {
  const sum = stretches.reduce((all, stretch) => all + stretch.count, 0);
  return Math.max(0, Math.ceil(sum - ROUNDING));
}

function planned(stretches: readonly Stretch[], { thread, threads }: Share): Pacer {
  const total = totalOf(stretches);
  let index = thread;
  let at = 0;
  return {
    next() {
      if (index >= total) return Number.POSITIVE_INFINITY;
      let stretch = stretches[at];
      while (stretch !== undefined && index >= stretch.before + stretch.count - ROUNDING) stretch = stretches[++at];
      if (stretch === undefined) return Number.POSITIVE_INFINITY;
      const due = stretch.startMs + within(stretch, Math.max(0, index - stretch.before));
      index += threads;
      return due;
    },
  };
}

/** When the `n`-th arrival of a stretch is due, ms since it began: where from·t + (to − from)·t² ÷ 2·duration is n. */
function within(stretch: Stretch, n: number): number {
  const { from, to, durationMs } = stretch;
  if (from === to) return (n * 1000) / from;
  if (n === 0) return 0;
  const slope = ((to - from) * 1000) / durationMs;
  // The form of the solution that loses no digits when the slope is small; a falling ramp reaches 0 at its very end.
  const root = Math.sqrt(Math.max(0, from * from + 2 * slope * n));
  return Math.min(durationMs, (2000 * n) / (from + root));
}

/** Every thread draws the whole stream and keeps its share, so that all threads together are one Poisson process. */
function poisson({ rate, durationMs }: { rate: number; durationMs: number }, seed: number, share: Share): Pacer {
  const random = seededRandom(seed, "arrivals");
  let due = 0;
  let index = -1;
  return {
    next() {
      while (due < durationMs) {
        due -= (Math.log(1 - random()) * 1000) / rate;
        index++;
        if (due < durationMs && index % share.threads === share.thread) return due;
      }
      return Number.POSITIVE_INFINITY;
    },
  };
}
