import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** A group that rebalances starts the next instance when AWS says that one is at risk, before it is taken. */
export const spotReadiness: Rule = {
  id: "spot-readiness",
  title: "ready for spot interruptions",
  seed: "Spot instances can be shut down at any time: you get the notification two minutes before it happens",
  scanner: "autoscaling_group_capacity_rebalance_enabled",
  applies: isOnEcs,
  async check({ ecs }) {
    const groups = (await ecs()).capacityProviders.flatMap(({ group }) => (group === undefined ? [] : [group]));
    const spot = groups.filter((group) => group.onDemandPercentAboveBase < 100);
    const wrong = spot.filter((group) => !group.capacityRebalance || group.spotAllocation === "lowest-price");
    const troubles = spot.flatMap((group) => [
      ...(group.capacityRebalance ? [] : [`${group.name}: no capacity rebalancing`]),
      ...(group.spotAllocation === "lowest-price"
        ? [`${group.name}: takes the cheapest pools, which are interrupted most`]
        : []),
    ]);
    return judge(
      groups.length > 0 && troubles.length === 0,
      "capacity rebalancing on, allocation by capacity",
      groups.length === 0
        ? "no Auto Scaling group to look at"
        : spot.length === 0
          ? "no spot instances"
          : troubles.length === 0
            ? "both"
            : named(troubles),
      wrong.length === 0
        ? "give the service a capacity provider with an Auto Scaling group"
        : wrong
            .map(
              ({ name }) =>
                `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --capacity-rebalance, with SpotAllocationStrategy price-capacity-optimized in its mixed instances policy`,
            )
            .join("\n"),
    );
  },
};
