import { isBalanced, type Rule } from "./rule.ts";
import { judgeTargetGroups, modifyTargetGroup } from "./target-groups.ts";

/** How long the health check waits, and how often it asks: a core whose database is down takes 5 s to say so, so the time limit must be longer. */
export const healthCheckTiming: Rule = {
  id: "health-check-timing",
  title: "timeout and interval of the health check",
  seed: "Create Target Group: Timeout: 10s, Interval: 30s",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const timeout = expect.healthCheckTimeout ?? 10;
    const interval = expect.healthCheckInterval ?? 30;
    return judgeTargetGroups(
      await loadBalancer(),
      `timeout ${timeout} s, every ${interval} s`,
      ({ healthCheck }) => `timeout ${healthCheck.timeoutSeconds} s, every ${healthCheck.intervalSeconds} s`,
      ({ healthCheck }) => healthCheck.timeoutSeconds === timeout && healthCheck.intervalSeconds === interval,
      (group) =>
        modifyTargetGroup(
          group,
          `--health-check-timeout-seconds ${timeout} --health-check-interval-seconds ${interval}`,
        ),
    );
  },
};
