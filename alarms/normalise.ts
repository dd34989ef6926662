import type { AlarmDefinition, Dimension, MetricQuery, MetricStat } from "../src/domain/index.ts";
import { canonical, shortHash } from "./hash.ts";

/** A definition as named, comparable values: the API's field names, defaults filled in, what has no order in order. */
export type Fields = Readonly<Record<string, unknown>>;

/** One field that differs. */
export interface FieldChange {
  readonly name: string;
  /** `null` where there is none. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Both sides of a comparison go through here, whether they come from a family or from DescribeAlarms. */
export function normalise(definition: AlarmDefinition): Fields {
  const common = {
    AlarmDescription: definition.description,
    ActionsEnabled: definition.actionsEnabled,
    AlarmActions: inOrder(definition.alarmActions),
    OKActions: inOrder(definition.okActions),
    InsufficientDataActions: inOrder(definition.insufficientDataActions),
    ...definition.others,
  };
  if (definition.kind === "other") return common;
  if (definition.kind === "composite") return { ...common, AlarmRule: definition.rule.trim() };
  const { metric, queries, evaluateLowSampleCountPercentile: lowSamples } = definition;
  return {
    ...common,
    ...(metric === undefined ? {} : series(metric)),
    ...(queries === undefined || queries.length === 0
      ? {}
      : { Metrics: queries.map(query).sort((a, b) => (a.Id < b.Id ? -1 : 1)) }),
    ComparisonOperator: definition.comparison,
    Threshold: definition.threshold ?? null,
    EvaluationPeriods: definition.evaluationPeriods,
    DatapointsToAlarm: definition.datapointsToAlarm ?? definition.evaluationPeriods,
    TreatMissingData: definition.treatMissingData ?? "missing",
    ...(lowSamples === undefined || lowSamples === "evaluate" ? {} : { EvaluateLowSampleCountPercentile: lowSamples }),
  };
}

function series({ namespace, metric, dimensions, statistic, periodSeconds, unit }: MetricStat) {
  return {
    Namespace: namespace,
    MetricName: metric,
    Dimensions: dimensionText(dimensions),
    Statistic: statistic,
    Period: periodSeconds,
    ...(unit === undefined ? {} : { Unit: unit }),
  };
}

function query({ id, metric, expression, label, periodSeconds, returnData }: MetricQuery) {
  return {
    Id: id,
    ...(expression === undefined ? {} : { Expression: expression }),
    ...(metric === undefined ? {} : { MetricStat: series(metric) }),
    ...(label === undefined || label === "" ? {} : { Label: label }),
    ...(periodSeconds === undefined ? {} : { Period: periodSeconds }),
    ReturnData: returnData ?? true,
  };
}

/** `LoadBalancer=app/a/1, TargetGroup=targetgroup/b/2`, by name. */
export function dimensionText(dimensions: readonly Dimension[]): string {
  return dimensions
    .map(({ name, value }) => `${name}=${value}`)
    .sort()
    .join(", ");
}

function inOrder(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}

/** Fields that differ, in the order of `after`, then those that only `before` has. */
export function diffFields(before: Fields | undefined, after: Fields | undefined): FieldChange[] {
  const names = new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})]);
  return [...names].flatMap((name) => {
    const [old, now] = [before?.[name] ?? null, after?.[name] ?? null];
    return canonical(old) === canonical(now) ? [] : [{ name, before: old, after: now }];
  });
}

/** Fingerprint of a definition, for the tag that tells edits by hand from changes of the inventory. */
export function definitionHash(fields: Fields): string {
  return shortHash(fields);
}
