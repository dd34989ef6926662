import type { Clock } from "../domain/index.ts";
import type { Line } from "./line.ts";

/**
 * A kept connection is given up at this age, so that a target probed at least every 5 s proves once a minute that it still
 * accepts connections (and shows its certificate). A target probed more rarely does so at its first probe after that. ms.
 */
export const MAX_AGE_MS = 55_000;
/**
 * The youngest age at which one is given up. Connections that were opened together are given up at ages spread evenly
 * between the two: ten thousand handshakes in one slot would make probes late.
 */
const MIN_AGE_MS = 25_000;
/** Its multiples' fractions fill [0, 1) evenly, however many are taken (the golden ratio's). */
const GOLDEN = 0.618_033_988_749_895;
/** A connection that nobody asked for again in this time belongs to a target that is no longer watched, ms. */
const MAX_IDLE_MS = 120_000;
const SWEEP_EVERY_MS = 30_000;

/** How many idle connections may be kept. */
export interface PoolLimits {
  readonly plain: number;
  readonly tls: number;
}

/** Idle connections, one for each key, oldest use first. */
export class Pool {
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  readonly #lines = new Map<string, Line>();
  /** When each is to be given up, monotonic ms. */
  readonly #until = new WeakMap<Line, number>();
  #kept = 0;
  #tls = 0;
  #sweptAt: number;

  constructor(clock: Clock, limits: PoolLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#sweptAt = clock.monotonic();
  }

  /** No further connection of this sort would be kept. */
  isFull(tls: boolean): boolean {
    return tls ? this.#tls >= this.#limits.tls : this.#lines.size - this.#tls >= this.#limits.plain;
  }

  /** The kept connection of a key, now the caller's; `undefined` where there is none that is open and young enough. */
  take(key: string, maxIdleMs: number): Line | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#sweptAt > SWEEP_EVERY_MS) this.#sweep(now);
    const line = this.#lines.get(key);
    if (line === undefined) return undefined;
    this.#remove(key, line);
    if (line.open && now < (this.#until.get(line) ?? 0) && now - line.usedAt <= maxIdleMs) return line;
    line.close();
    return undefined;
  }

  /**
   * Keeps an idle connection; of two with one key the later stays. Where there is no room the newcomer is closed: targets come
   * round in turn, so whoever made room by going would be the next to be asked for.
   */
  put(key: string, line: Line): void {
    const before = this.#lines.get(key);
    if (before !== undefined) {
      before.close();
      this.#remove(key, before);
    }
    if (this.isFull(line.secure)) return line.close();
    if (!this.#until.has(line)) {
      const share = (++this.#kept * GOLDEN) % 1;
      this.#until.set(line, line.openedAt + MIN_AGE_MS + share * (MAX_AGE_MS - MIN_AGE_MS));
    }
    this.#lines.set(key, line);
    if (line.secure) this.#tls++;
  }

  close(): void {
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
    this.#tls = 0;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [key, line] of this.#lines) {
      if (line.open && now - line.usedAt <= MAX_IDLE_MS) continue;
      line.close();
      this.#remove(key, line);
    }
  }

  #remove(key: string, line: Line): void {
    if (this.#lines.delete(key) && line.secure) this.#tls--;
  }
}
