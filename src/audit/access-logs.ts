import type { LoadBalancerConfig } from "../domain/index.ts";
import { isBalanced, judge, type Rule } from "./rule.ts";

/** The bucket that the load balancer writes its access logs to, with the prefix; `undefined`: it writes none. */
export function logPlace({
  attributes,
}: LoadBalancerConfig): { readonly bucket: string; readonly prefix: string } | undefined {
  const bucket = attributes["access_logs.s3.bucket"] ?? "";
  if (attributes["access_logs.s3.enabled"] !== "true" || bucket === "") return undefined;
  return { bucket, prefix: attributes["access_logs.s3.prefix"] ?? "" };
}

/** How access logs are switched on. */
export function enableLogs({ arn, name }: LoadBalancerConfig): string {
  return `aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${arn} --attributes Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=${name}-logs`;
}

/** Every request leaves a line in S3. */
export const accessLogs: Rule = {
  id: "access-logs",
  title: "access logs of the load balancer",
  seed: "Enable load balancer access logs; S3 access logs are enabled",
  scanner: "elbv2_logging_enabled",
  applies: isBalanced,
  async check({ loadBalancer }) {
    const balancer = await loadBalancer();
    const logs = logPlace(balancer);
    return judge(
      logs !== undefined,
      "on",
      logs === undefined ? "off" : `s3://${logs.bucket}/${logs.prefix}`,
      enableLogs(balancer),
    );
  },
};
