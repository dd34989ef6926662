import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { Clock } from "../domain/index.ts";

/** All addresses of a name, as the system resolves it. */
export type LookUp = (host: string, done: (error: Error | null, addresses: readonly string[]) => void) => void;

/** For so long an answer is taken for new connections, ms. */
const FRESH_MS = 2000;
/** Addresses that are used of one name. */
const MAX_ADDRESSES = 32;

/**
 * The addresses of the target, asked for again and again: a load balancer changes its own under load, and who asks once goes on
 * hitting nodes that are gone.
 */
export class Addresses {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  readonly #waiting: ((error: Error | null, addresses: readonly string[]) => void)[] = [];
  #known: readonly string[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  #turn = 0;

  constructor(host: string, clock: Clock, lookUp: LookUp = systemLookUp) {
    this.#host = host.startsWith("[") ? host.slice(1, -1) : host;
    this.#clock = clock;
    this.#lookUp = lookUp;
    if (isIP(this.#host) !== 0) {
      this.#known = [this.#host];
      this.#askedAt = Number.POSITIVE_INFINITY;
    }
  }

  /** The addresses in the order in which to try them: each call begins with the next one. */
  get(done: (error: Error | null, addresses: readonly string[]) => void): void {
    if (this.#isFresh()) {
      done(null, this.#rotated());
      return;
    }
    this.#waiting.push(done);
    if (this.#waiting.length === 1) this.#ask();
  }

  /** Asks again when the answer is old, without anybody waiting for it. */
  refresh(): void {
    if (!this.#isFresh() && this.#waiting.length === 0) this.get(ignore);
  }

  /** `false` when the name no longer has this address. */
  has(address: string): boolean {
    return this.#known.length === 0 || this.#known.includes(address);
  }

  #isFresh(): boolean {
    return this.#clock.monotonic() - this.#askedAt < FRESH_MS;
  }

  #ask(): void {
    this.#lookUp(this.#host, (error, addresses) => {
      const none = error === null && addresses.length === 0;
      const fault = none ? new Error(`DNS knows no address of ${this.#host}`) : error;
      if (fault === null) {
        this.#known = addresses.slice(0, MAX_ADDRESSES);
        this.#askedAt = this.#clock.monotonic();
      }
      for (const done of this.#waiting.splice(0)) done(fault, fault === null ? this.#rotated() : []);
    });
  }

  #rotated(): readonly string[] {
    if (this.#known.length < 2) return this.#known;
    const first = this.#turn++ % this.#known.length;
    return [...this.#known.slice(first), ...this.#known.slice(0, first)];
  }
}

function systemLookUp(host: string, done: (error: Error | null, addresses: readonly string[]) => void): void {
  lookup(host, { all: true }, (error, found) => done(error, error === null ? found.map(({ address }) => address) : []));
}

/** A failed look-up beside the load is asked again with the next connection, which then says so. */
function ignore(): void {
  // Nobody waits for this answer.
}
