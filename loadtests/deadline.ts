import type { Clock } from "../src/domain/index.ts";

/** A signal that aborts after a time. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Safe to call twice. */
  clear(): void;
}

/** A signal that aborts after `ms` on `clock`, or when one of `others` does. Call `clear` when it is needed no more. */
export function deadline(clock: Clock, ms: number, ...others: readonly AbortSignal[]): Deadline {
  const passed = new AbortController();
  const timer = clock.after(ms, () => passed.abort());
  return { signal: AbortSignal.any([passed.signal, ...others]), clear: () => timer.clear() };
}

/** What `work` gives, or `undefined` when it gives nothing within `ms`; what it throws is thrown. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  let clear = (): void => undefined;
  const late = new Promise<undefined>((resolve) => {
    const timer = clock.after(ms, () => resolve(undefined));
    clear = () => timer.clear();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clear();
  }
}
