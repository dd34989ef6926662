import type {
  Listener,
  LoadBalancer,
  TargetGroup,
  TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ListenerFacts, LoadBalancerConfig, TargetGroupConfig } from "../domain/index.ts";

/** What DescribeLoadBalancers tells of one. */
export function balancerFacts(
  found: LoadBalancer,
  arn: string,
): Omit<LoadBalancerConfig, "attributes" | "tags" | "listeners" | "targetGroups"> {
  return {
    arn,
    name: found.LoadBalancerName ?? labelOf(arn),
    dnsName: found.DNSName ?? "",
    type: found.Type ?? "",
    scheme: found.Scheme ?? "",
    ipAddressType: found.IpAddressType ?? "",
    state: found.State?.Code ?? "unknown",
    zones: (found.AvailabilityZones ?? []).flatMap(({ ZoneName }) => ZoneName ?? []),
    securityGroupIds: found.SecurityGroups ?? [],
  };
}

/** A listener with all its certificates. */
export function listenerFacts(listener: Listener, certificateArns: readonly string[]): ListenerFacts {
  return {
    arn: listener.ListenerArn ?? "",
    port: listener.Port ?? 0,
    protocol: listener.Protocol ?? "",
    sslPolicy: listener.SslPolicy,
    certificateArns,
    actions: (listener.DefaultActions ?? []).map(({ Type, RedirectConfig: to }) => ({
      type: Type ?? "",
      // What a redirect leaves out stays as the request has it.
      ...(to === undefined
        ? {}
        : {
            redirect: {
              protocol: to.Protocol ?? "#{protocol}",
              port: to.Port ?? "#{port}",
              status: to.StatusCode ?? "",
            },
          }),
    })),
  };
}

/** A target group with its targets. */
export function groupConfig(group: TargetGroup, targets: readonly TargetHealthDescription[]): TargetGroupConfig {
  return {
    arn: group.TargetGroupArn ?? "",
    name: group.TargetGroupName ?? "",
    targetType: group.TargetType ?? "",
    protocol: group.Protocol ?? "",
    port: group.Port ?? 0,
    protocolVersion: group.ProtocolVersion ?? "",
    healthCheck: {
      path: group.HealthCheckPath ?? "",
      protocol: group.HealthCheckProtocol ?? "",
      port: group.HealthCheckPort ?? "",
      healthyThreshold: group.HealthyThresholdCount ?? 0,
      unhealthyThreshold: group.UnhealthyThresholdCount ?? 0,
      timeoutSeconds: group.HealthCheckTimeoutSeconds ?? 0,
      intervalSeconds: group.HealthCheckIntervalSeconds ?? 0,
      codes: group.Matcher?.HttpCode ?? group.Matcher?.GrpcCode ?? "",
    },
    targets: targets.map(({ Target, TargetHealth }) => ({
      id: Target?.Id ?? "",
      port: Target?.Port ?? group.Port ?? 0,
      zone: Target?.AvailabilityZone,
      state: TargetHealth?.State ?? "unavailable",
    })),
  };
}

/** The name, also of an ARN. */
export function labelOf(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? (nameOrArn.split("/")[2] ?? nameOrArn) : nameOrArn;
}
