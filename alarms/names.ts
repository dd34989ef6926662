import type { Service } from "./alarm.ts";

/** The runbook's topic. */
export const DEFAULT_TOPIC = "CloudWatchAlarms{{Region}}_ELB";

/** `us-east-1` → `US_East_1`: the part before the first hyphen in capitals, as the runbook writes regions. */
export function regionTitle(region: string): string {
  return region
    .split("-")
    .map((part, index) => (index === 0 ? part.toUpperCase() : part.charAt(0).toUpperCase() + part.slice(1)))
    .join("_");
}

/**
 * The topic of a service in a region. `{{Region}}` and `{{Service}}` are filled in; a template that ends in `_ELB`, as the
 * runbook's does, ends in `_RDS` or `_Lambda` for those.
 */
export function topicName(template: string | undefined, region: string, service: Service): string {
  const named = (template ?? DEFAULT_TOPIC)
    .replaceAll("{{Region}}", regionTitle(region))
    .replaceAll("{{Service}}", service);
  return named.endsWith("_ELB") ? `${named.slice(0, -"ELB".length)}${service}` : named;
}

/** `true` for what SNS takes as a topic's name. */
export function isTopicName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,256}$/.test(name);
}

/** Dimension value of a load balancer's ARN: what follows `loadbalancer/`. */
export function balancerSuffix(arn: string): string {
  return arn.slice(arn.indexOf(":loadbalancer/") + ":loadbalancer/".length);
}

/** Dimension value of a target group's ARN: from `targetgroup/` on. */
export function targetGroupSuffix(arn: string): string {
  return arn.slice(arn.indexOf(":targetgroup/") + 1);
}

/** The parts of an ARN that say where a thing stands; empty where it has none. */
export function arnParts(arn: string): {
  partition: string;
  service: string;
  region: string;
  account: string;
  rest: string;
} {
  const [, partition = "", service = "", region = "", account = "", ...rest] = arn.split(":");
  return { partition, service, region, account, rest: rest.join(":") };
}

interface Ground {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** ARN of an alarm by its name. */
export function alarmArn({ partition, region, account }: Ground, name: string): string {
  return `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`;
}

/** ARN of a topic by its name. */
export function topicArn({ partition, region, account }: Ground, name: string): string {
  return `arn:${partition}:sns:${region}:${account}:${name}`;
}

/** Which partition a region belongs to. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** What an ALB counts under is its own name; the alarm is named as the runbook says: `{{loadbalancer-name}} ELB <metric>`. */
export function elbAlarmName(balancer: string, metric: string): string {
  return `${balancer} ELB ${metric}`;
}

/**
 * Names of an alarm that stands once per target group: the runbook's where there is one group, with the group's name
 * added where there are several (or where another alarm already has the runbook's).
 */
export function perGroupNames(balancer: string, metric: string, group: string, groups: number): string[] {
  const plain = elbAlarmName(balancer, metric);
  const full = `${plain} ${group}`;
  return groups > 1 ? [full] : [plain, full];
}
