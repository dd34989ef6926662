import { isBalanced, judge, named, type Rule } from "./rule.ts";
import { registeredPlaces } from "./spread.ts";

/** One zone that goes must not take the app with it. */
export const spreadZones: Rule = {
  id: "spread-zones",
  title: "cores in several zones",
  seed: "Should span across multiple ec2 instances",
  scanner: "elbv2_is_in_multiple_az",
  applies: (deployment) => isBalanced(deployment) && deployment.kind === "production",
  async check(context) {
    const zones = new Set((await registeredPlaces(context)).map(({ zone }) => zone).filter((zone) => zone !== ""));
    return judge(
      zones.size >= 2,
      "cores in at least 2 zones",
      `${zones.size}: ${named([...zones])}`,
      "start an instance with a core in a subnet of another zone, and register it with the target group",
    );
  },
};
