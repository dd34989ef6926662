import { judgeLogBucket } from "./log-bucket.ts";
import { isBalanced, judge, type Rule } from "./rule.ts";

/** Access logs hold addresses of users. */
export const logBucketPublicAccess: Rule = {
  id: "log-bucket-public-access",
  title: "public access to the log bucket",
  seed: "Block public access for the bucket (Permissions -> Block all public access)",
  scanner: "s3_bucket_level_public_access_block",
  applies: isBalanced,
  check: (context) =>
    judgeLogBucket(context, "all of it blocked", ({ name, publicAccessBlocked }) =>
      judge(
        publicAccessBlocked,
        "all of it blocked",
        `${name}: ${publicAccessBlocked ? "all of it blocked" : "not all of it blocked"}`,
        `aws s3api put-public-access-block --bucket ${name} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
      ),
    ),
};
