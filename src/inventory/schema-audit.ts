import { z } from "zod";
import * as leaf from "./leaves.ts";

const seconds = (): z.ZodOptional<z.ZodString> =>
  leaf
    .duration("1s", "5m")
    .refine((value) => !value.endsWith("ms"), leaf.say("must be whole seconds", "like 10s"))
    .optional();
const days = (): z.ZodOptional<z.ZodString> =>
  leaf
    .duration("1d", "3650d")
    .refine((value) => value.endsWith("d"), leaf.say("must be days", "like 30d"))
    .optional();
const tags = (): z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>> =>
  z
    .record(leaf.text("a tag", "its key"), z.string(leaf.say("must be text", 'the value, or "*" for any')).max(256))
    .optional();
const names = (what: string, most: number): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  z.array(leaf.text(what, "write it in quotes")).min(1).max(most).optional();

const expectations = z.strictObject({
  targetType: leaf.oneOf(["instance", "ip"]).optional().describe("Type of the target group. Default instance."),
  protocol: leaf.oneOf(["HTTP", "HTTPS"]).optional().describe("Protocol of the target group. Default HTTPS."),
  port: leaf.whole(1, 65_535).optional().describe("Port of the target group. Default 3567."),
  protocolVersion: leaf.oneOf(["HTTP1", "HTTP2", "GRPC"]).optional().describe("Protocol version. Default HTTP1."),
  healthCheckPath: leaf.text("a path", "like /hello").optional().describe("Path of the health check. Default /hello."),
  healthyThreshold: leaf.whole(2, 10).optional().describe("Good checks until a target is healthy. Default 5."),
  unhealthyThreshold: leaf.whole(2, 10).optional().describe("Bad checks until it is unhealthy. Default 2."),
  healthCheckTimeout: seconds().describe("Timeout of one check. Default 10s."),
  healthCheckInterval: seconds().describe("Time between two checks. Default 30s."),
  successCodes: leaf
    .form("status codes", 'like "200" or "200-399"', /^\d{3}(-\d{3})?(,\d{3}(-\d{3})?){0,20}$/)
    .optional()
    .describe("Status codes of a good check. Default 200."),
  scheme: leaf.oneOf(["internet-facing", "internal"]).optional().describe("Default internet-facing."),
  ipAddressType: leaf
    .oneOf(["ipv4", "dualstack", "dualstack-without-public-ipv4"])
    .optional()
    .describe("Default ipv4."),
  listenerPort: leaf.whole(1, 65_535).optional().describe("Port of the HTTPS listener. Default 3567."),
  securityGroups: names("the name of a security group", 100).describe(
    "Names of security groups that must all be there.",
  ),
  loadBalancerTags: tags().describe("Tags of the load balancer; * is any value."),
  bucketTags: tags().describe("Tags of the bucket of access logs; * is any value."),
  certificateDays: days().describe("How long the certificate must still be good."),
  securityPolicies: names("the name of a security policy", 100).describe("TLS policies that are accepted today."),
  coresPerInstance: leaf.whole(1, 1000).optional().describe("Cores that one instance may hold."),
  connectionShare: leaf.share().optional().describe("Share of max_connections that pools may take."),
  certifiedWithin: days().describe("How old a certificate of corewatch certify may be."),
  drillWithin: days().describe("How old the last drill that arrived may be."),
  spotShare: leaf.share().optional().describe("Most that spot may be of an Auto Scaling group."),
  logRetention: days().describe("How long log groups keep at least; they must end some day."),
});

const waiver = z.strictObject({
  rule: leaf.text("the name of a rule", "as corewatch audit prints it").describe("The rule that is waived."),
  reason: leaf.text("a reason").describe("Why."),
  until: leaf.instant().describe("When the waiver ends: waivers always end."),
});

/** `deployments[].audit` */
export const auditSchema = z.strictObject({
  expect: expectations.optional().describe("What is expected otherwise than the runbook has it."),
  waive: z.array(waiver).max(1000).optional().describe("Rules that may fail until a day, with the reason."),
});
