import { isBalanced, judge, type Rule } from "./rule.ts";

const ATTRIBUTE = "deletion_protection.enabled";

/** A slip of the hand must not take away the address that users have. */
export const deletionProtection: Rule = {
  id: "deletion-protection",
  title: "deletion protection of the load balancer",
  seed: "We should be able to add more cores without them having to change their connectionURI: the address must not be lost",
  scanner: "elbv2_deletion_protection",
  applies: isBalanced,
  async check({ loadBalancer }) {
    const { attributes, arn } = await loadBalancer();
    return judge(
      attributes[ATTRIBUTE] === "true",
      "on",
      attributes[ATTRIBUTE] === undefined ? "not told" : attributes[ATTRIBUTE] === "true" ? "on" : "off",
      `aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${arn} --attributes Key=${ATTRIBUTE},Value=true`,
    );
  },
};
