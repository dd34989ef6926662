import { createListener, listenerPort, mainListener } from "./listeners.ts";
import { CURRENT_POLICIES } from "./security-policies.ts";
import { fail, isBalanced, judge, type Rule } from "./rule.ts";

/** What scanners ask for today: no TLS below 1.2. The runbook's own 2016-08 fails here, and says so. */
export const securityPolicyToday: Rule = {
  id: "security-policy-today",
  title: "TLS policy, as it is recommended today",
  seed: "Create Load Balancer: Security Policy: 2016-08 (which speaks TLS 1.0 and 1.1, and is rejected by scanners today)",
  scanner: "elbv2_insecure_ssl_ciphers",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const accepted = expect.securityPolicies ?? CURRENT_POLICIES;
    const expected = `TLS 1.2 or newer alone: ${accepted[0]} or alike`;
    const balancer = await loadBalancer();
    const listener = mainListener(balancer, expect);
    if (listener === undefined)
      return fail(expected, `no HTTPS listener on port ${listenerPort(expect)}`, createListener(balancer, expect));
    const policy = listener.sslPolicy ?? "none";
    return judge(
      accepted.some((one) => one === policy),
      expected,
      policy,
      `aws elbv2 modify-listener --listener-arn ${listener.arn} --ssl-policy ${accepted[0]}`,
    );
  },
};
