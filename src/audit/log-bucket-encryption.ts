import { judgeLogBucket } from "./log-bucket.ts";
import { isBalanced, judge, type Rule } from "./rule.ts";

const EXPECTED = "SSE-S3 (AES256)";

/**
 * The runbook says "default KMS key", and that breaks what it asks for: access logs of a load balancer can be written to
 * buckets with SSE-S3 only (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
 */
export const logBucketEncryption: Rule = {
  id: "log-bucket-encryption",
  title: "encryption of the log bucket",
  seed: "Enable default encryption (Use default KMS key for S3)",
  scanner: "s3_bucket_default_encryption",
  applies: isBalanced,
  check: (context) =>
    judgeLogBucket(context, EXPECTED, ({ name, encryption }) => {
      const isKms = encryption?.startsWith("aws:kms") === true;
      return judge(
        encryption === "AES256",
        EXPECTED,
        isKms
          ? `${name}: ${encryption}, to which a load balancer cannot write its access logs: they support SSE-S3 alone`
          : `${name}: ${encryption ?? "none"}`,
        `aws s3api put-bucket-encryption --bucket ${name} --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'`,
      );
    }),
};
