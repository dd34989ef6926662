import type { ObservedAlarm, ObservedTopic, Tags } from "./alarms.ts";
import type { CloudPlace } from "./ports.ts";

/**
 * The launch checklist. A *rule* asks one thing of one *subject* (a deployment, mostly); a *finding* is its answer, with
 * what was expected, what is there, and the call that mends it. What could not be read is `unknown`, never a pass.
 */

/** Outcome of one rule for one subject. */
export type AuditOutcome = "pass" | "fail" | "unknown" | "waived";

/** One answer of the audit, as it is printed. */
export interface AuditFinding {
  readonly rule: string;
  /** Deployment id, or the id of what else it is about. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
  readonly expected: string;
  /** What is there; for `unknown`, why it could not be told. */
  readonly actual: string;
  /** The call or the console step that mends it; empty for a pass. */
  readonly fix: string;
  /** The line of the runbook or the article that asks for it. */
  readonly seed: string;
  /** The public scanner's check for the same (Prowler's id), where there is one. */
  readonly scanner?: string;
  /** Of a waived one: why, and until when (ISO date); its own outcome would have been `fail`. */
  readonly waiver?: { readonly reason: string; readonly until: string };
}

/** Accepts that a rule fails until a day. */
export interface Waiver {
  readonly rule: string;
  readonly reason: string;
  /** Epoch ms; from then on it counts no more. */
  readonly until: number;
}

/** What a deployment expects otherwise than the runbook. Absent fields: the runbook's. */
export interface AuditExpectations {
  readonly targetType?: "instance" | "ip";
  readonly protocol?: "HTTP" | "HTTPS";
  readonly port?: number;
  readonly protocolVersion?: string;
  readonly healthCheckPath?: string;
  readonly healthyThreshold?: number;
  readonly unhealthyThreshold?: number;
  /** Seconds. */
  readonly healthCheckTimeout?: number;
  /** Seconds. */
  readonly healthCheckInterval?: number;
  /** `200`, `200-399` */
  readonly successCodes?: string;
  readonly scheme?: "internet-facing" | "internal";
  readonly ipAddressType?: string;
  /** Port of the HTTPS listener that users call. */
  readonly listenerPort?: number;
  /** Names of security groups that must all be there. */
  readonly securityGroups?: readonly string[];
  /** Tags that the load balancer must have; a value of `*` is any. */
  readonly loadBalancerTags?: Tags;
  readonly bucketTags?: Tags;
  /** Days that the certificate must still have. */
  readonly certificateDays?: number;
  /** Names of TLS policies that are accepted today. */
  readonly securityPolicies?: readonly string[];
  /** `development` deployments: cores that one instance may hold. */
  readonly coresPerInstance?: number;
  /** Share of max_connections that pools may take, 0–1. */
  readonly connectionShare?: number;
  /** Days for which a certificate of `corewatch certify` is current. */
  readonly certifiedWithin?: number;
  /** Days within which a drill must have proved the way to Slack. */
  readonly drillWithin?: number;
  /** Most that spot may be of an Auto Scaling group, 0–1. */
  readonly spotShare?: number;
  /** Days that log groups keep at least, and must end. */
  readonly logRetention?: number;
}

/** `deployments[].audit` of fleet.yaml. */
export interface AuditSettings {
  readonly expect: AuditExpectations;
  readonly waive: readonly Waiver[];
}

/** A listener of a load balancer. */
export interface ListenerFacts {
  readonly arn: string;
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | undefined;
  readonly certificateArns: readonly string[];
  /** `forward`, `redirect` …; a redirect with where to. */
  readonly actions: readonly {
    readonly type: string;
    readonly redirect?: { readonly protocol: string; readonly port: string; readonly status: string };
  }[];
}

/** A target group with its settings. */
export interface TargetGroupConfig {
  readonly arn: string;
  readonly name: string;
  readonly targetType: string;
  readonly protocol: string;
  readonly port: number;
  readonly protocolVersion: string;
  readonly healthCheck: {
    readonly path: string;
    readonly protocol: string;
    readonly port: string;
    readonly healthyThreshold: number;
    readonly unhealthyThreshold: number;
    readonly timeoutSeconds: number;
    readonly intervalSeconds: number;
    readonly codes: string;
  };
  readonly targets: readonly {
    readonly id: string;
    readonly port: number;
    readonly zone: string | undefined;
    readonly state: string;
  }[];
}

/** A load balancer with everything that the checklist asks of it. */
export interface LoadBalancerConfig {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  /** `application`, `network` … */
  readonly type: string;
  readonly scheme: string;
  readonly ipAddressType: string;
  readonly state: string;
  readonly zones: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** DescribeLoadBalancerAttributes: `deletion_protection.enabled`, `access_logs.s3.enabled`, `…bucket`, `…prefix` … */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly listeners: readonly ListenerFacts[];
  readonly targetGroups: readonly TargetGroupConfig[];
}

/** An ACM certificate. */
export interface AcmCertificate {
  readonly arn: string;
  readonly status: string;
  /** Domain name and alternative names. */
  readonly names: readonly string[];
  /** Epoch ms; `undefined` while it is not issued. */
  readonly notAfter: number | undefined;
}

/** The bucket of access logs. */
export interface LogBucket {
  readonly name: string;
  readonly versioning: "Enabled" | "Suspended" | "off";
  /** `AES256`, `aws:kms` …; `undefined`: none is told. */
  readonly encryption: string | undefined;
  /** All four switches on. */
  readonly publicAccessBlocked: boolean;
  readonly tags: Tags;
  /** Enabled rules of its lifecycle: what they do, in words (`expire after 90 days`). */
  readonly lifecycle: readonly string[];
}

/** An EC2 instance. */
export interface InstanceFacts {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  /** `pending`, `running`, `shutting-down`, `terminated` … */
  readonly state: string;
  readonly privateIp: string | undefined;
  readonly publicIp: string | undefined;
  readonly publicDnsName: string | undefined;
  readonly spot: boolean;
  /** Epoch ms. */
  readonly launchedAt: number;
  readonly tags: Tags;
}

/** A task of an ECS service, with where its containers answer. */
export interface EcsTask {
  readonly arn: string;
  /** PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED. */
  readonly status: string;
  readonly desiredStatus: string;
  /** EC2 instance that holds it; `undefined` until it is placed. */
  readonly instance: string | undefined;
  readonly zone: string | undefined;
  /** The container instance's own status: ACTIVE, DRAINING … */
  readonly instanceStatus: string | undefined;
  readonly bindings: readonly {
    readonly container: string;
    readonly containerPort: number;
    readonly hostPort: number;
  }[];
  /** Epoch ms. */
  readonly startedAt: number | undefined;
}

/** An ECS service with what the checklist asks of it. */
export interface EcsServiceFacts {
  readonly cluster: string;
  readonly name: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  readonly capacityProviders: readonly CapacityProviderFacts[];
  readonly taskDefinition: {
    readonly arn: string;
    readonly containers: readonly {
      readonly name: string;
      readonly ports: readonly { readonly containerPort: number; readonly hostPort: number }[];
      /** Seconds; `undefined`: the agent's default. */
      readonly stopTimeout: number | undefined;
      readonly logGroup: string | undefined;
    }[];
  };
  readonly tasks: readonly EcsTask[];
}

/** A capacity provider and its Auto Scaling group. */
export interface CapacityProviderFacts {
  readonly name: string;
  readonly managedScaling: boolean;
  readonly managedTerminationProtection: boolean;
  readonly group: AutoScalingFacts | undefined;
}

/** An Auto Scaling group with its launch template. */
export interface AutoScalingFacts {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  readonly zones: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly protectedFromScaleIn: boolean;
  readonly onDemandBase: number;
  /** 0–100. */
  readonly onDemandPercentAboveBase: number;
  readonly spotAllocation: string | undefined;
  readonly capacityRebalance: boolean;
  readonly instances: readonly {
    readonly id: string;
    readonly type: string;
    readonly zone: string;
    /** InService, Terminating, Terminating:Wait … */
    readonly lifecycle: string;
    readonly protectedFromScaleIn: boolean;
  }[];
  /** The launch template's user data, decoded; `undefined`: none. It may hold secrets: only ever looked into, never shown. */
  readonly userData: string | undefined;
}

/** A CloudFront distribution. */
export interface DistributionFacts {
  readonly id: string;
  readonly domainName: string;
  readonly aliases: readonly string[];
  readonly enabled: boolean;
  /** Domain names of its origins. */
  readonly origins: readonly string[];
}

/** A record of a hosted zone. */
export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  /** Of an alias record; else `undefined`. */
  readonly aliasTo: string | undefined;
  readonly values: readonly string[];
}

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
