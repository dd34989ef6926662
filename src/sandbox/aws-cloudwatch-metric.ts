import type { Input, Json } from "./aws-json.ts";
import { AwsFault } from "./aws-server.ts";
import { parseMath, type Lookup, type MathValue } from "./aws-cloudwatch-math.ts";
import type { Dimension } from "./aws-cloudwatch-series.ts";

/** One metric as it is asked for. `period` is seconds. */
export interface Stat {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: readonly Dimension[];
  readonly statistic: string;
  readonly period: number;
  readonly unit: string | undefined;
}

/** One line of metric math. */
export interface Query {
  readonly id: string;
  readonly stat: Stat | undefined;
  readonly math: { readonly text: string; readonly evaluate: (lookup: Lookup) => MathValue } | undefined;
  readonly label: string | undefined;
  readonly period: number | undefined;
  readonly returnData: boolean;
  /** As it was sent. */
  readonly raw: Json;
}

/** What a metric alarm watches and when it fires. */
export interface MetricConfig {
  readonly stat: Stat | undefined;
  readonly queries: readonly Query[] | undefined;
  readonly comparison: string;
  readonly threshold: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number | undefined;
  readonly treatMissingData: string | undefined;
  readonly lowSamplePercentile: string | undefined;
}

const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};
const STATISTICS = /^(SampleCount|Average|Sum|Minimum|Maximum)$/;
const PERCENTILE = /^p(100|\d{1,2}(\.\d{1,10})?)$/;
const MISSING = ["missing", "notBreaching", "breaching", "ignore"];
/** Longest span that an alarm looks back: a week from periods of an hour on, else a day. */
const DAY_SECONDS = 86_400;

/** Whether `value` breaches. */
export function breaches({ comparison, threshold }: MetricConfig, value: number): boolean {
  return COMPARISONS[comparison]?.(value, threshold) ?? false;
}

/** What PutMetricAlarm says of metrics and thresholds. @throws AwsFault for a member that is missing */
export function metricOf(input: Input): MetricConfig {
  const metrics = input.structures("Metrics");
  const evaluationPeriods = input.number("EvaluationPeriods");
  const threshold = input.number("Threshold");
  if (evaluationPeriods === undefined) throw invalid("A value for parameter EvaluationPeriods must be specified.");
  if (threshold === undefined) throw invalid("A value for parameter Threshold must be specified.");
  if (metrics !== undefined && input.has("MetricName"))
    throw combination("The parameters MetricName and Metrics cannot be specified together.");
  if (metrics !== undefined && input.has("Period"))
    throw combination("The parameters Period and Metrics cannot be specified together.");
  return {
    stat: metrics === undefined ? plainStat(input) : undefined,
    queries: metrics?.map(queryOf),
    comparison: input.required("ComparisonOperator"),
    threshold,
    evaluationPeriods,
    datapointsToAlarm: input.number("DatapointsToAlarm"),
    treatMissingData: input.text("TreatMissingData"),
    lowSamplePercentile: input.text("EvaluateLowSampleCountPercentile"),
  };
}

function plainStat(input: Input): Stat {
  const [statistic, extended] = [input.text("Statistic"), input.text("ExtendedStatistic")];
  if (statistic !== undefined && extended !== undefined)
    throw combination("The parameters Statistic and ExtendedStatistic cannot be specified together.");
  const named = statistic ?? extended;
  if (named === undefined) throw invalid("Either Statistic or ExtendedStatistic must be specified.");
  if (statistic !== undefined && !STATISTICS.test(statistic)) throw invalid(`Statistic ${statistic} is not valid`);
  return {
    namespace: input.required("Namespace"),
    metric: input.required("MetricName"),
    dimensions: dimensionsOf(input),
    statistic: named,
    period: input.number("Period") ?? 0,
    unit: input.text("Unit"),
  };
}

/** `Dimensions` of a request. */
export function dimensionsOf(input: Input): Dimension[] {
  return (input.structures("Dimensions") ?? []).map((one) => ({
    name: one.required("Name"),
    value: one.required("Value"),
  }));
}

/** One MetricDataQuery. @throws AwsFault */
export function queryOf(input: Input): Query {
  const id = input.required("Id");
  if (!/^[a-z]\w*$/.test(id)) throw invalid(`The id ${id} is not valid: it must begin with a lower-case letter`);
  const stat = input.structure("MetricStat");
  const text = input.text("Expression");
  if ((stat === undefined) === (text === undefined))
    throw combination("Exactly one of MetricStat and Expression must be specified.");
  const metric = stat?.structure("Metric");
  if (stat !== undefined && metric === undefined) throw invalid("A value for parameter Metric must be specified.");
  const [returnData, label, period] = [input.flag("ReturnData"), input.text("Label"), input.number("Period")];
  const parsed =
    stat === undefined || metric === undefined
      ? undefined
      : {
          namespace: metric.required("Namespace"),
          metric: metric.required("MetricName"),
          dimensions: dimensionsOf(metric),
          statistic: stat.required("Stat"),
          period: stat.number("Period") ?? 0,
          unit: stat.text("Unit"),
        };
  const raw: Json = {
    Id: id,
    Expression: text,
    Label: label,
    ReturnData: returnData ?? true,
    Period: period,
    MetricStat: parsed === undefined ? undefined : statJson(parsed),
  };
  return {
    id,
    stat: parsed,
    math: text === undefined ? undefined : { text, evaluate: parseMath(text) },
    label,
    period,
    returnData: returnData ?? true,
    raw,
  };
}

/** A MetricStat structure. */
export function statJson(stat: Stat): Json {
  const dimensions = stat.dimensions.map(({ name, value }) => ({ Name: name, Value: value }));
  return {
    Metric: { Namespace: stat.namespace, MetricName: stat.metric, Dimensions: dimensions },
    Period: stat.period,
    Stat: stat.statistic,
    Unit: stat.unit,
  };
}

/** @throws AwsFault for what CloudWatch does not take */
export function checkMetric(config: MetricConfig): void {
  const { evaluationPeriods: periods, datapointsToAlarm: points, treatMissingData: missing, queries } = config;
  if (COMPARISONS[config.comparison] === undefined)
    throw invalid(`ComparisonOperator ${config.comparison} is not valid`);
  if (!Number.isInteger(periods) || periods < 1) throw invalid("EvaluationPeriods must be at least 1");
  if (points !== undefined && (!Number.isInteger(points) || points < 1 || points > periods))
    throw invalid("DatapointsToAlarm must be between 1 and EvaluationPeriods");
  if (missing !== undefined && !MISSING.includes(missing)) throw invalid(`TreatMissingData ${missing} is not valid`);
  for (const stat of [config.stat, ...(queries ?? []).map((query) => query.stat)])
    if (stat !== undefined) checkStat(stat);
  if (periodOf(config) * periods > (periodOf(config) >= 3_600 ? 7 * DAY_SECONDS : DAY_SECONDS))
    throw invalid("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)");
  if (queries === undefined) return;
  if (queries.length > 10) throw invalid("An alarm has at most 10 metrics");
  const ids = new Set(queries.map((query) => query.id));
  if (ids.size < queries.length) throw invalid("The values for Id must be unique");
  if (queries.filter((query) => query.returnData).length !== 1)
    throw invalid("Exactly one element of the metrics list should return data.");
  for (const { math } of queries)
    math?.evaluate((id) => {
      if (!ids.has(id)) throw invalid(`Error in expression "${math.text}": there is no metric with id ${id}`);
      return 1;
    });
}

/** Seconds of one data point. */
export function periodOf({ stat, queries }: MetricConfig): number {
  if (stat !== undefined) return stat.period;
  return Math.max(60, ...(queries ?? []).map((query) => query.stat?.period ?? query.period ?? 0));
}

function checkStat({ statistic, period }: Stat): void {
  if (!STATISTICS.test(statistic) && !PERCENTILE.test(statistic)) throw invalid(`Statistic ${statistic} is not valid`);
  if (!(period === 10 || period === 20 || period === 30 || (period > 0 && period % 60 === 0)))
    throw invalid("Period must be 10, 20, 30 or a multiple of 60");
}

function invalid(message: string): AwsFault {
  return new AwsFault("ValidationError", message);
}

function combination(message: string): AwsFault {
  return new AwsFault("InvalidParameterCombination", message);
}
