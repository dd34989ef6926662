/** Minutes and hours, ms. */
export const MINUTE = 60_000;
/** One hour, ms. */
export const HOUR = 3_600_000;

/** From (inclusive) to (exclusive), epoch ms. */
export type Span = readonly [from: number, to: number];

/** Which table answers for which part of a time span. */
export interface Sources {
  readonly hours: readonly Span[];
  readonly minutes: readonly Span[];
  readonly raw: readonly Span[];
}

/**
 * Cuts [from, to) so that each part is read from the coarsest table that is right about it: whole hours whose rollup
 * stands, else whole minutes whose rollup stands, else the observations themselves.
 * @param staleMinutes starts of minutes whose rollup is missing or out of date.
 * @param staleHours the same of hours; an hour with a stale minute need not be listed.
 */
export function sourcesOf(
  from: number,
  to: number,
  staleMinutes: readonly number[],
  staleHours: readonly number[],
): Sources {
  const badMinutes = new Set(staleMinutes);
  const badHours = new Set([...staleHours, ...staleMinutes.map((minute) => floor(minute, HOUR))]);
  const hours: Span[] = [];
  const minutes: Span[] = [];
  const raw: Span[] = [];
  const inMinutes = (start: number, end: number): void => {
    cut(start, end, MINUTE, badMinutes, minutes, (rawStart, rawEnd) => add(raw, rawStart, rawEnd));
  };
  if (from < to) cut(from, to, HOUR, badHours, hours, inMinutes);
  return { hours, minutes, raw };
}

/** Whole steps of [from, to) that are not in `bad` go to `whole`; the rest, in order, to `rest`. */
function cut(
  from: number,
  to: number,
  step: number,
  bad: ReadonlySet<number>,
  whole: Span[],
  rest: (start: number, end: number) => void,
): void {
  const first = floor(from + step - 1, step);
  const last = floor(to, step);
  if (first >= last) {
    rest(from, to);
    return;
  }
  if (from < first) rest(from, first);
  let good = first;
  for (const start of [...bad].filter((one) => one >= first && one < last).sort((a, b) => a - b)) {
    add(whole, good, start);
    rest(start, start + step);
    good = start + step;
  }
  add(whole, good, last);
  if (last < to) rest(last, to);
}

function add(spans: Span[], from: number, to: number): void {
  if (from >= to) return;
  const before = spans.at(-1);
  if (before !== undefined && before[1] === from) spans[spans.length - 1] = [before[0], to];
  else spans.push([from, to]);
}

/** The start of the step that holds `at`. */
export function floor(at: number, step: number): number {
  return Math.floor(at / step) * step;
}
