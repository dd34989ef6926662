import { StoreUnavailable } from "../domain/index.ts";
import type { Clock, Log, MissedSlot, Observation, ObservationStore, Service, Timer } from "../domain/index.ts";
import { BoundedQueue } from "./bounded-queue.ts";

/** How observations reach the store. */
export interface RecorderOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ObservationStore;
  /** Called when a write failed for want of the store, and when one went through. */
  readonly onStore: (reachable: boolean) => void;
  /** What is kept while the store is out of reach. */
  readonly limit?: { readonly items: number; readonly weight: number };
}

/** 32 MB, by the estimate of {@link weigh}. */
const LIMIT = { items: 200_000, weight: 32 * 1024 * 1024 };
const MISSED_LIMIT = { items: 200_000, weight: Infinity };
const FLUSH_MS = 250;
const FLUSH_ROWS = 500;
/** Rows of one write when catching up. */
const BATCH = 5_000;
const RETRY_MS = 1_000;
/** How long a stop goes on trying. */
const STOP_MS = 5_000;

/**
 * Writes observations and missed slots in batches. While the store is out of reach they wait in memory, within a bound;
 * beyond it the oldest are dropped, counted and told.
 */
export class Recorder implements Service {
  readonly #options: RecorderOptions;
  readonly #observations: BoundedQueue<Observation>;
  readonly #missed = new BoundedQueue<MissedSlot>(MISSED_LIMIT, () => 1);
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #reachable = true;
  #stopped = false;
  #rejected = 0;
  #told = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#observations = new BoundedQueue(options.limit ?? LIMIT, weigh);
  }

  get waiting(): number {
    return this.#observations.size;
  }

  /** Observations lost: for want of room, or because the store refused them. */
  get dropped(): number {
    return this.#observations.dropped + this.#rejected;
  }

  async start(): Promise<void> {}

  add(observation: Observation): void {
    this.#observations.add(observation);
    if (this.#observations.size === FLUSH_ROWS && this.#reachable) this.#flush();
    else this.#arm(FLUSH_MS);
  }

  addMissed(missed: MissedSlot): void {
    this.#missed.add(missed);
    this.#arm(FLUSH_MS);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.clear();
    const { clock, log } = this.#options;
    const end = clock.monotonic() + STOP_MS;
    await this.#writing;
    while (this.#size > 0 && clock.monotonic() < end) {
      if (!(await this.#write())) break;
    }
    if (this.#size > 0)
      log.warn(`${this.#size} observations could not be written before the end: the store is out of reach`);
  }

  get #size(): number {
    return this.#observations.size + this.#missed.size;
  }

  #arm(ms: number): void {
    if (this.#timer !== undefined || this.#writing !== undefined || this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => this.#flush());
  }

  #flush(): void {
    if (this.#writing !== undefined || this.#stopped) return;
    this.#timer?.clear();
    this.#timer = undefined;
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined;
      if (this.#size > 0) this.#arm(this.#reachable ? FLUSH_MS : RETRY_MS);
    });
  }

  async #drain(): Promise<void> {
    do {
      if (!(await this.#write())) return;
    } while (this.#size >= FLUSH_ROWS && !this.#stopped);
  }

  /** `false`: the store is out of reach, and nothing is lost. */
  async #write(): Promise<boolean> {
    const { store, log } = this.#options;
    const observations = this.#observations.peek(BATCH);
    const missed = this.#missed.peek(BATCH);
    try {
      await store.append(observations.items, missed.items);
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        this.#become(false);
        return false;
      }
      // Trying the same rows again would keep everything behind them from being written.
      this.#rejected += observations.items.length;
      log.error(`the store refused ${observations.items.length} observations: they are lost`, { error });
    }
    this.#observations.done(observations.upTo);
    this.#missed.done(missed.upTo);
    this.#become(true);
    return true;
  }

  #become(reachable: boolean): void {
    const { log, onStore } = this.#options;
    if (this.#reachable !== reachable) {
      if (reachable) log.info("the store is back: writing what was observed meanwhile", { waiting: this.waiting });
      else log.warn("the store is out of reach: probing goes on, observations are kept in memory");
      this.#reachable = reachable;
    }
    if (reachable && this.dropped > this.#told) {
      log.warn(
        `${this.dropped - this.#told} observations were dropped, the oldest first: there was no room to keep them`,
      );
      this.#told = this.dropped;
    }
    onStore(reachable);
  }
}

/** About how many bytes an observation takes in memory. */
function weigh(observation: Observation): number {
  return 400 + observation.detail.length + 64 * (observation.findings?.length ?? 0);
}
