import type { Clock, Ticker, Timer } from "../../src/domain/index.ts";
import { compile } from "../../src/cron/expression.ts";
import type { Schedule } from "../../src/cron/expression.ts";

/** Announces slots on any clock, so that schedules run in virtual time. It looks at least once a second, as the real one does. */
export class FakeTicker implements Ticker {
  readonly #clock: Clock;
  readonly #compiled = new Map<string, Schedule>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  every(expression: string, timezone: string | undefined, onSlot: (slot: number) => void): { stop(): void } {
    const schedule = this.#schedule(expression, timezone);
    let seen = this.#clock.now();
    let expected = schedule.next(seen);
    let timer: Timer | undefined;
    const arm = (): void => {
      timer = this.#clock.after(Math.min(1_000, Math.max(0, expected - this.#clock.now())), look);
    };
    const look = (): void => {
      const now = this.#clock.now();
      if (now < seen || now - expected > 3_600_000) expected = schedule.next(now);
      seen = now;
      if (now >= expected) {
        let slot = expected;
        for (let next = schedule.next(slot); next <= now; next = schedule.next(slot)) slot = next;
        expected = schedule.next(slot);
        onSlot(slot);
      }
      arm();
    };
    arm();
    return { stop: () => timer?.clear() };
  }

  next(expression: string, timezone: string | undefined, after: number, count: number): number[] {
    const schedule = this.#schedule(expression, timezone);
    const slots: number[] = [];
    for (let at = after; slots.length < count;) slots.push((at = schedule.next(at)));
    return slots;
  }

  #schedule(expression: string, timezone: string | undefined): Schedule {
    const key = `${timezone ?? ""} ${expression}`;
    const schedule = this.#compiled.get(key) ?? compile(expression, timezone);
    this.#compiled.set(key, schedule);
    return schedule;
  }
}
