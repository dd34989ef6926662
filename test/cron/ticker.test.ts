import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTicker } from "../../src/cron/ticker.ts";
import type { Clock, Ticker } from "../../src/domain/index.ts";

/** Time as the process sees it: node-cron reads Date itself. */
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, ms);
    return { clear: () => clearTimeout(handle) };
  },
};

let ticker: Ticker;
let told: string[];
let stops: { stop(): void }[];

function watch(expression: string, timezone?: string): void {
  stops.push(ticker.every(expression, timezone, (slot) => void told.push(new Date(slot).toISOString().slice(11, 19))));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout", "performance"] });
  vi.setSystemTime("2026-11-21T08:00:03.250Z");
  ticker = createTicker({ clock });
  told = [];
  stops = [];
});

afterEach(() => {
  for (const line of stops) line.stop();
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error(`${left} timers are left`);
});

describe("the ticker", () => {
  test("announces each slot once, by its scheduled start", async () => {
    watch("*/10 * * * * *");
    await vi.advanceTimersByTimeAsync(40_000);
    expect(told).toEqual(["08:00:10", "08:00:20", "08:00:30", "08:00:40"]);
  });

  test("goes on at once when the clock is set back an hour", async () => {
    watch("*/10 * * * * *");
    await vi.advanceTimersByTimeAsync(10_000);
    vi.setSystemTime("2026-11-21T07:00:13Z");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told).toEqual(["08:00:10", "07:00:20", "07:00:30"]);
  });

  test("goes on from the new time when the clock is set forward by years, without walking through them", async () => {
    watch("* * * * * *");
    await vi.advanceTimersByTimeAsync(1_500);
    vi.setSystemTime("2066-11-21T07:00:13.100Z");
    const started = process.hrtime.bigint();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(2_000);
    expect(told).toEqual(["08:00:04", "07:00:14", "07:00:15"]);
  });

  test("announces only the newest slot after the event loop stood still", async () => {
    watch("*/10 * * * * *");
    await vi.advanceTimersByTimeAsync(10_000);
    const wall = Date.now();
    const held = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 34_000);
    vi.setSystemTime(wall + 34_000);
    await vi.advanceTimersByTimeAsync(1);
    held.mockRestore();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(told[0]).toBe("08:00:10");
    expect(told).not.toContain("08:00:20");
    expect(told.at(-1)).toBe("08:00:50");
  });

  test("announces what node-cron leaves out: a daily time that spring skips, and the hour that autumn repeats", async () => {
    vi.setSystemTime("2026-03-29T00:59:30Z");
    watch("0 30 2 * * *", "Europe/Berlin");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(["01:00:00"]);
    told.length = 0;
    vi.setSystemTime("2026-10-25T00:59:35Z");
    watch("*/10 * * * * *", "Europe/Berlin");
    await vi.advanceTimersByTimeAsync(2_000);
    await vi.advanceTimersByTimeAsync(38_000);
    expect(told).toEqual(["00:59:40", "00:59:50", "01:00:00", "01:00:10"]);
  });

  test("is silent once stopped, and stopping twice is safe", async () => {
    watch("* * * * * *");
    await vi.advanceTimersByTimeAsync(1_000);
    stops[0]?.stop();
    stops[0]?.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toHaveLength(1);
  });

  test("refuses what is not cron", () => {
    expect(() => ticker.every("soon", undefined, () => {})).toThrow(RangeError);
    expect(() => ticker.next("soon", undefined, 0, 1)).toThrow(RangeError);
  });
});
