import { createListener, listenerPort, mainListener } from "./listeners.ts";
import { isBalanced, judge, named, type Rule } from "./rule.ts";

/** The one door that users' back ends have. */
export const httpsListener: Rule = {
  id: "https-listener",
  title: "HTTPS listener",
  seed: "Create Load Balancer: Load Balancer Protocol: HTTPS - 3567",
  scanner: "elbv2_ssl_listeners",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const balancer = await loadBalancer();
    return judge(
      mainListener(balancer, expect) !== undefined,
      `HTTPS on port ${listenerPort(expect)}`,
      named(balancer.listeners.map(({ protocol, port }) => `${protocol}:${port}`)),
      createListener(balancer, expect),
    );
  },
};
