import type { LogBucket } from "../domain/index.ts";
import { enableLogs, logPlace } from "./access-logs.ts";
import { fail, type Answer, type AuditContext } from "./rule.ts";

/** Judges the bucket of the access logs; without access logs there is none, and that fails. */
export async function judgeLogBucket(
  { loadBalancer, cloud, place }: AuditContext,
  expected: string,
  judge: (bucket: LogBucket) => Answer,
): Promise<Answer> {
  const balancer = await loadBalancer();
  const logs = logPlace(balancer);
  if (logs === undefined)
    return fail(expected, "there are no access logs, so there is no bucket", enableLogs(balancer));
  return judge(await cloud.bucket(logs.bucket, place));
}
