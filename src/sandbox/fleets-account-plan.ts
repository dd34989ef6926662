import type { Ec2Timing } from "./aws-ec2-model.ts";
import type { AutoScalingGroup, MixedInstances } from "./aws-autoscaling-model.ts";
import type { EcsTiming } from "./aws-ecs-model.ts";
import type { HealthCheckSettings, ListenerPlan, LoadBalancerPlan, TargetGroupPlan } from "./aws-elbv2-model.ts";
import type { AwsBucket } from "./aws-s3-model.ts";

/** What there is in a fleet's AWS account beside its load balancers' names: data alone. */
export interface PlannedAccount {
  readonly instances: readonly PlannedInstance[];
  /** By deployment: how its load balancer differs from the runbook. */
  readonly balancers: Readonly<Record<string, PlannedBalancer>>;
  readonly buckets: readonly PlannedBucket[];
  /** Names that the world resolves, and what Route 53 has of them. */
  readonly names: readonly PlannedName[];
  readonly distribution?: PlannedDistribution;
  readonly ecs?: PlannedEcs;
  /** Ids in `apps_with_load_balancer`; absent: the fleet has no control database. */
  readonly appsWithLoadBalancer?: readonly string[];
  /** The cores' database speaks MySQL's protocol, and takes so many connections. */
  readonly mysql?: { readonly maxConnections: number };
  /** What corewatch itself remembers of a fleet that it has watched for a while; absent: it is new. */
  readonly watched?: true;
}

/** An EC2 instance. */
export interface PlannedInstance {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  /** Loopback address, and so its private one. */
  readonly host: string;
  readonly publicIp: string;
  readonly spot?: boolean;
}

/** A load balancer; what is absent is the runbook's. */
export interface PlannedBalancer {
  /** Loopback address of its own. */
  readonly host: string;
  readonly port?: number;
  /** Speaks HTTPS; unless set. */
  readonly plain?: true;
  readonly type?: "network";
  readonly aws: Omit<Partial<LoadBalancerPlan>, "targetGroups" | "listeners">;
  readonly group?: Omit<Partial<TargetGroupPlan>, "healthCheck" | "targets" | "changes"> & {
    readonly healthCheck?: Partial<HealthCheckSettings>;
  };
  readonly listeners?: readonly ListenerPlan[];
  /** ACM's certificate on its HTTPS listener. */
  readonly certificate?: { readonly names: readonly string[]; readonly daysLeft: number };
  /** The runbook's alarms: all of them with their topic, or with a topic to which nobody listens; absent: none. */
  readonly alarms?: "heard" | "unheard";
}

/** A bucket of access logs; whose load balancers write there, and until how many minutes ago. */
export interface PlannedBucket extends Omit<Partial<AwsBucket>, "objects"> {
  readonly name: string;
  readonly writes: readonly string[];
  readonly lastMinutesAgo: number;
}

/** A name: where it leads for whoever looks it up, and what record Route 53 has. */
export interface PlannedName {
  readonly name: string;
  /** A deployment's load balancer, another name, or an address. */
  readonly to: { readonly balancer: string } | { readonly name: string } | { readonly address: string };
  /** `false`: Route 53 has none. */
  readonly route53?: boolean;
}

/** A CloudFront distribution in front of an instance. */
export interface PlannedDistribution {
  readonly id: string;
  readonly domainName: string;
  readonly aliases: readonly string[];
  readonly origin: string;
}

/** An ECS cluster over one Auto Scaling group. */
export interface PlannedEcs {
  readonly cluster: string;
  readonly userData: string;
  readonly group: Partial<
    Pick<AutoScalingGroup, "desired" | "zones" | "newInstancesProtected" | "capacityRebalance">
  > & {
    readonly mixed?: Partial<MixedInstances>;
  };
  readonly managedScaling?: boolean;
  readonly managedTerminationProtection?: boolean;
  readonly services: readonly PlannedService[];
}

/** An ECS service: its tasks are the cores of a deployment. */
export interface PlannedService {
  readonly name: string;
  readonly deployment: string;
  readonly desired: number;
  readonly containerPort: number;
  /** 0: a dynamic one. */
  readonly hostPort: number;
  readonly stopTimeout: number;
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
  readonly logGroup: string;
  /** Days; absent: for ever. */
  readonly retention?: number;
}

/** Steps of the lives of instances and tasks in a fleet that people look at: seconds in place of minutes. */
export const QUICK_EC2: Partial<Ec2Timing> = { pendingMs: 2_000, noticeMs: 20_000, shuttingDownMs: 3_000 };
export const QUICK_ECS: Partial<EcsTiming> = {
  pendingMs: 1_500,
  activatingMs: 1_000,
  stoppingMs: 2_000,
  joinMs: 1_500,
};
