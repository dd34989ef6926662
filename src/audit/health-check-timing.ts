import { isBalanced, judge, named, type Rule } from "./rule.ts";

/** How long the health check waits and how often it asks: 10 s is the least at which a core whose database is down tells so, after 5 s. */
export const healthCheckTiming: Rule = {
  id: "health-check-timing",
  title: "health check's timeout and interval",
  seed: "Create Target Group: Timeout: 10s, Interval: 30s",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const timeout = expect.healthCheckTimeout ?? 10;
    const interval = expect.healthCheckInterval ?? 30;
    const { targetGroups } = await loadBalancer();
    const off = targetGroups.filter(
      ({ healthCheck: { timeoutSeconds, intervalSeconds } }) =>
        timeoutSeconds !== timeout || intervalSeconds !== interval,
    );
    const said = targetGroups.map(
      ({ name, healthCheck }) => `${name}: ${healthCheck.timeoutSeconds} s, every ${healthCheck.intervalSeconds} s`,
    );
    return judge(
      targetGroups.length > 0 && off.length === 0,
      `timeout ${timeout} s, every ${interval} s`,
      named(said),
      off
        .map(
          ({ arn }) =>
            `aws elbv2 modify-target-group --target-group-arn ${arn} --health-check-timeout-seconds ${timeout} --health-check-interval-seconds ${interval}`,
        )
        .join("\n") || "create a target group and forward the listener to it",
    );
  },
};
