/** Rows that one gap may write: a process that slept for a day is told in numbers, not in millions of rows. */
const MAX_ROWS = 50_000;
/** Slots of one gap that are told one by one. */
const MAX_SLOTS = 360;
/** How much further than the monotonic clock the wall clock must have gone to be called the cause. */
const STEP_MS = 1_000;

/** A slot (epoch ms) and when it began on the monotonic clock. */
export interface Begun {
  readonly slot: number;
  readonly at: number;
}

/**
 * Whether the wall clock went further between two slots than the monotonic one: it was stepped, or the machine was
 * suspended. If not, both went on and only this process did not.
 */
export function isStep(last: Begun, now: Begun): boolean {
  return now.slot - last.slot - (now.at - last.at) > STEP_MS;
}

/** Slots that passed without beginning. */
export interface Gap {
  readonly slots: readonly number[];
  /** How many more there were, about. */
  readonly more: number;
}

/**
 * The slots between `last` and `slot`, none when they are neighbours or the clock went back. `next` gives the slot after
 * another; `series` is how many series missed each of them.
 */
export function gapBetween(last: number, slot: number, next: (slot: number) => number, series: number): Gap {
  const limit = Math.max(1, Math.min(MAX_SLOTS, Math.floor(MAX_ROWS / Math.max(1, series))));
  const slots: number[] = [];
  let at = next(last);
  for (; at < slot && slots.length < limit; at = next(at)) slots.push(at);
  return { slots, more: at >= slot ? 0 : Math.ceil((slot - at) / Math.max(1, next(at) - at)) };
}
