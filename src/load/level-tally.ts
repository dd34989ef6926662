import { build } from "hdr-histogram-js";

/** Longest latency that is told apart, µs: two minutes. */
const LONGEST_US = 120_000_000;

/** Counts and latencies of one level. Moments are milliseconds of one monotonic clock. */
export class LevelTally {
  readonly #beganMs: number;
  readonly #histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
  #sumMs = 0;
  #taken = 0;
  #answers = 0;
  #non2xx = 0;
  #wrongBody = 0;
  #errors = 0;
  #timeouts = 0;

  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  answer(status: number, ms: number): void {
    this.#answers++;
    if (status < 200 || status > 299) this.#non2xx++;
    this.#took(ms);
  }

  /** The answer just counted, a 2xx, does not say what it should. */
  wrong(): void {
    this.#wrongBody++;
  }

  /** No answer came. `ms`: how long it took, or `undefined` where no request was sent, since no connection was made. */
  error(ms: number | undefined): void {
    this.#errors++;
    if (ms !== undefined) this.#took(ms);
  }

  /** An error that was counted turns out to have been the end of the time limit; how long it took is counted already. */
  turnIntoTimeout(): void {
    this.#errors--;
    this.#timeouts++;
  }

  timeout(ms: number): void {
    this.#timeouts++;
    this.#took(ms);
  }

  /** Requests that were made, and those of them that did not go well. */
  get made(): { readonly all: number; readonly bad: number } {
    const unanswered = this.#errors + this.#timeouts;
    return { all: this.#answers + unanswered, bad: this.#non2xx + this.#wrongBody + unanswered };
  }

  #took(ms: number): void {
    this.#taken++;
    this.#sumMs += ms;
    this.#histogram.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(ms * 1_000))));
  }

  /** Figures until `nowMs`. Nothing measured: all are 0. */
  figures(nowMs: number, generatorBusy: number) {
    const durationMs = Math.max(0, nowMs - this.#beganMs);
    const at = (percent: number): number =>
      this.#taken === 0 ? 0 : this.#histogram.getValueAtPercentile(percent) / 1_000;
    const good = this.#answers - this.#non2xx - this.#wrongBody;
    return {
      durationMs,
      requests: this.#answers,
      throughput: durationMs === 0 ? 0 : (good * 1_000) / durationMs,
      meanMs: this.#taken === 0 ? 0 : this.#sumMs / this.#taken,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      non2xx: this.#non2xx,
      wrongBody: this.#wrongBody,
      errors: this.#errors,
      timeouts: this.#timeouts,
      generatorBusy,
    };
  }
}
