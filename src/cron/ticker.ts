import { schedule as scheduleTask } from "node-cron";
import type { ScheduledTask } from "node-cron";
import type { Clock, Ticker, Timer } from "../domain/index.ts";
import { compile } from "./expression.ts";
import type { Schedule } from "./expression.ts";

/** Wall and monotonic clock drifting apart by this much between two looks is a step, not slewing. */
const STEP_MS = 500;
/** A slot that node-cron did not announce within this time is announced by the guard. */
const LATE_MS = 500;
/** The guard looks shortly before each full second: right before node-cron, whose slots are full seconds, wakes up. */
const GUARD_AT_MS = 980;
/** How many compiled schedules are kept: more than any fleet has, and still a bound. */
const MAX_KEPT = 1_000;
/** How many slots the guard walks to find the newest one that passed. */
const MAX_WALK = 10_000;

/**
 * The clock of schedules. node-cron announces the slots; a guard that looks once a second covers what it does not:
 * - the wall clock stepped: node-cron would sleep until its old plan comes true (an hour for an hour back), or walk
 *   every slot of a step forward one by one; so it is planned afresh from where the clock is now;
 * - a slot that its walk along local time leaves out (see `compile`), or that it never announced.
 * Each slot is announced once, in order; after a step back they are announced again, since they come again.
 */
export function createTicker(options: { readonly clock: Clock }): Ticker {
  const { clock } = options;
  const lines = new Set<Line>();
  const schedules = new Map<string, Schedule>();
  let drift = 0;
  let timer: Timer | undefined;

  const compiled = (expression: string, timezone: string | undefined): Schedule => {
    const key = `${timezone ?? ""} ${expression}`;
    const schedule = schedules.get(key) ?? compile(expression, timezone);
    if (schedules.size >= MAX_KEPT) schedules.clear();
    schedules.set(key, schedule);
    return schedule;
  };
  const look = (): void => {
    const now = clock.now();
    const stepped = Math.abs(now - clock.monotonic() - drift) >= STEP_MS;
    drift = now - clock.monotonic();
    for (const line of lines) {
      if (stepped) line.plan(now);
      else line.catchUp(now);
    }
    arm();
  };
  const arm = (): void => {
    const untilLook = (GUARD_AT_MS + SECOND - (clock.now() % SECOND)) % SECOND;
    timer = lines.size === 0 ? undefined : clock.after(untilLook < 100 ? untilLook + SECOND : untilLook, look);
  };

  return {
    every(expression, timezone, onSlot) {
      const line = new Line(expression, timezone, clock.now(), onSlot);
      lines.add(line);
      if (timer === undefined) {
        drift = clock.now() - clock.monotonic();
        arm();
      }
      return {
        stop() {
          line.stop();
          lines.delete(line);
          if (lines.size > 0) return;
          timer?.clear();
          timer = undefined;
        },
      };
    },
    next(expression, timezone, after, count) {
      const schedule = compiled(expression, timezone);
      const slots: number[] = [];
      for (let at = after; slots.length < count;) slots.push((at = schedule.next(at)));
      return slots;
    },
  };
}

const SECOND = 1_000;

/** One schedule that is being announced. */
class Line {
  readonly #schedule: Schedule;
  readonly #task: ScheduledTask;
  readonly #onSlot: (slot: number) => void;
  #expected: number;

  constructor(expression: string, timezone: string | undefined, now: number, onSlot: (slot: number) => void) {
    this.#schedule = compile(expression, timezone);
    this.#onSlot = onSlot;
    this.#expected = this.#schedule.next(now);
    this.#task = scheduleTask(expression, ({ date }) => this.#announce(date.getTime()), {
      ...(timezone === undefined ? {} : { timezone }),
      // However late it wakes, the newest slot that began is told; whoever listens judges its lateness.
      missedExecutionTolerance: Number.MAX_SAFE_INTEGER,
      suppressMissedWarning: true,
      logger: SILENT,
    });
  }

  plan(now: number): void {
    void this.#task.stop();
    this.#expected = this.#schedule.next(now);
    void this.#task.start();
  }

  catchUp(now: number): void {
    if (now - this.#expected < LATE_MS) return;
    let newest = this.#expected;
    for (let walked = 0; walked < MAX_WALK; walked++) {
      const next = this.#schedule.next(newest);
      if (next > now) break;
      newest = next;
    }
    this.#announce(newest);
  }

  stop(): void {
    void this.#task.destroy();
  }

  #announce(slot: number): void {
    if (slot < this.#expected || this.#schedule.next(slot - 1) !== slot) return;
    this.#expected = this.#schedule.next(slot);
    this.#onSlot(slot);
  }
}

const SILENT = { info: ignore, warn: ignore, error: ignore, debug: ignore };

function ignore(): void {
  // What node-cron would print is told by the one who listens to the slots, in the project's own log.
}
