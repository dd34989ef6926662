/** A started timer; `clear()` is safe to call twice and after it fired. */
export interface Timer {
  clear(): void;
}

/** Time is injected everywhere. Tests advance it; production uses the system's. */
export interface Clock {
  /** Wall clock, epoch milliseconds. It may step either way. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back, with a fraction. */
  monotonic(): number;
  /** Runs `fn` once after `ms` of monotonic time. */
  after(ms: number, fn: () => void): Timer;
}

/** Resolves after `ms` on `clock`; resolves early when `signal` aborts. */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.clear();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
