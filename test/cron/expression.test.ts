import { describe, expect, test } from "vitest";
import { compile } from "../../src/cron/expression.ts";

function slots(expression: string, timezone: string, after: string, count: number): string[] {
  const schedule = compile(expression, timezone);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count;) {
    at = schedule.next(at);
    found.push(new Date(at).toISOString().slice(0, 19));
  }
  return found;
}

describe("a compiled schedule", () => {
  test("gives the slots that a person reads from the expression", () => {
    expect(slots("*/10 * * * * *", "UTC", "2026-11-21T08:00:00.000Z", 2)).toEqual([
      "2026-11-21T08:00:10",
      "2026-11-21T08:00:20",
    ]);
    expect(slots("0 2 * * 0", "UTC", "2026-11-21T08:00:00Z", 2)).toEqual([
      "2026-11-22T02:00:00",
      "2026-11-29T02:00:00",
    ]);
    expect(slots("@daily", "Asia/Kolkata", "2026-11-21T08:00:00Z", 1)).toEqual(["2026-11-21T18:30:00"]);
    expect(slots("0 0 L * *", "UTC", "2027-02-01T00:00:00Z", 1)).toEqual(["2027-02-28T00:00:00"]);
    expect(slots("0 0 29 2 *", "UTC", "2026-11-21T00:00:00Z", 1)).toEqual(["2028-02-29T00:00:00"]);
    expect(slots("0 */15 9-17 * * 1-5", "Europe/Berlin", "2026-11-20T16:40:00Z", 2)).toEqual([
      "2026-11-20T16:45:00",
      "2026-11-23T08:00:00",
    ]);
  });

  test("of ten seconds does not stand still in the hour that autumn repeats, nor in the one spring skips", () => {
    for (const day of ["2026-10-25", "2026-03-29"]) {
      const schedule = compile("*/10 * * * * *", "Europe/Berlin");
      const end = Date.parse(`${day}T04:00:00Z`);
      let count = 0;
      for (let at = Date.parse(`${day}T00:00:00Z`); at < end; count++) {
        const next = schedule.next(at);
        expect(next - at).toBe(10_000);
        at = next;
      }
      expect(count).toBe(4 * 360);
    }
  });

  test("of a daily time runs once a day through autumn and spring, at the gap's end when its time is skipped", () => {
    expect(slots("0 30 2 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", 4)).toEqual([
      "2026-10-24T00:30:00",
      "2026-10-25T00:30:00",
      "2026-10-26T01:30:00",
      "2026-10-27T01:30:00",
    ]);
    expect(slots("0 30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 4)).toEqual([
      "2026-03-28T01:30:00",
      "2026-03-29T01:00:00",
      "2026-03-30T00:30:00",
      "2026-03-31T00:30:00",
    ]);
    expect(slots("0 0 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z", 2)).toEqual([
      "2026-10-03T15:30:00",
      "2026-10-04T15:00:00",
    ]);
  });

  test("refuses what is not cron, or no time zone, with a sentence that names it", () => {
    expect(() => compile("every day", "UTC")).toThrow(new RegExp('^"every day" is not a cron expression: '));
    expect(() => compile("0 0 30 2 *", "UTC")).toThrow(RangeError);
    expect(() => compile("* * * * *", "Mars/Base")).toThrow(
      '"Mars/Base" is not a time zone: use a name like Europe/Berlin',
    );
  });
});
