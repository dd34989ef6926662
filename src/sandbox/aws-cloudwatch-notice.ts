import type { Alarm } from "./aws-cloudwatch-alarm.ts";
import { stamp } from "./aws-cloudwatch-evaluate.ts";
import { periodOf } from "./aws-cloudwatch-metric.ts";
import type { Stat } from "./aws-cloudwatch-metric.ts";
import type { StateValue } from "./aws-cloudwatch-rule.ts";
import type { Json } from "./aws-json.ts";

/** The names that notifications bear in their `Region`. */
const REGION_NAMES: Readonly<Record<string, string>> = {
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)",
  "us-west-2": "US West (Oregon)",
  "eu-west-1": "EU (Ireland)",
  "eu-west-2": "EU (London)",
  "eu-central-1": "EU (Frankfurt)",
  "ap-south-1": "Asia Pacific (Mumbai)",
  "ap-southeast-1": "Asia Pacific (Singapore)",
};

/** Subject and message of what an alarm sends to a topic. `children`: for a composite, those that its rule speaks of. */
export function alarmNotice(
  alarm: Alarm,
  previous: StateValue,
  region: string,
  account: string,
  children: readonly Alarm[],
): { readonly subject: string; readonly message: string } {
  const where = REGION_NAMES[region] ?? region;
  const { config } = alarm;
  const common: Record<string, Json> = {
    AlarmName: alarm.name,
    AlarmDescription: config.description ?? null,
    AWSAccountId: account,
    AlarmConfigurationUpdatedTimestamp: stamp(alarm.configuredAt),
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: stamp(alarm.stateAt),
    Region: where,
    AlarmArn: alarm.arn,
    OldStateValue: previous,
    OKActions: config.okActions,
    AlarmActions: config.alarmActions,
    InsufficientDataActions: config.insufficientDataActions,
  };
  const own: Record<string, Json> =
    config.metric === undefined
      ? {
          AlarmRule: config.rule?.text ?? "",
          TriggeringChildren: children
            .filter((child) => child.state === "ALARM")
            .slice(0, 10)
            .map((child) => ({ Arn: child.arn, State: { Value: child.state, Timestamp: stamp(child.stateAt) } })),
        }
      : { Trigger: triggerOf(config.metric) };
  const subject = `${alarm.state}: "${alarm.name}" in ${where}`;
  return { subject: subject.slice(0, 100), message: JSON.stringify({ ...common, ...own }) };
}

function triggerOf(metric: NonNullable<Alarm["config"]["metric"]>): Json {
  const tail = {
    Period: periodOf(metric),
    EvaluationPeriods: metric.evaluationPeriods,
    DatapointsToAlarm: metric.datapointsToAlarm,
    ComparisonOperator: metric.comparison,
    Threshold: metric.threshold,
    TreatMissingData: metric.treatMissingData ?? "missing",
    EvaluateLowSampleCountPercentile: metric.lowSamplePercentile ?? "",
  };
  const { stat, queries } = metric;
  if (stat === undefined)
    return {
      ...tail,
      Metrics: (queries ?? []).map((query) => ({
        Id: query.id,
        Expression: query.math?.text,
        Label: query.label,
        ReturnData: query.returnData,
        MetricStat: query.stat === undefined ? undefined : lowerStat(query.stat),
      })),
    };
  const percentile = stat.statistic.startsWith("p");
  return {
    MetricName: stat.metric,
    Namespace: stat.namespace,
    StatisticType: percentile ? "ExtendedStatistic" : "Statistic",
    ...(percentile ? { ExtendedStatistic: stat.statistic } : { Statistic: stat.statistic.toUpperCase() }),
    Unit: stat.unit ?? null,
    Dimensions: stat.dimensions.map(({ name, value }) => ({ value, name })),
    ...tail,
  };
}

function lowerStat(stat: Stat): Json {
  return {
    Metric: {
      Dimensions: stat.dimensions.map(({ name, value }) => ({ value, name })),
      MetricName: stat.metric,
      Namespace: stat.namespace,
    },
    Period: stat.period,
    Stat: stat.statistic,
  };
}
