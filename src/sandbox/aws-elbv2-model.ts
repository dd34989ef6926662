import { createHash } from "node:crypto";
import { RUNBOOK_GROUPS, securityGroupId } from "./aws-ec2-model.ts";
import type { MinuteCounts } from "./load-balancer-counts.ts";
import type { TargetState, TargetView } from "./load-balancer-targets.ts";

/** An application load balancer. */
export interface AwsLoadBalancer {
  readonly region: string;
  readonly name: string;
  /** `arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/16 hex digits` */
  readonly arn: string;
  readonly dnsName: string;
  readonly createdAt: string;
  state: "active" | "provisioning" | "active_impaired" | "failed";
  stateReason: string | undefined;
  zones: readonly string[];
  type: "application" | "network";
  scheme: "internet-facing" | "internal";
  ipAddressType: "ipv4" | "dualstack";
  securityGroupIds: readonly string[];
  readonly listeners: AwsListener[];
  readonly targetGroups: AwsTargetGroup[];
  readonly attributes: Record<string, string>;
  readonly tags: Record<string, string>;
  /** What it did, for CloudWatch; without it nothing was ever sent through it. */
  readonly minutes?: () => readonly MinuteCounts[];
}

/** A listener: it forwards to the first target group, or redirects. */
export interface AwsListener {
  readonly arn: string;
  port: number;
  protocol: "HTTP" | "HTTPS";
  sslPolicy: string | undefined;
  certificateArn: string | undefined;
  redirect: ListenerRedirect | undefined;
  /** Before its default; lower priorities first. */
  readonly rules: readonly ListenerRule[];
}

/** Where a listener or a rule sends to: `#{port}` and the like are AWS's placeholders. */
export interface ListenerRedirect {
  readonly protocol: string;
  readonly port: string;
  readonly status: "HTTP_301" | "HTTP_302";
}

/** A rule of a listener. */
export interface ListenerRule {
  readonly priority: number;
  readonly field: "path-pattern" | "host-header";
  readonly values: readonly string[];
  /** Absent: it forwards to the first target group. */
  readonly redirect?: ListenerRedirect;
}

/** A target group; its targets are asked of what really checks them. */
export interface AwsTargetGroup {
  readonly name: string;
  readonly arn: string;
  protocol: "HTTP" | "HTTPS";
  port: number;
  protocolVersion: "HTTP1" | "HTTP2" | "GRPC";
  targetType: "instance" | "ip";
  healthCheck: HealthCheckSettings;
  readonly attributes: Record<string, string>;
  readonly tags: Record<string, string>;
  targets(): readonly AwsTarget[];
  /** Absent: nothing can be registered in it. */
  readonly changes?: TargetChanges;
}

/** How a target group asks its targets. */
export interface HealthCheckSettings {
  readonly path: string;
  readonly protocol: "HTTP" | "HTTPS";
  readonly port: string;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly timeoutSeconds: number;
  readonly intervalSeconds: number;
  /** `200`, `200-399` */
  readonly codes: string;
}

/** A target as DescribeTargetHealth has it, in any of its states. */
export interface AwsTarget extends Omit<TargetView, "state" | "url"> {
  readonly state: TargetState | "unhealthy.draining" | "unavailable";
}

/** What RegisterTargets and DeregisterTargets do to a target group. */
export interface TargetChanges {
  /** `false`: there is no such instance or address that runs. */
  register(id: string, port: number): boolean;
  /** One that is not registered is none of its business. */
  deregister(id: string, port: number): void;
}

/** What is told of a load balancer; the rest follows, as AWS would have made it. */
export interface LoadBalancerPlan {
  readonly region: string;
  readonly account: string;
  readonly name: string;
  readonly zones: readonly string[];
  readonly protocol: "HTTP" | "HTTPS";
  readonly port: number;
  readonly targetType?: "instance" | "ip";
  readonly targetGroups: readonly TargetGroupPlan[];
  readonly scheme?: AwsLoadBalancer["scheme"];
  readonly ipAddressType?: AwsLoadBalancer["ipAddressType"];
  /** The runbook's four unless told. */
  readonly securityGroupIds?: readonly string[];
  /** Of the main listener: `ELBSecurityPolicy-2016-08` unless told. */
  readonly sslPolicy?: string;
  readonly certificateArn?: string;
  /** Further listeners. */
  readonly listeners?: readonly ListenerPlan[];
  /** On top of AWS's own defaults. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
  readonly minutes?: () => readonly MinuteCounts[];
}

/** What is told of a target group; the rest is the runbook's, by the load balancer's protocol. */
export interface TargetGroupPlan {
  readonly name: string;
  readonly port: number;
  readonly protocol?: "HTTP" | "HTTPS";
  readonly protocolVersion?: AwsTargetGroup["protocolVersion"];
  readonly healthCheck?: Partial<HealthCheckSettings>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly changes?: TargetChanges;
  targets(): readonly AwsTarget[];
}

/** A listener beside the main one. */
export interface ListenerPlan {
  readonly port: number;
  readonly protocol: "HTTP" | "HTTPS";
  readonly sslPolicy?: string;
  readonly certificateArn?: string;
  readonly redirect?: ListenerRedirect;
  readonly rules?: readonly ListenerRule[];
}

/** Plain HTTP to 443, as the article sets it up. */
export const REDIRECT_TO_HTTPS: ListenerRedirect = { protocol: "HTTPS", port: "443", status: "HTTP_301" };

const DEFAULT_POLICY = "ELBSecurityPolicy-2016-08";

/** A load balancer with ARNs of the real shape. The same plan gives the same ARNs. */
export function awsLoadBalancer(plan: LoadBalancerPlan): AwsLoadBalancer {
  const { region, account, name, protocol } = plan;
  const prefix = `arn:aws:elasticloadbalancing:${region}:${account}`;
  const id = hex(`${prefix}/${name}`);
  const listener = (one: ListenerPlan): AwsListener => {
    const secure = one.protocol === "HTTPS";
    return {
      arn: `${prefix}:listener/app/${name}/${id}/${hex(`${id}/${one.port}`)}`,
      port: one.port,
      protocol: one.protocol,
      sslPolicy: one.sslPolicy ?? (secure ? DEFAULT_POLICY : undefined),
      certificateArn:
        one.certificateArn ?? (secure ? `arn:aws:acm:${region}:${account}:certificate/${uuid(name)}` : undefined),
      redirect: one.redirect,
      rules: one.rules ?? [],
    };
  };
  const { sslPolicy, certificateArn } = plan;
  const main: ListenerPlan = {
    port: plan.port,
    protocol,
    ...(sslPolicy === undefined ? {} : { sslPolicy }),
    ...(certificateArn === undefined ? {} : { certificateArn }),
  };
  return {
    region,
    name,
    arn: `${prefix}:loadbalancer/app/${name}/${id}`,
    dnsName: `${name}-${Number.parseInt(id.slice(0, 8), 16)}.${region}.elb.amazonaws.com`,
    createdAt: plan.createdAt ?? "2026-01-01T00:00:00.000Z",
    state: "active",
    stateReason: undefined,
    zones: plan.zones,
    type: "application",
    scheme: plan.scheme ?? "internet-facing",
    ipAddressType: plan.ipAddressType ?? "ipv4",
    securityGroupIds: plan.securityGroupIds ?? RUNBOOK_GROUPS.map((group) => securityGroupId(region, group)),
    listeners: [main, ...(plan.listeners ?? [])].map(listener),
    targetGroups: plan.targetGroups.map((group) => targetGroup(plan, group, prefix)),
    attributes: { ...BALANCER_ATTRIBUTES, ...plan.attributes },
    tags: { ...plan.tags },
    ...(plan.minutes === undefined ? {} : { minutes: plan.minutes }),
  };
}

/** As AWS makes a load balancer. */
const BALANCER_ATTRIBUTES = {
  "access_logs.s3.enabled": "false",
  "access_logs.s3.bucket": "",
  "access_logs.s3.prefix": "",
  "deletion_protection.enabled": "false",
  "idle_timeout.timeout_seconds": "60",
  "load_balancing.cross_zone.enabled": "true",
  "routing.http.desync_mitigation_mode": "defensive",
  "routing.http.drop_invalid_header_fields.enabled": "false",
  "routing.http2.enabled": "true",
};

/** As AWS makes a target group. */
const GROUP_ATTRIBUTES = {
  "deregistration_delay.timeout_seconds": "300",
  "load_balancing.algorithm.type": "round_robin",
  "slow_start.duration_seconds": "0",
  "stickiness.enabled": "false",
  "stickiness.type": "lb_cookie",
};

function targetGroup(plan: LoadBalancerPlan, group: TargetGroupPlan, prefix: string): AwsTargetGroup {
  const protocol = group.protocol ?? plan.protocol;
  return {
    name: group.name,
    arn: `${prefix}:targetgroup/${group.name}/${hex(`${prefix}/${group.name}`)}`,
    protocol,
    port: group.port,
    protocolVersion: group.protocolVersion ?? "HTTP1",
    targetType: plan.targetType ?? "instance",
    healthCheck: {
      path: "/hello",
      protocol,
      port: "traffic-port",
      healthyThreshold: 5,
      unhealthyThreshold: 2,
      timeoutSeconds: 10,
      intervalSeconds: 30,
      codes: "200",
      ...group.healthCheck,
    },
    attributes: { ...GROUP_ATTRIBUTES, ...group.attributes },
    tags: { ...group.tags },
    targets: () => group.targets(),
    ...(group.changes === undefined ? {} : { changes: group.changes }),
  };
}

/** Sixteen hex digits, as AWS's own ids have. */
function hex(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function uuid(text: string): string {
  const digits = createHash("sha256").update(text).digest("hex");
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ].join("-");
}
