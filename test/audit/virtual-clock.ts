import type { Clock, Timer } from "../../src/domain/index.ts";

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly fn: () => void;
}

/** Turns of the event loop in which nothing happens, before time goes on. */
const IDLE_TURNS = 6;

/**
 * A clock for work that waits most of its time: as soon as nothing is under way, it goes to the next timer. What is under way
 * outside (a request that was sent) is told by `during`, so that time stands still until it is answered.
 */
export class VirtualClock implements Clock {
  readonly #start: number;
  readonly #pending = new Set<Pending>();
  #mono = 0;
  #order = 0;
  #busy = 0;
  #pumping = false;

  constructor(start = Date.parse("2026-11-21T12:00:00Z")) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#mono;
  }

  monotonic(): number {
    return this.#mono;
  }

  after(ms: number, fn: () => void): Timer {
    const entry: Pending = { due: this.#mono + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(entry);
    void this.#pump();
    return { clear: () => void this.#pending.delete(entry) };
  }

  /** Time stands still until `work` is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
    }
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#pending.size > 0) {
      for (let idle = 0; idle < IDLE_TURNS; idle = this.#busy > 0 ? 0 : idle + 1)
        await new Promise<void>((resolve) => setImmediate(resolve));
      let next: Pending | undefined;
      for (const one of this.#pending)
        if (next === undefined || one.due < next.due || (one.due === next.due && one.order < next.order)) next = one;
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#mono = Math.max(this.#mono, next.due);
      next.fn();
    }
    this.#pumping = false;
  }
}
