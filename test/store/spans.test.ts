import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HOUR, MINUTE, floor, sourcesOf } from "../../src/store/spans.ts";

const DAY = 24 * HOUR;
const moment = fc.integer({ min: 0, max: DAY / 1000 }).map((seconds) => seconds * 1000);
const minutes = fc.array(
  moment.map((at) => floor(at, MINUTE)),
  { maxLength: 20 },
);
const hours = fc.array(
  moment.map((at) => floor(at, HOUR)),
  { maxLength: 4 },
);

test("the parts cover the span once, without a gap, and never read a rollup that is out of date", () => {
  fc.assert(
    fc.property(moment, moment, minutes, hours, (a, b, staleMinutes, staleHours) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      const sources = sourcesOf(from, to, staleMinutes, staleHours);
      const all = [...sources.hours, ...sources.minutes, ...sources.raw].sort((x, y) => x[0] - y[0]);
      let at = from;
      for (const [start, end] of all) {
        expect(start).toBe(at);
        expect(end).toBeGreaterThan(start);
        at = end;
      }
      expect(at).toBe(to);
      const holds = (spans: readonly (readonly [number, number])[], moment: number): boolean =>
        spans.some(([start, end]) => moment >= start && moment < end);
      for (const minute of staleMinutes) {
        expect(holds(sources.minutes, minute)).toBe(false);
        expect(holds(sources.hours, minute)).toBe(false);
      }
      for (const hour of staleHours) expect(holds(sources.hours, hour)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("a year is read from hours, with minutes at its ends and observations at theirs", () => {
  const from = HOUR - MINUTE - 1_000;
  const to = 365 * DAY + 2 * MINUTE + 1_000;
  expect(sourcesOf(from, to, [], [])).toEqual({
    hours: [[HOUR, 365 * DAY]],
    minutes: [
      [HOUR - MINUTE, HOUR],
      [365 * DAY, 365 * DAY + 2 * MINUTE],
    ],
    raw: [
      [from, HOUR - MINUTE],
      [365 * DAY + 2 * MINUTE, to],
    ],
  });
});
