import type { Input, Json } from "./aws-json.ts";
import { AwsFault } from "./aws-server.ts";
import { parseRule, type CompositeRule, type StateValue } from "./aws-cloudwatch-rule.ts";
import { checkMetric, metricOf, type MetricConfig } from "./aws-cloudwatch-metric.ts";

/** What both kinds of alarm are told at a put; a put overwrites all of it. */
export interface AlarmConfig {
  readonly description: string | undefined;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  readonly metric: MetricConfig | undefined;
  readonly rule: { readonly text: string; readonly parsed: CompositeRule } | undefined;
}

/** An alarm with its state. Times are epoch ms. */
export interface Alarm {
  readonly name: string;
  readonly arn: string;
  config: AlarmConfig;
  configuredAt: number;
  state: StateValue;
  reason: string;
  reasonData: string | undefined;
  stateAt: number;
  /** A mute rule held back the actions of this state. */
  mutedState: StateValue | undefined;
  readonly tags: Map<string, string>;
}

const MAX_ACTIONS = 5;
const MAX_TAGS = 50;
const MAX_NAME = 255;

/** Name and configuration of a PutMetricAlarm. @throws AwsFault */
export function metricAlarmOf(input: Input): { readonly name: string; readonly config: AlarmConfig } {
  const name = nameOf(input);
  const metric = metricOf(input);
  checkMetric(metric);
  return { name, config: { ...commonOf(input), metric, rule: undefined } };
}

/** Name and configuration of a PutCompositeAlarm. @throws AwsFault */
export function compositeAlarmOf(input: Input): { readonly name: string; readonly config: AlarmConfig } {
  const text = input.required("AlarmRule");
  const rule = { text, parsed: parseRule(text) };
  return { name: nameOf(input), config: { ...commonOf(input), metric: undefined, rule } };
}

function nameOf(input: Input): string {
  const name = input.required("AlarmName");
  if (name.length > MAX_NAME) throw invalid(`The alarm name is longer than ${MAX_NAME} characters`);
  return name;
}

function commonOf(input: Input) {
  const actions = (name: string): readonly string[] => {
    const list = input.texts(name) ?? [];
    if (list.length > MAX_ACTIONS) throw invalid(`${name} has more than ${MAX_ACTIONS} members`);
    for (const arn of list) if (!arn.startsWith("arn:")) throw invalid(`Invalid arn syntax: ${arn}`);
    return list;
  };
  const description = input.text("AlarmDescription");
  if (description !== undefined && description.length > 1024)
    throw invalid("AlarmDescription is longer than 1024 characters");
  return {
    description,
    actionsEnabled: input.flag("ActionsEnabled") ?? true,
    okActions: actions("OKActions"),
    alarmActions: actions("AlarmActions"),
    insufficientDataActions: actions("InsufficientDataActions"),
  };
}

/** @throws AwsFault */
export function checkTags(tags: ReadonlyMap<string, string>): void {
  if (tags.size > MAX_TAGS) throw invalid(`A resource has at most ${MAX_TAGS} tags`);
  for (const [key, value] of tags) {
    if (key === "" || key.length > 128 || key.toLowerCase().startsWith("aws:"))
      throw invalid(`The tag key ${key} is not valid`);
    if (value.length > 256) throw invalid(`The value of tag ${key} is longer than 256 characters`);
  }
}

/** As DescribeAlarms tells it: never with tags. */
export function alarmJson(alarm: Alarm): Json {
  const { config } = alarm;
  const common = {
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    AlarmDescription: config.description,
    AlarmConfigurationUpdatedTimestamp: alarm.configuredAt / 1000,
    ActionsEnabled: config.actionsEnabled,
    OKActions: config.okActions,
    AlarmActions: config.alarmActions,
    InsufficientDataActions: config.insufficientDataActions,
    StateValue: alarm.state,
    StateReason: alarm.reason,
    StateReasonData: alarm.reasonData,
    StateUpdatedTimestamp: alarm.stateAt / 1000,
    StateTransitionedTimestamp: alarm.stateAt / 1000,
  };
  const { metric } = config;
  if (metric === undefined) return { ...common, AlarmRule: config.rule?.text };
  const { stat, queries } = metric;
  return {
    ...common,
    MetricName: stat?.metric,
    Namespace: stat?.namespace,
    Statistic: stat?.statistic.startsWith("p") === true ? undefined : stat?.statistic,
    ExtendedStatistic: stat?.statistic.startsWith("p") === true ? stat.statistic : undefined,
    Dimensions: (stat?.dimensions ?? []).map(({ name, value }) => ({ Name: name, Value: value })),
    Period: stat?.period,
    Unit: stat?.unit,
    EvaluationPeriods: metric.evaluationPeriods,
    DatapointsToAlarm: metric.datapointsToAlarm,
    Threshold: metric.threshold,
    ComparisonOperator: metric.comparison,
    TreatMissingData: metric.treatMissingData,
    EvaluateLowSampleCountPercentile: metric.lowSamplePercentile,
    Metrics: queries?.map((query) => query.raw),
  };
}

function invalid(message: string): AwsFault {
  return new AwsFault("ValidationError", message);
}
