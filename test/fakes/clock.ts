import type { Clock, Timer } from "../../src/domain/index.ts";

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in order of their due time; promises settle between. */
export class FakeClock implements Clock {
  #wall: number;
  #mono = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(start: number | string = "2026-11-21T08:00:00Z") {
    this.#wall = typeof start === "number" ? start : Date.parse(start);
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#mono;
  }

  after(ms: number, fn: () => void): Timer {
    const entry: Pending = { due: this.#mono + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(entry);
    return { clear: () => void this.#pending.delete(entry) };
  }

  /** How many timers are waiting: a leak shows here. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Moves both clocks forward by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (;;) {
      const next = [...this.#pending].filter((p) => p.due <= end).sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (next === undefined) break;
      this.#wall += Math.max(0, next.due - this.#mono);
      this.#mono = Math.max(this.#mono, next.due);
      this.#pending.delete(next);
      next.fn();
      await settle();
    }
    this.#wall += end - this.#mono;
    this.#mono = end;
    await settle();
  }

  /** Both clocks go on by `ms` while no timer fires: the process is held up. What fell due fires with the next `advance`. */
  hold(ms: number): void {
    this.#wall += ms;
    this.#mono += ms;
  }

  /** Steps the wall clock alone, as NTP or an operator does. */
  step(ms: number): void {
    this.#wall += ms;
  }
}

/** Lets promise callbacks and immediates that are already due run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
