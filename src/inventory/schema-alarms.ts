import { z } from "zod";
import { ALARM_PROFILES, type AlarmFamily } from "../domain/index.ts";
import * as leaf from "./leaves.ts";

/** Families on a load balancer and its deployment: what `deployments[].alarms.overrides` may name. */
const BALANCER_FAMILIES = [
  "elb-5xx",
  "target-response-time",
  "unhealthy-hosts",
  "healthy-hosts",
  "target-5xx-ratio",
  "deployment",
] as const satisfies readonly AlarmFamily[];
/** Families on an RDS instance or a Lambda function: what `alarms.resources[].overrides` may name. */
export const RESOURCE_FAMILIES = {
  rds: ["rds-freeable-memory", "rds-free-storage", "rds-cpu", "rds-read-iops"],
  lambda: ["lambda-errors"],
} as const satisfies Readonly<Record<"rds" | "lambda", readonly AlarmFamily[]>>;

const PERIOD = "must be a period that CloudWatch has";
const period = leaf
  .duration("10s", "1d")
  .refine(
    (value) => /^(10|20|30)s$|^\d+[mhd]$/.test(value),
    leaf.say(PERIOD, "10s, 20s, 30s, or whole minutes like 5m"),
  );

const override = z.strictObject({
  enabled: leaf.yesNo().optional().describe("false: no alarm of this family here."),
  threshold: z.number(leaf.say("must be a number", "without quotes")).optional().describe("Threshold."),
  period: period.optional().describe("Length of one data point: 10s, 20s, 30s or whole minutes."),
  evaluationPeriods: leaf.whole(1, 1440).optional().describe("N of M of N: how many data points are looked at."),
  datapointsToAlarm: leaf.whole(1, 1440).optional().describe("M of M of N: how many of them have to breach."),
  statistic: leaf
    .form(
      "a statistic of CloudWatch",
      "Sum, Average, Maximum, Minimum, SampleCount, or a percentile like p99",
      /^(Sum|Average|Maximum|Minimum|SampleCount|IQM|(p|tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?|p100)$/,
    )
    .optional()
    .describe("Sum, Average, Maximum, Minimum, SampleCount, or a percentile like p99."),
  treatMissingData: leaf
    .oneOf(["missing", "notBreaching", "breaching", "ignore"])
    .optional()
    .describe("What a missing data point counts as."),
});

/** One optional block for each family, so that an unknown family is an unknown key. */
function overridesOf(families: readonly AlarmFamily[]) {
  return z.strictObject(
    Object.fromEntries(
      families.map((family) => [family, override.optional().describe(`The alarm ${family}.`)] as const),
    ),
  );
}

const profile = leaf
  .oneOf(ALARM_PROFILES)
  .optional()
  .describe("seed: the runbook's alarms; recommended: percentiles, M of N, ratios, a composite. Default seed.");

/** `deployments[].alarms` */
export const deploymentAlarmsSchema = z.strictObject({
  enabled: leaf.yesNo().optional().describe("false: no alarms for this deployment."),
  profile,
  overrides: overridesOf(BALANCER_FAMILIES).optional().describe("Changes by family of alarm."),
});

const subscription = z.strictObject({
  protocol: leaf.oneOf(["https", "sqs", "email"]).describe("https, sqs or email."),
  endpoint: leaf.text("a URL, the ARN of a queue, or an address").describe("URL, ARN of the queue, or address."),
});

const resource = z.strictObject({
  kind: leaf.oneOf(["rds", "lambda"]).describe("rds or lambda."),
  name: leaf
    .form("the name of an instance or function", "as AWS shows it, without its ARN", /^[A-Za-z0-9-_]{1,140}$/)
    .describe("DB instance identifier, or function name."),
  deployments: z.array(leaf.id()).max(1000).optional().describe("Deployments that depend on it."),
  region: leaf.region().optional().describe("AWS region; the fleet's unless set."),
  roleArn: leaf.role().optional().describe("Role to assume for its AWS account."),
  overrides: overridesOf([...RESOURCE_FAMILIES.rds, ...RESOURCE_FAMILIES.lambda])
    .optional()
    .describe("Changes by family of alarm."),
});

/** Alarms of the whole fleet. */
export const alarmsSchema = z.strictObject({
  profile,
  topic: leaf
    .form(
      "the name of a topic",
      'like "CloudWatchAlarms{{Region}}_ELB"',
      /^([A-Za-z0-9_-]|\{\{(Region|Service)\}\}){1,200}$/,
    )
    .optional()
    .describe("Name of the SNS topic; {{Region}} becomes US_East_1, {{Service}} ELB, RDS or Lambda."),
  autoApply: leaf
    .oneOf(["off", "safe"])
    .optional()
    .describe("safe: the daemon creates and updates, and never deletes. Default off."),
  subscriptions: z.array(subscription).max(100).optional().describe("Who every topic tells, besides the daemon."),
  resources: z.array(resource).max(10_000).optional().describe("RDS instances and Lambda functions to watch."),
  deadMan: leaf
    .yesNo()
    .optional()
    .describe("An alarm for when corewatch itself falls silent. Default: with profile recommended."),
  schedule: leaf
    .cron('six fields, seconds first, like "0 */15 * * * *"')
    .optional()
    .describe("When the daemon looks for drift. Default every 15 minutes."),
  drillSchedule: leaf
    .cron('six fields, seconds first, like "0 0 9 * * 1"')
    .optional()
    .describe("When the daemon drills the path from alarm to Slack; never unless set."),
});
