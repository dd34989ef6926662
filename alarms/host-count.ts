import type { AlarmFamily } from "../src/domain/index.ts";
import type { AlarmSpec, BalancerSubject, Correction } from "./alarm.ts";
import { ELB, idsOf, metricDraft, overridden, type Thresholds } from "./draft.ts";
import { perGroupNames } from "./names.ts";

/** Host counts are published under {TargetGroup, LoadBalancer} only: one alarm for each target group. */
export function perTargetGroup(
  family: AlarmFamily,
  metric: string,
  balancer: BalancerSubject,
  numbers: Thresholds,
  description: string,
  corrections: readonly Correction[],
): AlarmSpec[] {
  return balancer.targetGroups.map((group) => ({
    family,
    identity: `${family}:${balancer.suffix}:${group.suffix}`,
    names: perGroupNames(balancer.name, metric, group.name, balancer.targetGroups.length),
    deployments: idsOf(balancer),
    service: "ELB",
    draft: metricDraft(
      {
        namespace: ELB,
        metric,
        dimensions: [
          { name: "LoadBalancer", value: balancer.suffix },
          { name: "TargetGroup", value: group.suffix },
        ],
      },
      overridden(numbers, balancer.overrides[family]),
      description,
    ),
    corrections,
    presence: "wanted",
  }));
}
