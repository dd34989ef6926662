import type { Ticker } from "../domain/index.ts";
import { AwsFault } from "./aws-server.ts";
import type { Input, Json } from "./aws-json.ts";

/** A rule that holds back the actions of some alarms for a while. Times are epoch ms. */
export interface MuteRule {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly expression: string;
  readonly duration: string;
  readonly durationMs: number;
  readonly timezone: string | undefined;
  readonly alarms: readonly string[];
  readonly start: number | undefined;
  readonly expire: number | undefined;
  readonly updatedAt: number;
  readonly tags: Map<string, string>;
}

const MAX_TARGETS = 100;
const DAY_MS = 86_400_000;
const MAX_DURATION_MS = 15 * DAY_MS;
const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/;

/** A PutAlarmMuteRule. @throws AwsFault */
export function muteRuleOf(
  input: Input,
  arnOf: (name: string) => string,
  now: number,
  tags: Map<string, string>,
  ticker: Ticker,
): MuteRule {
  const name = input.required("Name");
  const schedule = input.structure("Rule")?.structure("Schedule");
  if (schedule === undefined) throw invalid("A value for parameter Rule.Schedule must be specified.");
  const duration = schedule.required("Duration");
  const [, days = "0", hours = "0", minutes = "0"] = DURATION.exec(duration) ?? [];
  const durationMs = Number(days) * DAY_MS + Number(hours) * 3_600_000 + Number(minutes) * 60_000;
  if (durationMs < 60_000 || durationMs > MAX_DURATION_MS) throw invalid(`The duration ${duration} is not valid`);
  const alarms = input.structure("MuteTargets")?.texts("AlarmNames") ?? [];
  if (alarms.length > MAX_TARGETS) throw invalid(`A mute rule has at most ${MAX_TARGETS} alarms`);
  const rule: MuteRule = {
    name,
    arn: arnOf(name),
    description: input.text("Description"),
    expression: schedule.required("Expression"),
    duration,
    durationMs,
    timezone: schedule.text("Timezone"),
    alarms,
    start: input.time("StartDate"),
    expire: input.time("ExpireDate"),
    updatedAt: now,
    tags,
  };
  statusOf(rule, now, ticker);
  return rule;
}

/** SCHEDULED, ACTIVE or EXPIRED at `now`. @throws AwsFault for a schedule that is none */
export function statusOf(rule: MuteRule, now: number, ticker: Ticker): "SCHEDULED" | "ACTIVE" | "EXPIRED" {
  if (rule.expire !== undefined && now >= rule.expire) return "EXPIRED";
  const once = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)$/.exec(rule.expression)?.[1];
  if (once !== undefined) {
    const from = localTime(once, rule.timezone ?? "UTC");
    if (now >= from + rule.durationMs) return "EXPIRED";
    return now >= from ? "ACTIVE" : "SCHEDULED";
  }
  const cron = /^cron\((.+)\)$/.exec(rule.expression)?.[1];
  if (cron === undefined) throw invalid(`The schedule ${rule.expression} is neither cron(…) nor at(…)`);
  if (rule.start !== undefined && now < rule.start) return "SCHEDULED";
  try {
    const [from] = ticker.next(cron, rule.timezone ?? "UTC", now - rule.durationMs, 1);
    return from !== undefined && from <= now ? "ACTIVE" : "SCHEDULED";
  } catch (error) {
    if (error instanceof RangeError) throw invalid(`The schedule ${rule.expression} is not valid`);
    throw error;
  }
}

/** As ListAlarmMuteRules tells it; `whole`: as GetAlarmMuteRule does. */
export function muteRuleJson(rule: MuteRule, now: number, ticker: Ticker, whole: boolean): Json {
  const summary = {
    AlarmMuteRuleArn: rule.arn,
    ExpireDate: rule.expire === undefined ? undefined : rule.expire / 1000,
    Status: statusOf(rule, now, ticker),
    MuteType: rule.expression.startsWith("at(") ? "ONE_TIME" : "RECURRING",
    LastUpdatedTimestamp: rule.updatedAt / 1000,
  };
  if (!whole) return summary;
  return {
    ...summary,
    Name: rule.name,
    Description: rule.description,
    Rule: { Schedule: { Expression: rule.expression, Duration: rule.duration, Timezone: rule.timezone } },
    MuteTargets: { AlarmNames: rule.alarms },
    StartDate: rule.start === undefined ? undefined : rule.start / 1000,
  };
}

/** Epoch ms of a wall-clock time in a time zone. */
function localTime(text: string, timezone: string): number {
  const asUtc = Date.parse(`${text}Z`);
  const shown = new Date(asUtc).toLocaleString("sv-SE", { timeZone: timezone });
  return asUtc - (Date.parse(`${shown.replace(" ", "T")}Z`) - Math.floor(asUtc / 1000) * 1000);
}

function invalid(message: string): AwsFault {
  return new AwsFault("ValidationError", message);
}
