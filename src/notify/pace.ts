/**
 * How fast one channel is written to. Slack allows about one message a second per channel, with short bursts
 * (https://docs.slack.dev/apis/web-api/rate-limits), and 50 edits a minute (chat.update is a Tier 3 method).
 */
export const POST_PACE = { burst: 3, everyMs: 1_000 } as const;
/** Edits, counted over all channels: the limit is the method's. */
export const EDIT_PACE = { burst: 10, everyMs: 1_200 } as const;

/** A token bucket on a monotonic clock. */
export class Bucket {
  readonly #burst: number;
  readonly #everyMs: number;
  #tokens: number;
  #at: number;

  constructor(pace: { readonly burst: number; readonly everyMs: number }, now: number) {
    this.#burst = pace.burst;
    this.#everyMs = pace.everyMs;
    this.#tokens = pace.burst;
    this.#at = now;
  }

  /** Milliseconds until a token is there; 0 when one is. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) * this.#everyMs);
  }

  /** Takes one token. */
  take(now: number): void {
    this.#fill(now);
    this.#tokens -= 1;
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) / this.#everyMs);
    this.#at = now;
  }
}

/** Longest pause between attempts at a route that fails in passing. */
export const MAX_BACKOFF_MS = 60_000;

/** Pause after the `failures`-th failure in a row (from 1): 1 s, 2 s, 4 s … 60 s, give or take a fifth. */
export function backoffMs(failures: number, random: () => number): number {
  const full = Math.min(MAX_BACKOFF_MS, 1_000 * 2 ** Math.min(failures - 1, 10));
  return Math.min(MAX_BACKOFF_MS, Math.round(full * (0.8 + 0.4 * random())));
}

/** Even numbers in [0, 1) from a seed, the same for the same seed (xorshift). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
