import type { ObservedAlarm, ObservedTopic, Tags } from "./alarms.ts";
import type {
  AcmCertificate,
  DistributionFacts,
  DnsRecord,
  EcsServiceFacts,
  InstanceFacts,
  LoadBalancerConfig,
  LogBucket,
} from "./audit-facts.ts";
import type { CloudPlace } from "./ports.ts";

/**
 * Reads what the checklist asks of AWS. Every method reads all of it or throws CloudError (`not-found` where the thing is
 * surely not there); failing to read is never absence. Answers are kept for the length of one audit, and calls are paced.
 */
export interface AuditCloud {
  /** @throws CloudError */
  region(place: CloudPlace): Promise<string>;
  loadBalancer(nameOrArn: string, place: CloudPlace): Promise<LoadBalancerConfig>;
  /** Zones of the region that are available. */
  zones(place: CloudPlace): Promise<readonly string[]>;
  /** Names by id. */
  securityGroups(ids: readonly string[], place: CloudPlace): Promise<ReadonlyMap<string, string>>;
  certificate(arn: string, place: CloudPlace): Promise<AcmCertificate>;
  bucket(name: string, place: CloudPlace): Promise<LogBucket>;
  /**
   * Epoch ms of the newest access log below the prefix (which ends with `AWSLogs/`), looked for within the last `days`;
   * `undefined`: none. With a load balancer's ARN, of its own logs alone: other balancers may write to the same bucket.
   */
  newestLogObject(
    bucket: string,
    prefix: string,
    days: number,
    place: CloudPlace,
    balancerArn?: string,
  ): Promise<number | undefined>;
  /** Records of this name in the hosted zones of the account. */
  records(name: string, place: CloudPlace): Promise<readonly DnsRecord[]>;
  /** Those of the ids that exist. */
  instances(ids: readonly string[], place: CloudPlace): Promise<readonly InstanceFacts[]>;
  /** Running instances with these tags. */
  instancesTagged(tags: Tags, place: CloudPlace): Promise<readonly InstanceFacts[]>;
  /** Every public address that the account has now: of instances, and elastic ones. */
  ownAddresses(place: CloudPlace): Promise<ReadonlySet<string>>;
  ecsService(cluster: string, service: string, place: CloudPlace): Promise<EcsServiceFacts>;
  /** Of all. */
  distributions(place: CloudPlace): Promise<readonly DistributionFacts[]>;
  /** Days of retention; `undefined`: for ever. */
  logRetention(group: string, place: CloudPlace): Promise<number | undefined>;
  /** All alarms of the place. */
  alarms(place: CloudPlace): Promise<readonly ObservedAlarm[]>;
  /** `undefined`: there is no such topic. */
  topic(arn: string, place: CloudPlace): Promise<ObservedTopic | undefined>;
}

/** Rows of the hosted fleet's control database, as the checklist and the inventory need them. */
export interface ControlDatabaseReader {
  /** Ids in `apps_with_load_balancer`. @throws Error with a sentence */
  appsWithLoadBalancer(database: string): Promise<ReadonlySet<string>>;
}
