import { isBalanced, judge, type Rule } from "./rule.ts";
import { tagArguments, tagText, tagTroubles } from "./tags.ts";

/** The load balancer says whose it is: with the tags that fleet.yaml names, or any. */
export const loadBalancerTags: Rule = {
  id: "load-balancer-tags",
  title: "tags of the load balancer",
  seed: "Add Tags for loadbalancer; Tags have been added for the load balancer and S3 access logs bucket",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const { tags, arn } = await loadBalancer();
    const own = Object.keys(tags).filter((key) => !key.startsWith("aws:"));
    const wanted = expect.loadBalancerTags;
    if (wanted === undefined) {
      return judge(
        own.length > 0,
        "at least one tag",
        own.length === 0 ? "none" : tagText(tags),
        `aws elbv2 add-tags --resource-arns ${arn} --tags 'Key=VantaOwner,Value=…' 'Key=VantaDescription,Value=…'`,
      );
    }
    const troubles = tagTroubles(wanted, tags);
    return judge(
      troubles.length === 0,
      tagText(wanted),
      troubles.length === 0 ? tagText(tags) : troubles.join(", "),
      `aws elbv2 add-tags --resource-arns ${arn} --tags ${tagArguments(wanted)}`,
    );
  },
};
