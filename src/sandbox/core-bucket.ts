/** Tokens of one app's hello calls: five at most, one back every 200 ms (facts of supertokens-core). */
const CAPACITY = 5;
const REFILL_MS = 200;

/** The rate limit in front of the database part of /hello, shared by all callers of one app in one process. */
export class HelloBucket {
  #tokens = CAPACITY;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Takes a token at `now` (monotonic ms); `false` when there is none. */
  take(now: number): boolean {
    const gained = Math.floor((now - this.#at) / REFILL_MS);
    if (gained > 0) {
      this.#tokens = Math.min(CAPACITY, this.#tokens + gained);
      this.#at += gained * REFILL_MS;
    }
    if (this.#tokens === 0) return false;
    this.#tokens--;
    return true;
  }
}
