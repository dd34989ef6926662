import { Int32Histogram } from "hdr-histogram-js";
import type { Distribution } from "./figures.ts";

/** Points of a curve: denser towards the tail, where the questions are. */
const CURVE_PERCENTS: readonly number[] = [
  ...range(0, 90, 1),
  ...range(90, 99, 0.25),
  ...range(99, 99.9, 0.025),
  99.9,
  99.95,
  99.99,
  99.995,
  99.999,
  100,
];

/**
 * Durations in microseconds, gathered in an HDR histogram: bounded memory (about 70 KB for minutes at three digits), and
 * those of several threads add up to exactly what one would hold.
 */
export class Durations implements Distribution {
  readonly #histogram: Int32Histogram;
  #sumUs = 0;
  #maxUs = 0;

  /** `digits`: significant decimal digits that are kept, 1 to 5. */
  constructor(digits: 2 | 3) {
    // Grows with what is recorded; begins at 131 ms, which most services stay below.
    this.#histogram = new Int32Histogram(1, 131_072, digits);
    this.#histogram.autoResize = true;
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.#sumUs / this.count / 1000;
  }

  get maxMs(): number {
    return this.#maxUs / 1000;
  }

  record(us: number): void {
    this.#histogram.recordValue(us);
    this.#sumUs += us;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  add(other: Durations): void {
    if (other.count === 0) return;
    this.#histogram.add(other.#histogram);
    this.#sumUs += other.#sumUs;
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
  }

  /** Rounded up by at most the histogram's precision, and never above the longest. */
  at(percent: number): number {
    return this.#walk([percent])[0] ?? 0;
  }

  curve(): ReturnType<Distribution["curve"]> {
    return this.#walk(CURVE_PERCENTS).map((ms, i) => ({ percent: CURVE_PERCENTS[i] ?? 100, ms }));
  }

  shareOver(ms: number): number {
    if (this.count === 0 || ms >= this.maxMs) return 0;
    if (ms < 0) return 1;
    const histogram = this.#histogram;
    let over = 0;
    for (let i = histogram.countsArrayIndex(ms * 1000) + 1; i < histogram.countsArrayLength; i++) {
      over += histogram.getCountAtIndex(i);
    }
    return over / this.count;
  }

  /** The durations, ms, at rising percentages, in one walk over the counts; nothing without samples. */
  #walk(percents: readonly number[]): number[] {
    const values: number[] = [];
    const histogram = this.#histogram;
    const { count } = this;
    if (count === 0) return values;
    let index = -1;
    let seen = 0;
    for (const percent of percents) {
      // The rank is a whole number that arithmetic may have pushed up by its last digit.
      const share = (Math.max(0, Math.min(100, percent)) / 100) * count;
      const rank = Math.max(1, Math.ceil(share * (1 - Number.EPSILON)));
      while (seen < rank && index < histogram.countsArrayLength - 1) seen += histogram.getCountAtIndex(++index);
      const us = histogram.highestEquivalentValue(histogram.valueFromIndex(index));
      values.push(Math.min(this.#maxUs, us) / 1000);
    }
    return values;
  }
}

function range(from: number, to: number, step: number): readonly number[] {
  const count = Math.round((to - from) / step);
  return Array.from({ length: count }, (_, i) => Math.round((from + i * step) * 1000) / 1000);
}
