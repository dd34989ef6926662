import { createHash } from "node:crypto";
import type { MinuteCounts } from "./load-balancer-counts.ts";
import type { TargetView } from "./load-balancer-targets.ts";

/** What exists in the simulated account. Services read it at each call, so a change shows at once. */
export interface AwsModel {
  readonly account: string;
  readonly loadBalancers: AwsLoadBalancer[];
}

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
  readonly listeners: readonly AwsListener[];
  readonly targetGroups: AwsTargetGroup[];
  readonly attributes: Record<string, string>;
  readonly tags: Record<string, string>;
  /** What it did, for CloudWatch; without it nothing was ever sent through it. */
  readonly minutes?: () => readonly MinuteCounts[];
}

/** A listener that forwards to the first target group. */
export interface AwsListener {
  readonly arn: string;
  readonly port: number;
  readonly protocol: "HTTP" | "HTTPS";
  readonly sslPolicy: string | undefined;
  readonly certificateArn: string | undefined;
}

/** A target group; its targets are asked of what really checks them. */
export interface AwsTargetGroup {
  readonly name: string;
  readonly arn: string;
  readonly protocol: "HTTP" | "HTTPS";
  readonly port: number;
  readonly targetType: "instance" | "ip";
  readonly healthCheckPath: string;
  readonly tags: Record<string, string>;
  targets(): readonly TargetView[];
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
  readonly targetGroups: readonly { readonly name: string; readonly port: number; targets(): readonly TargetView[] }[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
  readonly minutes?: () => readonly MinuteCounts[];
}

/** A load balancer with ARNs of the real shape. The same plan gives the same ARNs. */
export function awsLoadBalancer(plan: LoadBalancerPlan): AwsLoadBalancer {
  const { region, account, name, protocol } = plan;
  const prefix = `arn:aws:elasticloadbalancing:${region}:${account}`;
  const id = hex(`${prefix}/${name}`);
  const secure = protocol === "HTTPS";
  return {
    region,
    name,
    arn: `${prefix}:loadbalancer/app/${name}/${id}`,
    dnsName: `${name}-${Number.parseInt(id.slice(0, 8), 16)}.${region}.elb.amazonaws.com`,
    createdAt: plan.createdAt ?? "2026-01-01T00:00:00.000Z",
    state: "active",
    stateReason: undefined,
    zones: plan.zones,
    listeners: [
      {
        arn: `${prefix}:listener/app/${name}/${id}/${hex(`${id}/${plan.port}`)}`,
        port: plan.port,
        protocol,
        sslPolicy: secure ? "ELBSecurityPolicy-2016-08" : undefined,
        certificateArn: secure ? `arn:aws:acm:${region}:${account}:certificate/${uuid(name)}` : undefined,
      },
    ],
    targetGroups: plan.targetGroups.map((group) => ({
      name: group.name,
      arn: `${prefix}:targetgroup/${group.name}/${hex(`${prefix}/${group.name}`)}`,
      protocol,
      port: group.port,
      targetType: plan.targetType ?? "instance",
      healthCheckPath: "/hello",
      tags: {},
      targets: () => group.targets(),
    })),
    attributes: {
      "access_logs.s3.enabled": "false",
      "access_logs.s3.bucket": "",
      "deletion_protection.enabled": "false",
      "idle_timeout.timeout_seconds": "60",
      "routing.http2.enabled": "true",
    },
    tags: { ...plan.tags },
    ...(plan.minutes === undefined ? {} : { minutes: plan.minutes }),
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
