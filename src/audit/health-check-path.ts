import { isBalanced, type Rule } from "./rule.ts";
import { judgeTargetGroups, modifyTargetGroup } from "./target-groups.ts";

/** A core's own health answer; any other path says little of it. */
export const healthCheckPath: Rule = {
  id: "health-check-path",
  title: "path of the health check",
  seed: "Create Target Group: Health Check Path: /hello",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const wanted = expect.healthCheckPath ?? "/hello";
    return judgeTargetGroups(
      await loadBalancer(),
      wanted,
      ({ healthCheck }) => healthCheck.path,
      ({ healthCheck }) => healthCheck.path === wanted,
      (group) => modifyTargetGroup(group, `--health-check-path ${wanted}`),
    );
  },
};
