import { CloudError, wait, type CloudCall, type CloudOperation, type Clock } from "../src/domain/index.ts";
import { bucketOf, rateOf, SHARE, type Rate } from "./rates.ts";

/** Tries of one request, the first included. Throttling is waited out longer than a network that fails. */
const TRIES = { throttled: 8, unreachable: 3 } as const;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 20_000;

/**
 * One token bucket, kept as the time at which it is full again: each request takes its turn in the order of asking, and
 * waits until its turn comes. Steady use leaves `1 / rate` between two requests.
 */
class Bucket {
  readonly #clock: Clock;
  readonly #spacing: number;
  readonly #slack: number;
  /** When the next request may go, monotonic ms, were there no slack. */
  #next: number;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#spacing = 1_000 / (rate.perSecond * SHARE);
    this.#slack = this.#spacing * (rate.burst - 1);
    this.#next = clock.monotonic();
  }

  /** Resolves when the request may go, or when `signal` aborts. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const turn = Math.max(this.#next, now - this.#slack);
    this.#next = turn + this.#spacing;
    if (turn > now) await wait(this.#clock, turn - now, signal);
  }

  /** Nothing goes before `ms` from now: somebody else uses the same account. */
  hold(ms: number): void {
    this.#next = Math.max(this.#next, this.#clock.monotonic() + ms);
  }
}

/**
 * Keeps the API's rates: a bucket for each account, region and operation, or for the operations that share a rate there,
 * shared by everything in this process that talks to AWS through it. Throttling, when it is met nevertheless, holds the whole bucket back.
 */
export class CloudPacer {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #throttled = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Epoch ms: the time of what is read through it. */
  now(): number {
    return this.#clock.now();
  }

  /** How many requests were throttled so far. */
  get throttled(): number {
    return this.#throttled;
  }

  /** A call to an account (its id, or anything that tells it apart) and region. */
  call(account: string, region: string, signal: AbortSignal): CloudCall {
    return {
      signal,
      send: (operation, request) => this.#send(bucketOf(account, region, operation), operation, request, signal),
    };
  }

  async #send<T>(
    shared: string,
    operation: CloudOperation,
    request: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const bucket = this.#bucket(shared, operation);
    for (let tried = 1; ; tried++) {
      await bucket.take(signal);
      if (signal.aborted) throw new CloudError("cancelled", `${operation} was called off`);
      try {
        return await request();
      } catch (error) {
        const failure = error instanceof CloudError ? error.failure : undefined;
        if (failure !== "throttled" && failure !== "unreachable") throw error;
        if (failure === "throttled") this.#throttled++;
        if (tried >= TRIES[failure]) throw error;
        const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (tried - 1));
        if (failure === "throttled") bucket.hold(backoff);
        else await wait(this.#clock, backoff, signal);
      }
    }
  }

  #bucket(shared: string, operation: CloudOperation): Bucket {
    const known = this.#buckets.get(shared) ?? new Bucket(this.#clock, rateOf(operation));
    this.#buckets.set(shared, known);
    return known;
  }
}
