import { isBalanced, type Rule } from "./rule.ts";
import { judgeTargetGroups, modifyTargetGroup } from "./target-groups.ts";

/** Which answers count as healthy: 200 for a core; other services say otherwise (`200-399` for one that redirects). */
export const healthCheckCodes: Rule = {
  id: "health-check-codes",
  title: "success codes of the health check",
  seed: "Create Target Group: Success Codes: 200",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const wanted = expect.successCodes ?? "200";
    return judgeTargetGroups(
      await loadBalancer(),
      wanted,
      ({ healthCheck }) => healthCheck.codes,
      ({ healthCheck }) => healthCheck.codes.replaceAll(" ", "") === wanted.replaceAll(" ", ""),
      (group) => modifyTargetGroup(group, `--matcher HttpCode=${wanted}`),
    );
  },
};
