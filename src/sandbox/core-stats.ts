/** Minutes that are kept: one day. */
const MINUTES = 1440;

/** Requests per second of this process, per minute: averages and peaks, -1 where it was not running. */
export class RequestStats {
  readonly #average: number[] = Array.from({ length: MINUTES }, () => -1);
  readonly #peak: number[] = Array.from({ length: MINUTES }, () => -1);
  #minute: number;
  #second: number;
  #inMinute = 0;
  #inSecond = 0;
  #most = 0;

  /** `now` is epoch ms, here and below. */
  constructor(now: number) {
    this.#minute = Math.floor(now / 60_000);
    this.#second = Math.floor(now / 1000);
  }

  count(now: number): void {
    this.#move(now);
    this.#inMinute++;
    this.#inSecond++;
    this.#most = Math.max(this.#most, this.#inSecond);
  }

  /** The answer of /requests/stats. */
  report(now: number): Record<string, unknown> {
    this.#move(now);
    return {
      status: "OK",
      atMinute: this.#minute,
      averageRequestsPerSecond: [...this.#average],
      peakRequestsPerSecond: [...this.#peak],
    };
  }

  #move(now: number): void {
    const second = Math.floor(now / 1000);
    const minute = Math.floor(now / 60_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    const passed = Math.min(MINUTES, minute - this.#minute);
    for (let step = 0; step < passed; step++) {
      this.#average.push(step === 0 ? this.#inMinute / 60 : 0);
      this.#peak.push(step === 0 ? this.#most : 0);
      this.#inMinute = 0;
      this.#most = 0;
    }
    this.#average.splice(0, this.#average.length - MINUTES);
    this.#peak.splice(0, this.#peak.length - MINUTES);
    this.#minute = Math.max(this.#minute, minute);
  }
}
