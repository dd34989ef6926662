import type { AlarmDefinition, AlarmFamily, Dimension } from "../src/domain/index.ts";
import type { BalancerSubject } from "./alarm.ts";
import type { Lint } from "./lint.ts";

/** Metrics that a load balancer publishes per target group only, and those that it publishes for itself only. */
const PER_GROUP = /^(Un)?HealthyHostCount$/;
const PER_BALANCER = /^HTTPCode_ELB_/;
/** What the ELB's metrics are ever published under. */
const DIMENSIONS = new Set(["LoadBalancer", "TargetGroup", "AvailabilityZone"]);

/** Why an alarm's threshold can never be met, if so. `family` where the alarm is one of ours. */
export function neverFires(definition: AlarmDefinition, family?: AlarmFamily): Lint[] {
  if (definition.kind !== "metric" || definition.threshold === undefined) return [];
  const { comparison, threshold, name, metric: stat } = definition;
  const never = (message: string): Lint[] => [{ rule: "never-fires", alarm: name, message }];
  const above = (limit: number): boolean =>
    (comparison === "GreaterThanOrEqualToThreshold" && threshold > limit) ||
    (comparison === "GreaterThanThreshold" && threshold >= limit);
  const isPercent = family === "target-5xx-ratio" || stat?.metric === "CPUUtilization";
  if (isPercent && above(100)) return never(`a share is never above 100 per cent, so ${threshold} can never be met`);
  if (stat === undefined) return [];
  // Error counts are published only when not zero, and Maximum, Minimum and Average of them are always 1.
  const alwaysOne = /^HTTPCode_.*_Count$/.test(stat.metric) || stat.metric === "Errors";
  if (alwaysOne && ["Maximum", "Minimum", "Average"].includes(stat.statistic) && above(1))
    return never(
      `${stat.statistic} of ${stat.metric} is never above 1, so a threshold of ${threshold} can never be met: use Sum`,
    );
  const below =
    (comparison === "LessThanThreshold" && threshold <= 0) ||
    (comparison === "LessThanOrEqualToThreshold" && threshold < 0);
  if (below && stat.namespace.startsWith("AWS/"))
    return never(`${stat.metric} is never below 0, so a threshold of ${threshold} can never be met`);
  return [];
}

/** Why there can be no series under these dimensions of the ELB's, if so. */
export function neverExists(
  alarm: string,
  { metric, dimensions }: { readonly metric: string; readonly dimensions: readonly Dimension[] },
  balancers: readonly BalancerSubject[],
): Lint[] {
  const never = (message: string): Lint[] => [{ rule: "dimensions-never-exist", alarm, message }];
  const valueOf = (name: string): string | undefined => dimensions.find((one) => one.name === name)?.value;
  const value = valueOf("LoadBalancer") ?? "";
  if (balancers.some((one) => one.name === value))
    return never(`LoadBalancer=${value} matches no series: the dimension holds the ARN's suffix, app/${value}/<id>`);
  const strange = dimensions.find((one) => !DIMENSIONS.has(one.name));
  if (strange !== undefined) return never(`${metric} has no dimension ${strange.name}: the alarm never gets data`);
  const group = valueOf("TargetGroup");
  if (group === undefined)
    return PER_GROUP.test(metric)
      ? never(
          `${metric} is published per target group only: without the dimension TargetGroup the alarm never gets data`,
        )
      : [];
  if (PER_BALANCER.test(metric))
    return never(
      `${metric} is the load balancer's own and never published per target group: with the dimension TargetGroup the alarm never gets data`,
    );
  const balancer = balancers.find((one) => one.suffix === value);
  if (balancer !== undefined && !balancer.targetGroups.some((one) => one.suffix === group))
    return never(`TargetGroup=${group} is not behind ${balancer.name}: the alarm never gets data`);
  return [];
}
