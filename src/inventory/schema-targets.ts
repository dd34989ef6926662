import { z } from "zod";
import * as leaf from "./leaves.ts";
import { deploymentAlarmsSchema } from "./schema-alarms.ts";
import { auditSchema } from "./schema-audit.ts";
import { certifySchema, scaleSchema } from "./schema-certify.ts";
import { cloudfrontSchema, discoverySchema, ecsSchema } from "./schema-discovery.ts";

const MAX_CORES = 20_000;
const noQuery = (url: URL): string | undefined =>
  url.search !== "" || url.hash !== "" ? "must not have a query or a fragment" : undefined;

const certificates = z
  .string(leaf.say("must be certificates in PEM", 'write "${file:ca.pem}"'))
  .max(1024 * 1024, leaf.say("is longer than 1 MiB", "name only the authorities that are needed"))
  .refine(
    (value) => value.includes("-----BEGIN CERTIFICATE-----"),
    leaf.say("must be certificates in PEM", 'write "${file:ca.pem}"'),
  )
  .refine(
    (value) => !value.includes("PRIVATE KEY-----"),
    leaf.say("must not hold a private key", "name the file with the authority's certificate"),
  );

const tls = z.strictObject({
  ca: certificates.optional().describe("PEM of extra authorities."),
  verify: leaf
    .yesNo()
    .optional()
    .describe("false: an untrusted certificate is not reported; expiry still is. Default true."),
  serverName: leaf
    .text("a host name", "like acme.example.com")
    .optional()
    .describe("Name that is sent (SNI) and expected."),
});

const ownSlack = z.strictObject({ channel: leaf.channel().describe("Channel in place of the fleet's.") });

const core = z.strictObject({
  id: leaf.id().describe("Unique within the deployment."),
  url: leaf.openUrl(["https", "http"], noQuery).describe("Where this core is reached directly."),
  instance: leaf
    .text("an instance id", "like i-0a1b2c3d")
    .optional()
    .describe("EC2 instance id: how the load balancer knows this host."),
  zone: leaf.text("an availability zone", "like eu-west-1a").optional().describe("Availability zone."),
  apiKey: leaf.secret().optional().describe("API key of the core, from the environment or a file."),
});

/** One deployment. */
export const deploymentSchema = z.strictObject({
  id: leaf.id().describe("Unique within the fleet."),
  app: leaf.id().describe("The app that it serves."),
  kind: leaf.oneOf(["production", "development"]).describe("production or development."),
  tenancy: leaf.oneOf(["dedicated", "multi-tenant"]).optional().describe("Default dedicated."),
  connectionUri: leaf
    .openUrl(["https", "http"], noQuery)
    .describe("The address that users' back ends have, like https://acme.example.com:3567."),
  database: leaf.id().optional().describe("Id of the database behind the cores."),
  loadBalancer: leaf
    .form(
      "the name or ARN of a load balancer",
      "like acme-production or arn:aws:elasticloadbalancing:…",
      /^([A-Za-z0-9-]{1,32}|arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/[\w/.-]{1,200})$/,
    )
    .optional()
    .describe("Name or ARN of the AWS load balancer."),
  region: leaf.region().optional().describe("AWS region; the fleet's unless set."),
  roleArn: leaf.role().optional().describe("Role to assume for this deployment's AWS account."),
  tls: tls.optional().describe("How TLS is verified."),
  host: leaf
    .form("a host with an optional port", "like acme.example.com:3567", /^[A-Za-z0-9.:[\]_-]{1,260}$/)
    .optional()
    .describe("Host header of every probe; the connectionUri's host unless set."),
  poolSize: leaf.whole(1, 10_000).optional().describe("Database connections that one core holds. Default 10."),
  slack: ownSlack.optional().describe("Slack of this deployment."),
  alarms: deploymentAlarmsSchema.optional().describe("CloudWatch alarms of this deployment."),
  audit: auditSchema.optional().describe("The launch checklist of this deployment."),
  certify: certifySchema.optional().describe("Load certification: what may be done, how, and what must be met."),
  scale: scaleSchema.optional().describe("How a core is added, and taken away again."),
  cores: z
    .array(core)
    .min(1)
    .max(MAX_CORES)
    .optional()
    .describe("The core processes; beside discover, they win over found ones of the same id or url."),
  discover: leaf.oneOf(leaf.DISCOVERIES).optional().describe("Where cores are found, in place of a list."),
  discovery: discoverySchema.optional().describe("How they are found, and what they are called."),
  ecs: ecsSchema.optional().describe("The ECS service that runs the cores."),
  cloudfront: cloudfrontSchema
    .optional()
    .describe("CloudFront distribution in front: its id, domain name or an alias."),
  controlDatabase: leaf
    .id()
    .optional()
    .describe("Id of the database with the tables of the hosted fleet (apps_with_load_balancer)."),
});

/** One endpoint. */
export const endpointSchema = z.strictObject({
  id: leaf.id().describe("Unique among endpoints."),
  url: leaf.openUrl(["https", "http", "tcp", "dns"]).describe("https://…, http://…, tcp://host:port or dns://name."),
  status: leaf.statuses().optional().describe("Accepted status or ranges. Default 200-299."),
  method: leaf.oneOf(["GET", "HEAD", "POST"]).optional().describe("Default GET."),
  contains: leaf.text().optional().describe("Text that the body must hold."),
  expect: z
    .union(
      [leaf.text(), z.array(leaf.text()).min(1).max(100)],
      leaf.say("must be an address, a name, or a list of them", "like 203.0.113.7"),
    )
    .optional()
    .describe("dns:// only: addresses or names, one of which the answer must hold."),
  headers: z
    .record(leaf.form("a header name", "like X-Api-Key", /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/), leaf.secret())
    .optional()
    .describe("Headers that are sent; never shown."),
  tls: tls.optional().describe("How TLS is verified."),
  slack: ownSlack.optional().describe("Slack of this endpoint."),
});

/** One heartbeat. */
export const heartbeatSchema = z.strictObject({
  id: leaf.id().describe("Unique among heartbeats: POST /heartbeats/<id>."),
  every: leaf.duration("10s", "400d").describe("How often it reports."),
  grace: leaf.duration("0s", "30d").optional().describe("How late it may be. Default 1m."),
  token: leaf.secret().optional().describe("Bearer token that it must send."),
  slack: ownSlack.optional().describe("Slack of this heartbeat."),
});
