import type { LoadBalancerConfig, MetricStat, ObservedAlarm } from "../domain/index.ts";

/** The runbook's three metrics. */
export const RUNBOOK_METRICS = ["HTTPCode_ELB_5XX_Count", "TargetResponseTime", "UnHealthyHostCount"] as const;

const NAMESPACE = "AWS/ApplicationELB";

/** `app/name/id` of an ARN, as CloudWatch's dimensions have it. */
function suffix(arn: string): string {
  return arn.replace(/^.*:(?:loadbalancer\/)?/, "");
}

/** Alarms that watch this metric of this very load balancer, also within metric math: by dimensions, whatever their name. */
export function alarmsOn(
  metric: string,
  { arn }: LoadBalancerConfig,
  alarms: readonly ObservedAlarm[],
): ObservedAlarm[] {
  const dimension = suffix(arn);
  const watches = (stat: MetricStat | undefined): boolean =>
    stat?.namespace === NAMESPACE &&
    stat.metric === metric &&
    stat.dimensions.some(({ name, value }) => name === "LoadBalancer" && value === dimension);
  return alarms.filter(
    ({ definition }) =>
      definition.kind === "metric" &&
      (watches(definition.metric) || definition.queries?.some((query) => watches(query.metric)) === true),
  );
}

/** Target groups that no alarm on UnHealthyHostCount names. */
export function groupsWithout({ targetGroups }: LoadBalancerConfig, alarms: readonly ObservedAlarm[]): string[] {
  const named = new Set(
    alarms.flatMap(({ definition }) =>
      definition.kind === "metric"
        ? [definition.metric, ...(definition.queries ?? []).map((query) => query.metric)]
            .flatMap((stat) => stat?.dimensions ?? [])
            .filter(({ name }) => name === "TargetGroup")
            .map(({ value }) => value)
        : [],
    ),
  );
  return targetGroups.filter(({ arn }) => !named.has(suffix(arn))).map(({ name }) => name);
}
