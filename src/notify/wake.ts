import type { Clock } from "../domain/index.ts";

/** One sleeper that can be woken; a wake that comes while nobody sleeps is kept for the next sleep. */
export class Wake {
  #set = false;
  #rouse: (() => void) | undefined;

  /** Wakes the sleeper, or keeps the next one from falling asleep. */
  set(): void {
    this.#set = true;
    this.#rouse?.();
  }

  /** Resolves after `ms` at the latest, or when woken. */
  async wait(clock: Clock, ms: number): Promise<void> {
    if (!this.#set) {
      await new Promise<void>((resolve) => {
        // Whole milliseconds: a rest of a fraction may end before the clock shows that it is over.
        const timer = Number.isFinite(ms) ? clock.after(Math.max(1, Math.ceil(ms)), resolve) : undefined;
        this.#rouse = () => {
          timer?.clear();
          resolve();
        };
      });
      this.#rouse = undefined;
    }
    this.#set = false;
  }
}
