import { isBalanced, type Rule } from "./rule.ts";
import { judgeTargetGroups, newTargetGroup } from "./target-groups.ts";

/** Targets are registered by instance: an instance that is stopped and started keeps its place, an address does not. */
export const targetType: Rule = {
  id: "target-type",
  title: "target type of the target groups",
  seed: "Create Target Group: Choose a target type: Instances",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const wanted = expect.targetType ?? "instance";
    return judgeTargetGroups(
      await loadBalancer(),
      wanted,
      (group) => group.targetType,
      (group) => group.targetType === wanted,
      (group) => newTargetGroup(group, `--target-type ${wanted}`),
    );
  },
};
