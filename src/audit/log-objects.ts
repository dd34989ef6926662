import { enableLogs, logPlace } from "./access-logs.ts";
import { fail, isBalanced, judge, type Rule } from "./rule.ts";

const HOUR_MS = 3_600_000;
/** A load balancer writes every five minutes while there is traffic, and health checks of corewatch are traffic. */
const FRESH_MS = HOUR_MS;

/** Access logs that are on and do not arrive (a wrong bucket policy, a KMS key) look the same as ones that do, until they are needed. */
export const logObjects: Rule = {
  id: "log-objects",
  title: "access logs really arrive",
  seed: "S3 access logs are enabled",
  applies: isBalanced,
  async check({ loadBalancer, cloud, place, now }) {
    const expected = "an object of the last hour";
    const balancer = await loadBalancer();
    const logs = logPlace(balancer);
    if (logs === undefined) return fail(expected, "there are no access logs", enableLogs(balancer));
    const prefix = `${logs.prefix === "" ? "" : `${logs.prefix}/`}AWSLogs/`;
    const newest = await cloud.newestLogObject(logs.bucket, prefix, 7, place, balancer.arn);
    const age = newest === undefined ? undefined : now - newest;
    return judge(
      age !== undefined && age <= FRESH_MS,
      expected,
      age === undefined
        ? `nothing below s3://${logs.bucket}/${prefix} of the last seven days`
        : `the newest object is ${Math.max(0, Math.round(age / 60_000))} min old`,
      `the bucket's policy must let the load balancer write: see "Enable access logs for your Application Load Balancer" in AWS's documentation, then look for ELBAccessLogTestFile in s3://${logs.bucket}`,
    );
  },
};
