import type { AuditCloud, Clock, ObservedAlarm, ObservedTopic } from "../domain/index.ts";
import { createAlarmReader } from "./alarm-reader.ts";
import { certificateReader } from "./audit-acm.ts";
import { distributionReader } from "./audit-cloudfront.ts";
import { instanceReader } from "./audit-ec2.ts";
import { ecsReader } from "./audit-ecs.ts";
import { balancerReader } from "./audit-elbv2.ts";
import { logGroupReader } from "./audit-logs.ts";
import { auditOverrides, auditReach, Memo, type AuditPacer } from "./audit-reach.ts";
import { recordReader } from "./audit-route53.ts";
import { bucketReader } from "./audit-s3.ts";
import type { AwsOverrides } from "./clients.ts";

/** What {@link createAuditCloud} works with. */
export interface AuditCloudOptions {
  readonly clock: Clock;
  readonly pacer: AuditPacer;
  /** Ends the audit. */
  readonly signal: AbortSignal;
}

/**
 * Reads AWS for one audit; what was read is kept for as long as this lives. Each service's SDK is loaded at its first read.
 *
 * Requests of a whole audit in one account and region, in pages of AWS's sizes:
 * - load balancers: L/400 DescribeLoadBalancers, G/400 DescribeTargetGroups for L balancers and G groups of the account, then
 *   for each audited balancer one DescribeLoadBalancerAttributes and one DescribeListeners, one DescribeListenerCertificates
 *   for each HTTPS listener, one DescribeTargetHealth for each target group, and a twentieth of a DescribeTags;
 * - instances: I/1,000 DescribeInstances, whatever is asked of them; one each of DescribeAddresses and
 *   DescribeAvailabilityZones; one DescribeSecurityGroups for each different set of groups;
 * - each bucket: five; each deployment's log objects: one while they arrive, two around midnight UTC;
 * - each hosted zone that is asked about: R/300 ListResourceRecordSets; Z/100 ListHostedZonesByName; D/100 ListDistributions;
 * - one for each certificate and log group; A/100 DescribeAlarms; two for each topic;
 * - each ECS service: see audit-ecs.ts.
 *
 * So 1,000 deployments, each with a load balancer of one HTTPS listener and one target group, are about 4,060 requests to
 * ELBv2, which share one rate and take about nine minutes at 8 a second; the other services are done meanwhile.
 */
export function createAuditCloud(options: AuditCloudOptions & AwsOverrides): AuditCloud {
  const { clock, pacer, signal, ...overrides } = options;
  const reach = auditReach({ clock, pacer, signal }, overrides);
  const alarms = createAlarmReader(auditOverrides(overrides));
  const alarmLists = new Memo<readonly ObservedAlarm[]>();
  const topics = new Memo<ObservedTopic | undefined>();
  const certificates = certificateReader(reach);
  const instances = instanceReader(reach);
  return {
    region: (place) => alarms.region(place),
    ...balancerReader(reach),
    ...instances,
    ...ecsReader(reach, instances),
    ...bucketReader(reach),
    ...recordReader(reach),
    ...distributionReader(reach),
    ...logGroupReader(reach),
    certificate: (arn, place) => certificates.certificate(arn, place),
    alarms: (place) => alarmLists.ask(place, "alarms", () => alarms.alarms(place, reach.callTo(place))),
    topic: (arn, place) => topics.ask(place, arn, () => alarms.topic(place, arn, reach.callTo(place))),
  };
}
