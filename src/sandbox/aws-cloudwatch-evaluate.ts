import { breaches, periodOf, type MetricConfig, type Query, type Stat } from "./aws-cloudwatch-metric.ts";
import type { MathValue } from "./aws-cloudwatch-math.ts";
import type { StateValue } from "./aws-cloudwatch-rule.ts";
import type { Series } from "./aws-cloudwatch-series.ts";

/** What an evaluation found; `undefined` state: it stays as it is. */
export interface Evaluation {
  readonly state: StateValue | undefined;
  readonly reason: string;
  readonly reasonData: string;
}

/** Data points that are looked at beyond the evaluated ones, in case some of those are missing. */
const EXTRA_POINTS = 2;

/**
 * Evaluates a metric alarm at `now` (epoch ms). Periods end at `now`; those of AWS's own metrics last `period / speed`
 * seconds, those of metrics that others publish, at a pace of their own, last what they are told. With enough data
 * points in range, missing ones are passed over; with fewer, they count as `TreatMissingData` says; with none, the alarm
 * has insufficient data unless that says otherwise.
 */
export function evaluate(config: MetricConfig, series: Series, now: number, speed: number): Evaluation {
  const { evaluationPeriods: wanted, datapointsToAlarm: needed = wanted } = config;
  const lengthMs = (periodOf(config) * 1000) / (isOfAws(config) ? speed : 1);
  const points: { readonly age: number; readonly value: number }[] = [];
  for (let age = 0; age < wanted + EXTRA_POINTS; age++) {
    const value = pointOf(config, series, now - (age + 1) * lengthMs, now - age * lengthMs);
    if (value !== undefined) points.push({ age, value });
  }
  const state = judge(config, points, needed);
  const recent = points.slice(0, wanted);
  const over = recent.filter((point) => breaches(config, point.value)).length;
  const told = recent.map((point) => `${point.value}`).join(", ");
  const reason =
    points.length === 0
      ? `Insufficient Data: no datapoints were received for ${wanted} periods and missing data is treated as ${config.treatMissingData ?? "missing"}`
      : `Threshold Crossed: ${over} of the last ${recent.length} datapoints [${told}] ${over >= needed ? "was" : "was not"} ${words(config)} (minimum ${needed} for OK -> ALARM transition).`;
  const reasonData = {
    version: "1.0",
    queryDate: stamp(now),
    statistic: config.stat?.statistic,
    period: periodOf(config),
    recentDatapoints: recent.map((point) => point.value),
    threshold: config.threshold,
  };
  return { state, reason, reasonData: JSON.stringify(reasonData) };
}

function isOfAws({ stat, queries = [] }: MetricConfig): boolean {
  const stats = [stat, ...queries.map((query) => query.stat)].filter((one) => one !== undefined);
  return stats.every((one) => one.namespace.startsWith("AWS/"));
}

function judge(
  config: MetricConfig,
  points: readonly { readonly age: number; readonly value: number }[],
  needed: number,
): StateValue | undefined {
  const { evaluationPeriods: wanted, treatMissingData: missing = "missing" } = config;
  const count = (some: typeof points): number => some.filter((point) => breaches(config, point.value)).length;
  const verdict = (bad: number): StateValue => (bad >= needed ? "ALARM" : "OK");
  if (points.length >= wanted) return verdict(count(points.slice(0, wanted)));
  const filled = wanted - points.length;
  if (missing === "breaching") return verdict(count(points) + filled);
  if (missing === "notBreaching") return verdict(count(points));
  if (points.length === 0) return missing === "ignore" ? undefined : "INSUFFICIENT_DATA";
  const bad = count(points);
  if (bad >= needed) return "ALARM";
  if (bad < points.length) return "OK";
  // All that is there breaches: enough only when the oldest of it is old enough.
  const oldest = Math.max(...points.map((point) => point.age + 1));
  return missing === "missing" && oldest >= needed ? "ALARM" : undefined;
}

function pointOf({ stat, queries = [] }: MetricConfig, series: Series, from: number, to: number): MathValue {
  if (stat !== undefined) return read(stat, series, from, to);
  const main = queries.find((query) => query.returnData);
  return main === undefined ? undefined : queryValue(main, queries, series, from, to);
}

/** The value of one query over one period, with those that its expression speaks of. */
export function queryValue(
  query: Query,
  queries: readonly Query[],
  series: Series,
  from: number,
  to: number,
): MathValue {
  const value = (one: Query, depth: number): MathValue => {
    if (one.stat !== undefined) return read(one.stat, series, from, to);
    // A query that speaks of itself has no value.
    if (depth > queries.length) return undefined;
    return one.math?.evaluate((id) => {
      const other = queries.find((each) => each.id === id);
      return other === undefined ? undefined : value(other, depth + 1);
    });
  };
  return value(query, 0);
}

function read(stat: Stat, series: Series, from: number, to: number): MathValue {
  return series.statistic(stat, stat.statistic, from, to);
}

const WORDS: Readonly<Record<string, string>> = {
  GreaterThanThreshold: "greater than",
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

function words({ comparison, threshold }: MetricConfig): string {
  return `${WORDS[comparison] ?? comparison} the threshold (${threshold})`;
}

/** `2026-11-21T09:00:00.000+0000` */
export function stamp(at: number): string {
  return new Date(at).toISOString().replace("Z", "+0000");
}
