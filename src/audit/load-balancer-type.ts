import { isBalanced, judge, type Rule } from "./rule.ts";

/** Only an application load balancer speaks HTTP: health checks by path, 5XX counts, response times. */
export const loadBalancerType: Rule = {
  id: "load-balancer-type",
  title: "type of the load balancer",
  seed: "Create Load Balancer: Application Load Balancer",
  applies: isBalanced,
  async check({ loadBalancer }) {
    const { type, name } = await loadBalancer();
    return judge(
      type === "application",
      "application",
      type,
      `the type cannot be changed: aws elbv2 create-load-balancer --type application, move the DNS record to it, and delete ${name}`,
    );
  },
};
