import type { CloudOperation } from "../src/domain/index.ts";

/** What an API takes from one account and region: a steady rate, and how many at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Rates that AWS documents (alarms 3/s, DescribeAlarms 9/s, tags 10 and 20/s, ELBv2 a bucket of 40); the rest kept well below what it does. */
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
  "elasticloadbalancing:DescribeLoadBalancers": { perSecond: 10, burst: 20 },
  "elasticloadbalancing:DescribeTargetGroups": { perSecond: 10, burst: 20 },
};

/** For operations without a documented rate. */
const ELSE: Rate = { perSecond: 10, burst: 1 };

/** Share of the allowed rate that is used: leaves room for requests that drift together on their way. */
export const SHARE = 0.98;

/** The rate of an operation, before {@link SHARE}. */
export function rateOf(operation: CloudOperation): Rate {
  return DOCUMENTED[operation] ?? ELSE;
}
