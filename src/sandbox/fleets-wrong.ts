import type { PlannedBalancer, PlannedBucket } from "./fleets-account-plan.ts";
import { securityGroupId } from "./aws-ec2-model.ts";
import { REGION } from "./fleets-network.ts";

/** A load balancer that has everything of the runbook, and all of it otherwise. */
export function wrongBalancer(host: string, bucket: string): PlannedBalancer {
  return {
    host,
    type: "network",
    aws: {
      targetType: "ip",
      zones: [`${REGION}a`],
      scheme: "internal",
      ipAddressType: "dualstack",
      securityGroupIds: [securityGroupId(REGION, "default")],
      sslPolicy: "ELBSecurityPolicy-TLS-1-0-2015-04",
      attributes: {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": bucket,
        "deletion_protection.enabled": "false",
      },
    },
    group: {
      protocol: "HTTP",
      port: 8080,
      protocolVersion: "HTTP2",
      healthCheck: {
        path: "/",
        healthyThreshold: 2,
        unhealthyThreshold: 5,
        timeoutSeconds: 4,
        intervalSeconds: 60,
        codes: "200-499",
      },
    },
    listeners: [{ port: 80, protocol: "HTTP" }],
    certificate: { names: ["sandbox.example"], daysLeft: 9 },
    alarms: "unheard",
  };
}

/** A load balancer without what the runbook adds to it: no HTTPS, no access logs, no alarms. */
export function bareBalancer(host: string): PlannedBalancer {
  return { host, plain: true, aws: {} };
}

/** A bucket of access logs, none of which arrived today. */
export function wrongBucket(balancer: string): PlannedBucket {
  const off = { blockPublicAcls: true, ignorePublicAcls: true, blockPublicPolicy: false, restrictPublicBuckets: false };
  return {
    name: `${balancer}-logs`,
    writes: [balancer],
    lastMinutesAgo: 3 * 60,
    versioning: "Suspended",
    encryption: "aws:kms",
    publicAccessBlock: off,
    tags: { VantaContainsUserData: "false" },
    lifecycle: [{ id: "archive", enabled: true, prefix: "", transition: { days: 30, storageClass: "GLACIER" } }],
  };
}

/** The name that users have leads to a load balancer that was given up. */
export function strayName(name: string) {
  const old = "given-up-1234567890.eu-west-1.elb.amazonaws.com";
  return [
    { name, to: { name: old } },
    { name: old, to: { address: "127.0.250.1" }, route53: false },
  ];
}
