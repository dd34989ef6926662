import type { Clock, Timer } from "../domain/index.ts";

/** The system's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn): Timer {
    const handle = setTimeout(fn, Math.max(0, ms));
    return { clear: () => clearTimeout(handle) };
  },
};
