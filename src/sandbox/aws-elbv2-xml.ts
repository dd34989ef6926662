import type {
  AwsListener,
  AwsLoadBalancer,
  AwsTarget,
  AwsTargetGroup,
  ListenerRedirect,
  ListenerRule,
} from "./aws-elbv2-model.ts";
import type { Xml } from "./aws-query.ts";

const VPC = "vpc-0a1b2c3d4e5f60718";

export function balancerXml(balancer: AwsLoadBalancer): Xml {
  return {
    LoadBalancerArn: balancer.arn,
    DNSName: balancer.dnsName,
    CanonicalHostedZoneId: "Z32O12XQLNTSW2",
    CreatedTime: balancer.createdAt,
    LoadBalancerName: balancer.name,
    Scheme: balancer.scheme,
    VpcId: VPC,
    State: { Code: balancer.state, Reason: balancer.stateReason },
    Type: balancer.type,
    AvailabilityZones: balancer.zones.map((zone, index) => ({
      ZoneName: zone,
      SubnetId: `subnet-0a1b2c3d4e5f6071${index}`,
      LoadBalancerAddresses: [],
    })),
    SecurityGroups: balancer.securityGroupIds,
    IpAddressType: balancer.ipAddressType,
  };
}

export function groupXml(balancer: AwsLoadBalancer, group: AwsTargetGroup): Xml {
  const { healthCheck } = group;
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.protocol,
    Port: group.port,
    VpcId: VPC,
    HealthCheckProtocol: healthCheck.protocol,
    HealthCheckPort: healthCheck.port,
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
    HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    HealthCheckPath: healthCheck.path,
    Matcher: { HttpCode: healthCheck.codes },
    LoadBalancerArns: [balancer.arn],
    TargetType: group.targetType,
    ProtocolVersion: group.protocolVersion,
  };
}

export function targetXml(target: AwsTarget): Xml {
  const why = target.reason === "" ? {} : { Reason: target.reason, Description: target.description };
  return {
    Target: { Id: target.id, Port: target.port, AvailabilityZone: target.zone === "" ? undefined : target.zone },
    HealthCheckPort: String(target.port),
    TargetHealth: { State: target.state, ...why },
  };
}

/** A target that was asked for, and is not in the group. */
export function unregisteredXml(id: string, port: number): Xml {
  const description = "Target is not registered to the target group";
  return {
    Target: { Id: id, Port: port },
    TargetHealth: { State: "unused", Reason: "Target.NotRegistered", Description: description },
  };
}

export function listenerXml(balancer: AwsLoadBalancer, listener: AwsListener): Xml {
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: balancer.arn,
    Port: listener.port,
    Protocol: listener.protocol,
    SslPolicy: listener.sslPolicy,
    Certificates: listener.certificateArn === undefined ? undefined : [{ CertificateArn: listener.certificateArn }],
    DefaultActions: actionsXml(balancer, listener.redirect),
  };
}

/** Its rules by priority, the default last. */
export function rulesXml(balancer: AwsLoadBalancer, listener: AwsListener): readonly Xml[] {
  const arn = listener.arn.replace(":listener/", ":listener-rule/");
  const own = [...listener.rules].sort((a, b) => a.priority - b.priority);
  return [
    ...own.map((rule) => ({
      RuleArn: `${arn}/${rule.priority.toString(16).padStart(16, "0")}`,
      Priority: String(rule.priority),
      Conditions: [conditionXml(rule)],
      Actions: actionsXml(balancer, rule.redirect),
      IsDefault: false,
    })),
    {
      RuleArn: `${arn}/${"f".repeat(16)}`,
      Priority: "default",
      Conditions: [],
      Actions: actionsXml(balancer, listener.redirect),
      IsDefault: true,
    },
  ];
}

export function pairsXml(pairs: Readonly<Record<string, string>>): Xml {
  return Object.entries(pairs).map(([Key, Value]) => ({ Key, Value }));
}

function conditionXml({ field, values }: ListenerRule): Xml {
  const config = field === "path-pattern" ? "PathPatternConfig" : "HostHeaderConfig";
  return { Field: field, Values: values, [config]: { Values: values } };
}

function actionsXml(balancer: AwsLoadBalancer, redirect: ListenerRedirect | undefined): Xml {
  if (redirect !== undefined) {
    const { protocol, port, status } = redirect;
    const kept = { Host: "#{host}", Path: "/#{path}", Query: "#{query}" };
    return [
      {
        Type: "redirect",
        Order: 1,
        RedirectConfig: { Protocol: protocol, Port: port, ...kept, StatusCode: status },
      },
    ];
  }
  const group = balancer.targetGroups[0];
  if (group === undefined) return [];
  return [
    {
      Type: "forward",
      TargetGroupArn: group.arn,
      Order: 1,
      ForwardConfig: {
        TargetGroups: [{ TargetGroupArn: group.arn, Weight: 1 }],
        TargetGroupStickinessConfig: { Enabled: false },
      },
    },
  ];
}
