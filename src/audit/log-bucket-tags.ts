import { judgeLogBucket } from "./log-bucket.ts";
import { isBalanced, judge, type Rule } from "./rule.ts";
import { tagText, tagTroubles } from "./tags.ts";

/** The three Vanta tags; the owner's address is the company's, so any value is taken unless fleet.yaml names one. */
export const logBucketTags: Rule = {
  id: "log-bucket-tags",
  title: "tags of the log bucket",
  seed: "Add tags for the bucket: VantaContainsUserData: true, VantaDescription: store {{name}} loadbalancer logs, VantaOwner",
  applies: isBalanced,
  async check(context) {
    const { name: balancer } = await context.loadBalancer();
    const wanted = context.expect.bucketTags ?? {
      VantaContainsUserData: "true",
      VantaDescription: `store ${balancer} loadbalancer logs`,
      VantaOwner: "*",
    };
    return judgeLogBucket(context, tagText(wanted), ({ name, tags }) => {
      const troubles = tagTroubles(wanted, tags);
      const all = { ...tags, ...Object.fromEntries(Object.entries(wanted).filter(([key]) => wanted[key] !== "*")) };
      const set = Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
      return judge(
        troubles.length === 0,
        tagText(wanted),
        troubles.length === 0 ? `${name}: all there` : `${name}: ${troubles.join(", ")}`,
        `aws s3api put-bucket-tagging --bucket ${name} --tagging '${JSON.stringify({ TagSet: set })}' (which replaces all tags: those there stand in it${wanted["VantaOwner"] === "*" && tags["VantaOwner"] === undefined ? "; add VantaOwner" : ""})`,
      );
    });
  },
};
