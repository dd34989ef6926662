import { isBalanced, judge, named, type Rule } from "./rule.ts";

/** A zone that is not enabled takes its targets out of use, and its loss cannot be survived elsewhere. */
export const loadBalancerZones: Rule = {
  id: "load-balancer-zones",
  title: "zones of the load balancer",
  seed: "Create Load Balancer: Availability Zones: select all",
  scanner: "elbv2_is_in_multiple_az",
  applies: isBalanced,
  async check({ loadBalancer, cloud, place }) {
    const [{ zones, arn }, all] = await Promise.all([loadBalancer(), cloud.zones(place)]);
    const missing = all.filter((zone) => !zones.includes(zone));
    return judge(
      all.length > 0 && missing.length === 0,
      `all zones of the region: ${named(all, 9)}`,
      missing.length === 0 ? named(zones, 9) : `${named(zones, 9)}; without ${named(missing, 9)}`,
      `aws elbv2 set-subnets --load-balancer-arn ${arn} --subnets with one subnet of each zone, also of ${named(missing, 9)}`,
    );
  },
};
