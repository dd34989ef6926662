import type {
  ComparisonOperator,
  CompositeAlarm,
  Dimension as ApiDimension,
  LogAlarm,
  MetricAlarm,
  MetricDataQuery,
  PutCompositeAlarmInput,
  PutMetricAlarmInput,
  StandardUnit,
  Statistic,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudError,
  type AlarmState,
  type CompositeAlarmDefinition,
  type Dimension,
  type MetricAlarmDefinition,
  type MetricQuery,
  type MetricStat,
  type ObservedAlarm,
  type Tags,
} from "../domain/index.ts";

/** What the definition has a field for, and what is state rather than definition. Anything else is kept in `others`. */
const KNOWN: ReadonlySet<string> = new Set([
  "AlarmName",
  "AlarmArn",
  "AlarmDescription",
  "AlarmConfigurationUpdatedTimestamp",
  "ActionsEnabled",
  "OKActions",
  "AlarmActions",
  "InsufficientDataActions",
  "StateValue",
  "StateReason",
  "StateReasonData",
  "StateUpdatedTimestamp",
  "StateTransitionedTimestamp",
  "EvaluationState",
  "ActionsSuppressedBy",
  "ActionsSuppressedReason",
  "MetricName",
  "Namespace",
  "Statistic",
  "ExtendedStatistic",
  "Dimensions",
  "Period",
  "Unit",
  "EvaluationPeriods",
  "DatapointsToAlarm",
  "Threshold",
  "ComparisonOperator",
  "TreatMissingData",
  "EvaluateLowSampleCountPercentile",
  "Metrics",
  "AlarmRule",
]);

/** What DescribeAlarms tells of a metric alarm. @throws CloudError when it has no name or state */
export function observedMetricAlarm(alarm: MetricAlarm): ObservedAlarm {
  const metric: MetricStat | undefined =
    alarm.MetricName === undefined
      ? undefined
      : {
          namespace: alarm.Namespace ?? "",
          metric: alarm.MetricName,
          dimensions: dimensionsOf(alarm.Dimensions),
          statistic: alarm.Statistic ?? alarm.ExtendedStatistic ?? "",
          periodSeconds: alarm.Period ?? 0,
          ...(alarm.Unit === undefined ? {} : { unit: alarm.Unit }),
        };
  const queries = (alarm.Metrics ?? []).map(queryOf);
  return {
    ...stateOf(alarm),
    definition: {
      kind: "metric",
      ...commonOf(alarm),
      ...(metric === undefined ? {} : { metric }),
      ...(queries.length === 0 ? {} : { queries }),
      comparison: alarm.ComparisonOperator ?? "",
      ...(alarm.Threshold === undefined ? {} : { threshold: alarm.Threshold }),
      evaluationPeriods: alarm.EvaluationPeriods ?? 0,
      ...(alarm.DatapointsToAlarm === undefined ? {} : { datapointsToAlarm: alarm.DatapointsToAlarm }),
      ...(alarm.TreatMissingData === undefined ? {} : { treatMissingData: alarm.TreatMissingData }),
      ...(alarm.EvaluateLowSampleCountPercentile === undefined
        ? {}
        : { evaluateLowSampleCountPercentile: alarm.EvaluateLowSampleCountPercentile }),
    },
  };
}

/** As {@link observedMetricAlarm}. @throws CloudError */
export function observedCompositeAlarm(alarm: CompositeAlarm): ObservedAlarm {
  return { ...stateOf(alarm), definition: { kind: "composite", ...commonOf(alarm), rule: alarm.AlarmRule ?? "" } };
}

/** As {@link observedMetricAlarm}, of a kind that is never made here. @throws CloudError */
export function observedLogAlarm(alarm: LogAlarm): ObservedAlarm {
  return { ...stateOf(alarm), definition: { kind: "other", ...commonOf(alarm) } };
}

function stateOf(alarm: MetricAlarm | CompositeAlarm | LogAlarm) {
  const { AlarmName: name, AlarmArn: arn, StateValue: state } = alarm;
  if (name === undefined || arn === undefined || !isState(state))
    throw new CloudError("failed", `AWS listed an alarm without its name, ARN or state (${name ?? arn ?? "unnamed"})`);
  const at = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  return { arn, state, stateReason: alarm.StateReason ?? "", stateAt: at?.getTime() ?? 0 };
}

function isState(text: string | undefined): text is AlarmState {
  return text === "OK" || text === "ALARM" || text === "INSUFFICIENT_DATA";
}

function commonOf(alarm: MetricAlarm | CompositeAlarm | LogAlarm) {
  const others = Object.entries(alarm).filter(([key, value]) => value !== undefined && !KNOWN.has(key));
  return {
    name: alarm.AlarmName ?? "",
    description: alarm.AlarmDescription ?? "",
    actionsEnabled: alarm.ActionsEnabled ?? true,
    alarmActions: alarm.AlarmActions ?? [],
    okActions: alarm.OKActions ?? [],
    insufficientDataActions: alarm.InsufficientDataActions ?? [],
    ...(others.length === 0
      ? {}
      : { others: Object.fromEntries(others.map(([key, value]) => [key, JSON.stringify(value)])) }),
  };
}

function queryOf(query: MetricDataQuery): MetricQuery {
  const { MetricStat: stat } = query;
  const metric: MetricStat | undefined =
    stat === undefined
      ? undefined
      : {
          namespace: stat.Metric?.Namespace ?? "",
          metric: stat.Metric?.MetricName ?? "",
          dimensions: dimensionsOf(stat.Metric?.Dimensions),
          statistic: stat.Stat ?? "",
          periodSeconds: stat.Period ?? 0,
          ...(stat.Unit === undefined ? {} : { unit: stat.Unit }),
        };
  return {
    id: query.Id ?? "",
    ...(metric === undefined ? {} : { metric }),
    ...(query.Expression === undefined ? {} : { expression: query.Expression }),
    ...(query.Label === undefined ? {} : { label: query.Label }),
    ...(query.Period === undefined ? {} : { periodSeconds: query.Period }),
    ...(query.ReturnData === undefined ? {} : { returnData: query.ReturnData }),
  };
}

/** Dimensions as the domain names them. */
export function dimensionsOf(dimensions: readonly ApiDimension[] | undefined): Dimension[] {
  return (dimensions ?? []).map(({ Name, Value }) => ({ name: Name ?? "", value: Value ?? "" }));
}

/** Dimensions as the API names them. */
export function apiDimensions(dimensions: readonly Dimension[]): ApiDimension[] {
  return dimensions.map(({ name, value }) => ({ Name: name, Value: value }));
}

/** A PutMetricAlarm: everything that is not in it is gone after it. */
export function putMetricAlarmInput(definition: MetricAlarmDefinition, tags: Tags): PutMetricAlarmInput {
  const { metric, queries, comparison } = definition;
  const input: PutMetricAlarmInput = {
    ...putCommon(definition, tags),
    ...(metric === undefined ? {} : plainMetric(metric)),
    ...(queries === undefined ? {} : { Metrics: queries.map(apiQuery) }),
    ...(isComparison(comparison) ? { ComparisonOperator: comparison } : {}),
    Threshold: definition.threshold,
    EvaluationPeriods: definition.evaluationPeriods,
    DatapointsToAlarm: definition.datapointsToAlarm,
    TreatMissingData: definition.treatMissingData,
    EvaluateLowSampleCountPercentile: definition.evaluateLowSampleCountPercentile,
  };
  return Object.assign(othersOf(definition), input);
}

/** A PutCompositeAlarm. */
export function putCompositeAlarmInput(definition: CompositeAlarmDefinition, tags: Tags): PutCompositeAlarmInput {
  const input: PutCompositeAlarmInput = { ...putCommon(definition, tags), AlarmRule: definition.rule };
  return Object.assign(othersOf(definition), input);
}

function putCommon(definition: MetricAlarmDefinition | CompositeAlarmDefinition, tags: Tags) {
  return {
    AlarmName: definition.name,
    ...(definition.description === "" ? {} : { AlarmDescription: definition.description }),
    ActionsEnabled: definition.actionsEnabled,
    AlarmActions: [...definition.alarmActions],
    OKActions: [...definition.okActions],
    InsufficientDataActions: [...definition.insufficientDataActions],
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

/** What was read over and above our fields goes back as it came. */
function othersOf({ others = {} }: { readonly others?: Readonly<Record<string, string>> }): object {
  return Object.fromEntries(Object.entries(others).map(([key, json]) => [key, JSON.parse(json) as unknown]));
}

function plainMetric(metric: MetricStat): Partial<PutMetricAlarmInput> {
  const { statistic } = metric;
  return {
    Namespace: metric.namespace,
    MetricName: metric.metric,
    Dimensions: apiDimensions(metric.dimensions),
    Period: metric.periodSeconds,
    ...(isPlain(statistic) ? { Statistic: statistic } : { ExtendedStatistic: statistic }),
    ...(isUnit(metric.unit) ? { Unit: metric.unit } : {}),
  };
}

/** Which words there are is for the API to say. */
function isUnit(text: string | undefined): text is StandardUnit {
  return text !== undefined && text !== "";
}

function isComparison(text: string): text is ComparisonOperator {
  return text !== "";
}

function isPlain(statistic: string): statistic is Statistic {
  return /^(SampleCount|Average|Sum|Minimum|Maximum)$/.test(statistic);
}

function apiQuery({ id, metric, expression, label, periodSeconds, returnData }: MetricQuery): MetricDataQuery {
  const stat =
    metric === undefined
      ? undefined
      : {
          Metric: {
            Namespace: metric.namespace,
            MetricName: metric.metric,
            Dimensions: apiDimensions(metric.dimensions),
          },
          Period: metric.periodSeconds,
          Stat: metric.statistic,
          ...(isUnit(metric.unit) ? { Unit: metric.unit } : {}),
        };
  return {
    Id: id,
    MetricStat: stat,
    Expression: expression,
    Label: label,
    Period: periodSeconds,
    ReturnData: returnData ?? true,
  };
}
