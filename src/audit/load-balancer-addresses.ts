import { isBalanced, judge, type Rule } from "./rule.ts";

/** The kind of addresses that the load balancer has. */
export const loadBalancerAddresses: Rule = {
  id: "load-balancer-addresses",
  title: "IP address type of the load balancer",
  seed: "Create Load Balancer: IP address type: ipv4",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const wanted = expect.ipAddressType ?? "ipv4";
    const { ipAddressType, arn } = await loadBalancer();
    return judge(
      ipAddressType === wanted,
      wanted,
      ipAddressType,
      `aws elbv2 set-ip-address-type --load-balancer-arn ${arn} --ip-address-type ${wanted}`,
    );
  },
};
