import { judgeLogBucket } from "./log-bucket.ts";
import { isBalanced, judge, named, type Rule } from "./rule.ts";

/** Logs that are never deleted cost more each month, and hold users' addresses for ever. */
export const logBucketLifecycle: Rule = {
  id: "log-bucket-lifecycle",
  title: "lifecycle of the log bucket",
  seed: "I would recommend configuring logs deletion from S3 bucket after a specified period",
  scanner: "s3_bucket_lifecycle_enabled",
  applies: isBalanced,
  check: (context) =>
    judgeLogBucket(context, "a rule that deletes old logs", ({ name, lifecycle }) =>
      judge(
        lifecycle.some((rule) => rule.startsWith("expire")),
        "a rule that deletes old logs",
        `${name}: ${named(lifecycle)}`,
        `aws s3api put-bucket-lifecycle-configuration --bucket ${name} --lifecycle-configuration '{"Rules":[{"ID":"expire-logs","Status":"Enabled","Filter":{},"Expiration":{"Days":90},"NoncurrentVersionExpiration":{"NoncurrentDays":30}}]}'${lifecycle.length === 0 ? "" : " (which replaces all rules: add those there that are to stay)"}`,
      ),
    ),
};
