import { isBalanced, judge, named, type Rule } from "./rule.ts";

/** The runbook's four groups. */
const RUNBOOK = ["default", "ping-ssh", "supertokens-nginx-port", "ec2-internal-team-access"];

/** Who may reach the load balancer. */
export const securityGroups: Rule = {
  id: "security-groups",
  title: "security groups of the load balancer",
  seed: "Create Load Balancer: Security Groups: default, ping-ssh, supertokens-nginx-port, ec2-internal-team-access",
  applies: isBalanced,
  async check({ loadBalancer, expect, cloud, place }) {
    const wanted = expect.securityGroups ?? RUNBOOK;
    const { securityGroupIds, arn } = await loadBalancer();
    const known = await cloud.securityGroups(securityGroupIds, place);
    const names = securityGroupIds.map((id) => known.get(id) ?? id);
    const missing = wanted.filter((name) => !names.includes(name));
    return judge(
      missing.length === 0,
      named(wanted, 9),
      missing.length === 0 ? named(names, 9) : `${named(names, 9)}; without ${named(missing, 9)}`,
      `aws elbv2 set-security-groups --load-balancer-arn ${arn} --security-groups with the ids of those there and of ${named(missing, 9)}`,
    );
  },
};
