import { isBalanced, judge, type Rule } from "./rule.ts";

/** Users' back ends call from anywhere. */
export const loadBalancerScheme: Rule = {
  id: "load-balancer-scheme",
  title: "scheme of the load balancer",
  seed: "Create Load Balancer: Scheme: internet-facing",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const wanted = expect.scheme ?? "internet-facing";
    const { scheme, name } = await loadBalancer();
    return judge(
      scheme === wanted,
      wanted,
      scheme,
      `the scheme cannot be changed: aws elbv2 create-load-balancer --scheme ${wanted}, move the DNS record to it, and delete ${name}`,
    );
  },
};
