import type { AlarmEvent, AlarmFamily, AlarmRecord, Deployment, Fleet, ObservedAlarm } from "../src/domain/index.ts";
import { ALARM_FAMILIES } from "../src/domain/index.ts";
import { FAMILIES } from "./index.ts";
import { arnParts, balancerSuffix } from "./names.ts";

/** What an alarm is about. */
export interface ReceivedAlarm {
  readonly event: AlarmEvent;
  /** `null`: an alarm of no family, on a load balancer of the fleet nevertheless. */
  readonly family: AlarmFamily | null;
  /** The deployments whose incidents it joins; empty for drills and for the alarm on corewatch itself. */
  readonly deployments: readonly string[];
}

/** Families by the metric that they look at, for alarms that others made. */
const BY_METRIC: Readonly<Record<string, AlarmFamily>> = {
  "AWS/ApplicationELB HTTPCode_ELB_5XX_Count": "elb-5xx",
  "AWS/ApplicationELB TargetResponseTime": "target-response-time",
  "AWS/ApplicationELB UnHealthyHostCount": "unhealthy-hosts",
  "AWS/ApplicationELB HealthyHostCount": "healthy-hosts",
  "AWS/RDS FreeableMemory": "rds-freeable-memory",
  "AWS/RDS FreeStorageSpace": "rds-free-storage",
  "AWS/RDS CPUUtilization": "rds-cpu",
  "AWS/RDS ReadIOPS": "rds-read-iops",
  "AWS/Lambda Errors": "lambda-errors",
};

/**
 * Which family and deployments a received alarm belongs to: by the record of what corewatch made, else by its metric and
 * dimensions, so that alarms made by hand join their deployment's incident too. `undefined`: it is not about the fleet.
 */
export function matchAlarm(event: AlarmEvent, fleet: Fleet, record: AlarmRecord): ReceivedAlarm | undefined {
  const item = record.items.find(
    (one) =>
      one.kind === "alarm" && one.name === event.name && one.account === event.account && one.region === event.region,
  );
  const family = item === undefined ? undefined : familyOf(item.identity);
  if (item !== undefined && family !== undefined)
    return { event, family, deployments: deploymentsOf(item.identity.slice(family.length + 1), family, event, fleet) };
  return byMetric(event, fleet);
}

/** The family that an identity (`unhealthy-hosts:app/…`) begins with. */
export function familyOf(identity: string): AlarmFamily | undefined {
  return ALARM_FAMILIES.find((one) => identity.startsWith(`${one}:`));
}

function deploymentsOf(rest: string, family: AlarmFamily, event: AlarmEvent, fleet: Fleet): string[] {
  if (family === "drill" || family === "dead-man") return [];
  if (family === "deployment") {
    const id = rest.slice(rest.indexOf(":") + 1);
    return fleet.deployments.filter((one) => one.id === id).map((one) => one.id);
  }
  if (family.startsWith("rds-") || family.startsWith("lambda-")) return ofResource(rest, family, fleet);
  const suffix = rest.split(":")[0] ?? "";
  return behind(suffix, event, fleet).map((one) => one.id);
}

function byMetric(event: AlarmEvent, fleet: Fleet): ReceivedAlarm | undefined {
  if (event.metric === null) return undefined;
  const { namespace, metric, dimensions } = event.metric;
  const family = BY_METRIC[`${namespace} ${metric}`] ?? null;
  const value = (name: string): string | undefined => dimensions.find((one) => one.name === name)?.value;
  const balancer = value("LoadBalancer");
  const deployments =
    balancer !== undefined
      ? behind(balancer, event, fleet).map((one) => one.id)
      : ofResource(value("DBInstanceIdentifier") ?? value("FunctionName") ?? "", family ?? "elb-5xx", fleet);
  return deployments.length === 0 ? undefined : { event, family, deployments };
}

/** Deployments behind a load balancer: by ARN suffix (`app/name/id`), or by the plain name that it holds. */
function behind(suffix: string, event: AlarmEvent, fleet: Fleet): Deployment[] {
  const name = suffix.includes("/") ? (suffix.split("/")[1] ?? "") : suffix;
  return fleet.deployments.filter(({ loadBalancer, region, roleArn }) => {
    if (loadBalancer === undefined) return false;
    if ((region ?? fleet.region ?? event.region) !== event.region) return false;
    if (roleArn !== undefined && arnParts(roleArn).account !== event.account) return false;
    return loadBalancer.startsWith("arn:") ? balancerSuffix(loadBalancer) === suffix : loadBalancer === name;
  });
}

function ofResource(name: string, family: AlarmFamily, fleet: Fleet): string[] {
  const kind = family.startsWith("lambda-") ? "lambda" : "rds";
  const found = fleet.alarms?.resources?.filter((one) => one.kind === kind && one.name === name) ?? [];
  return found.flatMap((one) => one.deployments);
}

/** The alarm as a sentence of an incident's evidence. */
export function evidenceOf({ event, family }: ReceivedAlarm): string {
  const meaning = family === null ? event.reason.slice(0, 200) : FAMILIES[family].tells;
  return `CloudWatch alarm "${event.name}" is in ${event.state}. ${meaning}`;
}

/** An alarm's state as an event, where it is polled for want of an ingress. */
export function eventOf({ arn, definition, state, stateReason, stateAt }: ObservedAlarm): AlarmEvent {
  const { account, region } = arnParts(arn);
  const source = definition.kind === "metric" ? definition.metric : undefined;
  return {
    arn,
    account,
    region,
    name: definition.name,
    state,
    previous: null,
    reason: stateReason,
    at: stateAt,
    metric:
      source === undefined
        ? null
        : { namespace: source.namespace, metric: source.metric, dimensions: source.dimensions },
    via: "poll",
  };
}
