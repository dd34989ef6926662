import { judgeLogBucket } from "./log-bucket.ts";
import { isBalanced, judge, type Rule } from "./rule.ts";

/** What was written can be had again after it was overwritten or deleted. */
export const logBucketVersioning: Rule = {
  id: "log-bucket-versioning",
  title: "versioning of the log bucket",
  seed: "Enable bucket versioning; S3 access logs bucket has versioning and encryption enabled",
  scanner: "s3_bucket_object_versioning",
  applies: isBalanced,
  check: (context) =>
    judgeLogBucket(context, "Enabled", ({ name, versioning }) =>
      judge(
        versioning === "Enabled",
        "Enabled",
        `${name}: ${versioning}`,
        `aws s3api put-bucket-versioning --bucket ${name} --versioning-configuration Status=Enabled`,
      ),
    ),
};
