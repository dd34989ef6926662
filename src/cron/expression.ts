import { createTask, parse } from "node-cron";

/** A cron expression in a time zone, as arithmetic on instants. */
export interface Schedule {
  /** The first slot after `after`; both epoch ms. */
  next(after: number): number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Zones change their offset on quarters of an hour. */
const QUARTER = 15 * MINUTE;
/** Looking further ahead than this is looking for a day that never comes. */
const HORIZON = 40 * 366 * DAY;

/**
 * Compiles `expression` (5 or 6 fields; node-cron's syntax) for `timezone`, the process's own unless given. node-cron
 * parses it and says which days match. The walk from slot to slot is done here, along real time, since a walk along
 * local time stands still for the hour that autumn repeats, and drops the times that spring skips:
 * - a schedule for every hour keeps its pace through both;
 * - one for certain hours runs once in autumn (the first time), and in spring a skipped time runs when the gap ends.
 * @throws RangeError for what is not cron, or is no time zone.
 */
export function compile(expression: string, timezone: string | undefined): Schedule {
  const fields = parsed(expression);
  const offset = offsetsOf(timezone);
  const seconds = new Set(fields.second);
  const minutes = new Set(fields.minute);
  const hours = new Set(fields.hour);
  const everyHour = hours.size === 24;
  const onDay = dayMatcher(expression, timezone);

  const inDay = (timeOfDay: number): boolean =>
    hours.has(Math.floor(timeOfDay / HOUR)) &&
    minutes.has(Math.floor((timeOfDay % HOUR) / MINUTE)) &&
    seconds.has((timeOfDay % MINUTE) / SECOND);

  /** Whether a time that the clocks skipped right before `at` was scheduled. */
  const skipped = (at: number): boolean => {
    const gap = offset(at) - offset(at - SECOND);
    if (gap <= 0 || everyHour) return false;
    const end = at + offset(at);
    for (let local = end - gap; local < end; local += SECOND) if (inDay(local % DAY)) return onDay(at);
    return false;
  };

  /** Whether the local time of `at` was there before, an hour ago by the clocks. */
  const repeated = (at: number): boolean => {
    const before = offset(at - 3 * HOUR);
    const first = at + offset(at) - before;
    return first < at && offset(first) === before;
  };

  return {
    next(after) {
      let at = Math.floor(after / SECOND) * SECOND + SECOND;
      const end = at + HORIZON;
      while (at < end) {
        const time = modulo(at + offset(at), DAY);
        if (at % QUARTER === 0 && skipped(at)) return at;
        if (!onDay(at)) at += DAY - HOUR - time > 0 ? DAY - HOUR - time : HOUR - (time % HOUR);
        else if (!hours.has(Math.floor(time / HOUR))) at += HOUR - (time % HOUR);
        else if (!minutes.has(Math.floor((time % HOUR) / MINUTE))) at += MINUTE - (time % MINUTE);
        else if (!seconds.has((time % MINUTE) / SECOND)) at += SECOND;
        else if (!everyHour && repeated(at)) at += SECOND;
        else return at;
      }
      throw new RangeError(`"${expression}" has no slot in the next 40 years`);
    },
  };
}

function parsed(expression: string): ReturnType<typeof parse> {
  try {
    return parse(expression);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RangeError(`"${expression}" is not a cron expression: ${why}`, { cause: error });
  }
}

/** Which days the expression is for; one answer per hour is kept, since slots come in order. */
function dayMatcher(expression: string, timezone: string | undefined): (at: number) => boolean {
  const raw = expression.trim().split(/\s+/);
  if (raw.length < 5) return dayMatcher(NICKNAMES[expression.trim().toLowerCase()] ?? expression, timezone);
  const days = raw.slice(-3);
  if (days.every((field) => field === "*" || field === "?")) return () => true;
  const task = createTask(`* * * ${days.join(" ")}`, noop, timezone === undefined ? {} : { timezone });
  void task.destroy();
  let hour = Number.NaN;
  let matches = false;
  return (at) => {
    const bucket = Math.floor(at / QUARTER);
    if (bucket !== hour) {
      hour = bucket;
      matches = task.match(new Date(at));
    }
    return matches;
  };
}

const NICKNAMES: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

function noop(): void {
  // The task is only asked which days match; it never runs.
}

/** Milliseconds that local time is ahead of UTC at an instant. */
function offsetsOf(timezone: string | undefined): (at: number) => number {
  const format = formatOf(timezone);
  let quarter = Number.NaN;
  let offset = 0;
  return (at) => {
    const bucket = Math.floor(at / QUARTER);
    if (bucket !== quarter) {
      quarter = bucket;
      offset = localOf(format, bucket * QUARTER) - bucket * QUARTER;
    }
    return offset;
  };
}

function formatOf(timezone: string | undefined): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      ...(timezone === undefined ? {} : { timeZone: timezone }),
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    throw new RangeError(`"${timezone}" is not a time zone: use a name like Europe/Berlin`, { cause: error });
  }
}

function localOf(format: Intl.DateTimeFormat, at: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
