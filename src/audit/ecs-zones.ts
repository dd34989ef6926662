import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** Spot capacity is by zone: with one zone, its shortage is the service's. */
export const ecsZones: Rule = {
  id: "ecs-zones",
  title: "instances in several zones",
  seed: "Network: in most cases, it's better to choose all the available subnetworks",
  scanner: "autoscaling_group_multiple_az",
  applies: (deployment) => isOnEcs(deployment) && deployment.kind === "production",
  async check({ ecs }) {
    const groups = (await ecs()).capacityProviders.flatMap(({ group }) => (group === undefined ? [] : [group]));
    const single = groups.filter(({ zones }) => new Set(zones).size < 2);
    return judge(
      groups.length > 0 && single.length === 0,
      "at least 2 zones in each Auto Scaling group",
      groups.length === 0
        ? "no Auto Scaling group to look at"
        : named(groups.map((one) => `${one.name}: ${named(one.zones)}`)),
      single.length === 0
        ? "give the service a capacity provider with an Auto Scaling group"
        : single
            .map(
              ({ name }) =>
                `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --vpc-zone-identifier with the subnets of several zones`,
            )
            .join("\n"),
    );
  },
};
