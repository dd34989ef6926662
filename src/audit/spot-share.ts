import { isOnEcs, judge, named, type Rule } from "./rule.ts";

/** Without any regular instance a shortage of spot takes everything: the article keeps a base of them. */
const DEFAULT_SHARE = 0.8;

/** How much of the group may be taken away at two minutes' notice. */
export const spotShare: Rule = {
  id: "spot-share",
  title: "share of spot instances",
  seed: "We mostly choose 20-80, or sometimes even 0-100 (combined with an on-demand base greater than zero)",
  applies: (deployment) =>
    isOnEcs(deployment) && deployment.kind === "production" && deployment.loadBalancer !== undefined,
  async check({ ecs, expect }) {
    const most = expect.spotShare ?? DEFAULT_SHARE;
    const groups = (await ecs()).capacityProviders.flatMap(({ group }) => (group === undefined ? [] : [group]));
    const shares = groups.map((group) => {
      const regular = Math.min(group.desired, group.onDemandBase);
      const above = group.desired - regular;
      const spot = Math.floor((above * (100 - group.onDemandPercentAboveBase)) / 100);
      return { name: group.name, base: group.onDemandBase, spot: group.desired === 0 ? 0 : spot / group.desired };
    });
    const wrong = shares.filter(({ spot, base }) => spot > most && base === 0);
    return judge(
      groups.length > 0 && wrong.length === 0,
      `at most ${Math.round(most * 100)}% spot, or a base of regular instances`,
      groups.length === 0
        ? "no Auto Scaling group to look at"
        : named(shares.map((one) => `${one.name}: ${Math.round(one.spot * 100)}% spot, base ${one.base}`)),
      "raise OnDemandBaseCapacity or OnDemandPercentageAboveBaseCapacity of the mixed instances policy",
    );
  },
};
