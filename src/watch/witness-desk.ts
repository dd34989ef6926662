import type { Clock, Observation, SeriesKey, Timer } from "../domain/index.ts";
import type { Series, SeriesBook } from "./series.ts";
import { isConfirmed } from "./witnesses.ts";
import type { Witnesses } from "./witnesses.ts";

/**
 * Probes out of schedule of one series come at least this far apart: a core answers only five hellos a second in earnest,
 * for everybody who asks, and says "Hello" without looking to those beyond.
 */
const APART_MS = 5_000;
/** An observation this young need not be made again. */
const FRESH_MS = 1_000;
/** A first failure is looked at again after this: long enough for a blip to pass, short enough to be certain within a second. */
const CONFIRM_MS = 400;

/** What the desk needs. */
export interface DeskOptions {
  readonly clock: Clock;
  readonly book: SeriesBook;
  readonly probeNow: (keys: readonly SeriesKey[]) => Promise<readonly Observation[]>;
}

/** Asks witnesses of first failures, without ever asking one of them too often. */
export class WitnessDesk {
  readonly #options: DeskOptions;
  #witnesses: Witnesses = { of: () => [] };
  readonly #asked = new Map<SeriesKey, number>();
  readonly #confirming = new Map<SeriesKey, Timer>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Follows a reload. */
  plan(witnesses: Witnesses): void {
    this.#witnesses = witnesses;
    for (const key of this.#asked.keys()) if (this.#options.book.get(key) === undefined) this.#asked.delete(key);
  }

  /** Asks everybody who can say something about the first failure of `series`; resolves when all who answer soon have. */
  ask(series: Series): Promise<unknown> {
    const keys = this.#witnesses.of(series.key).filter((key) => this.#mayAsk(key));
    const now = this.#options.clock.monotonic();
    for (const key of keys) this.#asked.set(key, now);
    const answers: Promise<unknown>[] = [];
    if (keys.length > 0) answers.push(this.#options.probeNow(keys));
    const confirmed = isConfirmed(series.check) ? this.#confirm(series) : undefined;
    if (confirmed !== undefined) answers.push(confirmed);
    return Promise.all(answers);
  }

  /** Lets go of what was still to be asked. */
  close(): void {
    for (const timer of this.#confirming.values()) timer.clear();
    this.#confirming.clear();
  }

  #mayAsk(key: SeriesKey): boolean {
    const { clock, book } = this.#options;
    const latest = book.get(key)?.latest;
    if (latest !== undefined && Math.abs(clock.now() - latest.at - latest.durationMs) < FRESH_MS) return false;
    return clock.monotonic() - (this.#asked.get(key) ?? -Infinity) >= APART_MS;
  }

  /** Looks at the failing series itself once more; `undefined` when that has to wait too long to be waited for. */
  #confirm(series: Series): Promise<unknown> | undefined {
    const { clock, book, probeNow } = this.#options;
    const { key } = series;
    if (this.#confirming.has(key)) return undefined;
    const wait = Math.max(CONFIRM_MS, (this.#asked.get(key) ?? -Infinity) + APART_MS - clock.monotonic());
    const looked = new Promise<unknown>((resolve) => {
      const look = (): void => {
        this.#confirming.delete(key);
        const isOpen = book.get(key) === series && series.state.recent.includes(true);
        if (isOpen) this.#asked.set(key, clock.monotonic());
        resolve(isOpen ? probeNow([key]) : undefined);
      };
      this.#confirming.set(key, clock.after(wait, look));
    });
    return wait === CONFIRM_MS ? looked : undefined;
  }
}
