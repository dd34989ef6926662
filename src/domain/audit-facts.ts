import type { Tags } from "./alarms.ts";

/** What the checklist looks at: things of AWS as they are configured now. */

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
