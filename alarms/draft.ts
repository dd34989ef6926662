import type { AlarmFamily, AlarmOverride, MetricStat } from "../src/domain/index.ts";
import type { BalancerSubject, Correction, MetricDraft } from "./alarm.ts";

/** ELB metrics. */
export const ELB = "AWS/ApplicationELB";

/** Numbers of a static threshold that a deployment may override. */
export interface Thresholds {
  readonly statistic: string;
  readonly periodSeconds: number;
  readonly comparison: string;
  readonly threshold: number;
  /** M of N; the runbook's is 1 of 1. */
  readonly datapointsToAlarm?: number;
  readonly evaluationPeriods?: number;
  readonly treatMissingData: "missing" | "notBreaching" | "breaching" | "ignore";
}

/** A profile's numbers with a deployment's overrides over them. N alone raised or lowered takes M along. */
export function overridden(base: Thresholds, override: AlarmOverride | undefined): Required<Thresholds> {
  const evaluationPeriods = override?.evaluationPeriods ?? base.evaluationPeriods ?? 1;
  const points =
    override?.datapointsToAlarm ?? (override?.evaluationPeriods === undefined ? base.datapointsToAlarm : undefined);
  return {
    statistic: override?.statistic ?? base.statistic,
    periodSeconds: override?.periodSeconds ?? base.periodSeconds,
    comparison: base.comparison,
    threshold: override?.threshold ?? base.threshold,
    evaluationPeriods,
    datapointsToAlarm: Math.min(points ?? evaluationPeriods, evaluationPeriods),
    treatMissingData: override?.treatMissingData ?? base.treatMissingData,
  };
}

/** A metric alarm on one series. */
export function metricDraft(
  source: Omit<MetricStat, "statistic" | "periodSeconds">,
  numbers: Required<Thresholds>,
  description: string,
): MetricDraft {
  const { statistic, periodSeconds, comparison, threshold, evaluationPeriods, datapointsToAlarm, treatMissingData } =
    numbers;
  return {
    kind: "metric",
    description,
    metric: { ...source, statistic, periodSeconds },
    comparison,
    threshold,
    evaluationPeriods,
    datapointsToAlarm,
    treatMissingData,
  };
}

/** The load balancers whose profile has the family and whose deployment did not switch it off. */
export function wanting(
  balancers: readonly BalancerSubject[],
  id: AlarmFamily,
  profiles: readonly string[],
): readonly BalancerSubject[] {
  return balancers.filter((one) => profiles.includes(one.profile) && one.overrides[id]?.enabled !== false);
}

/** Ids of the deployments behind a load balancer. */
export function idsOf(balancer: BalancerSubject): string[] {
  return balancer.deployments.map((one) => one.id);
}

/** What every alarm of the runbook needs to work at all. */
export const DIMENSION_RESOLVED: Correction = {
  rule: "dimension-resolved",
  message: "a load balancer's plain name matches no series: its ARN suffix is used as dimension",
};
/** As above. */
export const OK_ACTION_SET: Correction = {
  rule: "ok-action-set",
  message: "without OKActions nobody hears that it is over: they are set to the same topic",
};

/** That missing data has a meaning. */
export function missingDataSet(what: string, treat: string): Correction {
  return { rule: "missing-data-set", message: `${what}: TreatMissingData is set to ${treat}` };
}
