import { formatDuration, type Clock } from "../src/domain/index.ts";

/** Limits of a {@link Breaker}. */
export interface BreakerLimits {
  /** Share of arrivals, 0–1, above which the load is stopped … */
  readonly errors: number;
  /** … when it lasts for this long, ms. */
  readonly windowMs: number;
}

/** Outcomes that became known together. */
interface Batch {
  /** Monotonic ms. */
  readonly at: number;
  readonly total: number;
  readonly ok: number;
}

/** The window must hold this many outcomes: three failures of four on a slow trickle say nothing. */
const FEWEST = 20;

/**
 * Stops load that hurts: over the last window more than the allowed share failed. While cores are away on purpose it is
 * {@link Breaker.relax relaxed}: then only a window without a single good answer trips it, and that not before the load
 * balancer had its time to notice. It trips once.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #limits: BreakerLimits;
  readonly #trip: (why: string) => void;
  #batches: Batch[] = [];
  /** Monotonic ms from which outcomes count. */
  #from: number;
  #relaxed = false;
  #tripped = false;

  /** `trip` is called once, with a sentence. */
  constructor(clock: Clock, limits: BreakerLimits, trip: (why: string) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#trip = trip;
    this.#from = clock.monotonic();
  }

  /** From `graceMs` from now on only a window in which nothing at all succeeds trips it. */
  relax(graceMs: number): void {
    this.#begin(true, graceMs);
  }

  /** Back to the allowed share, from `graceMs` from now on. */
  tighten(graceMs: number): void {
    this.#begin(false, graceMs);
  }

  #begin(relaxed: boolean, graceMs: number): void {
    this.#relaxed = relaxed;
    this.#from = this.#clock.monotonic() + graceMs;
    this.#batches = [];
  }

  /** Takes outcomes that became known now. */
  take(total: number, ok: number): void {
    const at = this.#clock.monotonic();
    if (this.#tripped || total === 0 || at < this.#from) return;
    this.#batches.push({ at, total, ok });
    const begin = at - this.#limits.windowMs;
    while ((this.#batches[0]?.at ?? at) < begin) this.#batches.shift();
    // Only a whole window is judged.
    if (begin < this.#from) return;
    const all = this.#batches.reduce((sum, batch) => sum + batch.total, 0);
    const failed = all - this.#batches.reduce((sum, batch) => sum + batch.ok, 0);
    if (all < FEWEST) return;
    if (this.#relaxed ? failed < all : failed / all <= this.#limits.errors) return;
    this.#tripped = true;
    this.#trip(this.#sentence(failed / all));
  }

  #sentence(share: number): string {
    const over = formatDuration(this.#limits.windowMs);
    return this.#relaxed
      ? `nothing was answered for ${over}: the load was stopped`
      : `${percent(share)} of the requests failed over ${over}, and ${percent(this.#limits.errors)} may: the load was stopped`;
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}
