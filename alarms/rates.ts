import type { CloudOperation } from "../src/domain/index.ts";

/** What an API takes from one account and region: a steady rate, and how many at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * ELBv2 takes 10 Describe calls per second after a burst of 40, whichever they are
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html). A fifth is left to the load
 * balancer checks of the same account.
 */
const BALANCER_READS = "elasticloadbalancing:Describe";
const BALANCERS: Rate = { perSecond: 8, burst: 20 };
/** Route 53 takes 5 calls per second of an account, whichever they are. */
const ROUTE_53: Rate = { perSecond: 5, burst: 1 };

/** Rates that AWS documents (alarms 3/s, DescribeAlarms 9/s, tags 10 and 20/s); the rest kept well below what it does. */
const DOCUMENTED: { readonly [Operation in CloudOperation]?: Rate } = {
  "cloudwatch:PutMetricAlarm": { perSecond: 3, burst: 1 },
  "cloudwatch:PutCompositeAlarm": { perSecond: 3, burst: 1 },
  "cloudwatch:DeleteAlarms": { perSecond: 3, burst: 1 },
  "cloudwatch:SetAlarmState": { perSecond: 3, burst: 1 },
  "cloudwatch:PutAlarmMuteRule": { perSecond: 3, burst: 1 },
  "cloudwatch:DeleteAlarmMuteRule": { perSecond: 3, burst: 1 },
  "cloudwatch:EnableAlarmActions": { perSecond: 3, burst: 1 },
  "cloudwatch:DisableAlarmActions": { perSecond: 3, burst: 1 },
  "cloudwatch:DescribeAlarms": { perSecond: 9, burst: 1 },
  "cloudwatch:ListTagsForResource": { perSecond: 10, burst: 1 },
  "cloudwatch:TagResource": { perSecond: 20, burst: 1 },
  "cloudwatch:UntagResource": { perSecond: 20, burst: 1 },
  // No rate is documented, and the console and CloudFormation live on the same one.
  "autoscaling:DescribeAutoScalingGroups": { perSecond: 5, burst: 1 },
  "autoscaling:DescribeLaunchConfigurations": { perSecond: 5, burst: 1 },
  "cloudfront:ListDistributions": { perSecond: 2, burst: 1 },
  // 10 DescribeCertificate and 10 DescribeLogGroups per second are documented.
  "acm:DescribeCertificate": { perSecond: 8, burst: 1 },
  "logs:DescribeLogGroups": { perSecond: 8, burst: 1 },
};

/** For operations without a documented rate. */
const ELSE: Rate = { perSecond: 10, burst: 1 };

/** Share of the allowed rate that is used: leaves room for requests that drift together on their way. */
export const SHARE = 0.98;

/** The rate of an operation, before {@link SHARE}. */
export function rateOf(operation: CloudOperation): Rate {
  if (operation.startsWith(BALANCER_READS)) return BALANCERS;
  if (operation.startsWith("route53:")) return ROUTE_53;
  return DOCUMENTED[operation] ?? ELSE;
}

/** What shares one rate: an operation alone, all Describe calls of ELBv2, all of Route 53; global services in all regions. */
export function bucketOf(account: string, region: string, operation: CloudOperation): string {
  if (operation.startsWith("route53:")) return `${account} route53`;
  if (operation.startsWith("cloudfront:")) return `${account} ${operation}`;
  return `${account}/${region} ${operation.startsWith(BALANCER_READS) ? BALANCER_READS : operation}`;
}
