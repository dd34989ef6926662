import { NO_CORE } from "../src/domain/index.ts";
import { forEachShot } from "./shots.ts";

/** What answers say of each added core, by whole minutes of the wall clock. */
export class AddedShare {
  /** Cores that were there before: theirs is not counted. */
  readonly #known: number;
  readonly #minutes = new Map<number, Map<number, number>>();

  constructor(known: number) {
    this.#known = known;
  }

  /** `now`: epoch ms. */
  take(records: Uint8Array, now: number): void {
    const minute = Math.floor(now / 60_000);
    forEachShot(records, (_scheduled, _lateness, _service, _outcome, _endpoint, core) => {
      if (core < this.#known || core === NO_CORE) return;
      const counts = this.#minutes.get(core) ?? new Map<number, number>();
      this.#minutes.set(core, counts);
      counts.set(minute, (counts.get(minute) ?? 0) + 1);
    });
  }

  /** Most answers of that core in a minute that began at `since` or later, and is over `now`. Epoch ms. */
  best(core: number, since: number, now: number): number {
    const counts = [...(this.#minutes.get(core) ?? [])];
    const whole = counts.filter(([minute]) => minute * 60_000 >= since && (minute + 1) * 60_000 <= now);
    return Math.max(0, ...whole.map(([, count]) => count));
  }
}
