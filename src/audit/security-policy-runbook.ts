import { createListener, listenerPort, mainListener } from "./listeners.ts";
import { CURRENT_POLICIES, FORMER_POLICIES } from "./security-policies.ts";
import { fail, isBalanced, judge, type Rule } from "./rule.ts";

const RUNBOOK = "ELBSecurityPolicy-2016-08";

/** The runbook's TLS policy, or a stricter one: what is older lets in what nobody should speak. */
export const securityPolicyRunbook: Rule = {
  id: "security-policy-runbook",
  title: "TLS policy, as the runbook has it",
  seed: "Create Load Balancer: Security Policy: 2016-08",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const expected = `${RUNBOOK}, or a stricter one`;
    const balancer = await loadBalancer();
    const listener = mainListener(balancer, expect);
    if (listener === undefined)
      return fail(expected, `no HTTPS listener on port ${listenerPort(expect)}`, createListener(balancer, expect));
    const policy = listener.sslPolicy ?? "none";
    const accepted = new Set([RUNBOOK, ...CURRENT_POLICIES, ...FORMER_POLICIES, ...(expect.securityPolicies ?? [])]);
    return judge(
      accepted.has(policy),
      expected,
      policy,
      `aws elbv2 modify-listener --listener-arn ${listener.arn} --ssl-policy ${CURRENT_POLICIES[0]}`,
    );
  },
};
