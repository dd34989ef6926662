import type { LoadBalancerConfig, TargetGroupConfig } from "../domain/index.ts";
import { fail, judge, named, type Answer } from "./rule.ts";

/**
 * Judges every target group of a load balancer by one property. A load balancer without any forwards to nothing: that
 * fails. `fix` gives the call for one group.
 */
export function judgeTargetGroups(
  { name, targetGroups }: LoadBalancerConfig,
  expected: string,
  shown: (group: TargetGroupConfig) => string,
  isRight: (group: TargetGroupConfig) => boolean,
  fix: (group: TargetGroupConfig) => string,
): Answer {
  if (targetGroups.length === 0)
    return fail(
      expected,
      `${name} forwards to no target group`,
      "create a target group, and forward the listener to it",
    );
  const wrong = targetGroups.filter((group) => !isRight(group));
  return judge(
    wrong.length === 0,
    expected,
    named((wrong.length === 0 ? targetGroups : wrong).map((group) => `${group.name}: ${shown(group)}`)),
    wrong.map(fix).join("\n"),
  );
}

/** `aws elbv2 modify-target-group` for one group. */
export function modifyTargetGroup({ arn }: TargetGroupConfig, settings: string): string {
  return `aws elbv2 modify-target-group --target-group-arn ${arn} ${settings}`;
}

/** What only a new target group can have otherwise. */
export function newTargetGroup({ name }: TargetGroupConfig, settings: string): string {
  return `a target group cannot be changed so: aws elbv2 create-target-group --name ${name}-new ${settings}, register the cores with it, forward the listener to it, and delete ${name}`;
}
