import { isBalanced, type Rule } from "./rule.ts";
import { judgeTargetGroups, modifyTargetGroup } from "./target-groups.ts";

/** After how many answers a target is taken in, and after how many misses it is left out. */
export const healthCheckThresholds: Rule = {
  id: "health-check-thresholds",
  title: "thresholds of the health check",
  seed: "Create Target Group: Healthy threshold: 5, Unhealthy threshold: 2",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const healthy = expect.healthyThreshold ?? 5;
    const unhealthy = expect.unhealthyThreshold ?? 2;
    return judgeTargetGroups(
      await loadBalancer(),
      `healthy after ${healthy}, unhealthy after ${unhealthy}`,
      ({ healthCheck }) =>
        `healthy after ${healthCheck.healthyThreshold}, unhealthy after ${healthCheck.unhealthyThreshold}`,
      ({ healthCheck }) => healthCheck.healthyThreshold === healthy && healthCheck.unhealthyThreshold === unhealthy,
      (group) =>
        modifyTargetGroup(group, `--healthy-threshold-count ${healthy} --unhealthy-threshold-count ${unhealthy}`),
    );
  },
};
