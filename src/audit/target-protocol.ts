import { isBalanced, type Rule } from "./rule.ts";
import { judgeTargetGroups, newTargetGroup } from "./target-groups.ts";

/** How the load balancer speaks to the cores: HTTPS to port 3567, where nginx stands in front of each core. */
export const targetProtocol: Rule = {
  id: "target-protocol",
  title: "protocol and port of the target groups",
  seed: "Create Target Group: Protocol: HTTPS: 3567, Protocol Version: HTTP1",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const protocol = expect.protocol ?? "HTTPS";
    const port = expect.port ?? 3567;
    const version = expect.protocolVersion ?? "HTTP1";
    return judgeTargetGroups(
      await loadBalancer(),
      `${protocol}:${port}, ${version}`,
      (group) => `${group.protocol}:${group.port}, ${group.protocolVersion}`,
      (group) => group.protocol === protocol && group.port === port && group.protocolVersion === version,
      (group) => newTargetGroup(group, `--protocol ${protocol} --port ${port} --protocol-version ${version}`),
    );
  },
};
