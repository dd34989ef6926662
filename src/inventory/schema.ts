import { z } from "zod";
import * as leaf from "./leaves.ts";
import { alarmsSchema } from "./schema-alarms.ts";
import { inventorySchema, resolverSchema } from "./schema-discovery.ts";
import { deploymentSchema, endpointSchema, heartbeatSchema } from "./schema-targets.ts";
import { checksSchema, maintenanceSchema, silenceSchema } from "./schema-watching.ts";
import { parseListen } from "./listen.ts";

const retention = z
  .strictObject({
    raw: leaf.duration("1h", "3650d").optional().describe("Every single observation. Default 24h."),
    minute: leaf.duration("1h", "3650d").optional().describe("Summaries of a minute. Default 7d."),
    hour: leaf.duration("1d", "3650d").optional().describe("Summaries of an hour. Default 400d."),
  })
  .describe("How long observations are kept, by fineness.");

const store = z.strictObject({
  url: leaf
    .secretUrl(["postgres", "postgresql"])
    .optional()
    .describe("Postgres 14 or newer. Without it an embedded Postgres runs beside the configuration."),
  retention: retention.optional(),
});

const slack = z.strictObject({
  token: leaf.secret().describe("Bot token (xoxb-…), from the environment or a file."),
  channel: leaf.channel().describe('Channel for every incident, like "#ops".'),
  appToken: leaf.secret().optional().describe("App-level token (xapp-…) for buttons without an open port."),
  mention: leaf.mention().optional().describe("Who is mentioned in critical messages."),
});

const fallback = z.strictObject({
  webhook: leaf.secretUrl(["https", "http"]).describe("Where a signed JSON message goes when Slack does not deliver."),
  secret: leaf.secret().describe("Key of the signature."),
  after: leaf.duration("0s", "1d").optional().describe("How long Slack may fail in passing first. Default 2m."),
});

const web = z.strictObject({
  listen: leaf
    .text("host:port", "like 127.0.0.1:8090")
    .refine(
      (value) => parseListen(value) !== undefined,
      leaf.say("must be host:port", "like 127.0.0.1:8090 or [::1]:8090"),
    )
    .optional()
    .describe("Where the daemon's own HTTP server listens. Default 127.0.0.1:8090."),
  publicUrl: leaf
    .openUrl(["https", "http"])
    .optional()
    .describe("How people reach it: links in messages begin with it."),
  auth: z
    .never(leaf.say("signing in to the console is not available yet", "remove auth, and keep listen on 127.0.0.1"))
    .optional()
    .describe("Not available yet."),
});

const escalation = z.strictObject({
  after: leaf.duration("1m", "30d").describe("Time without acknowledgement."),
  channel: leaf.channel().optional().describe("Channel that is told too."),
  mention: leaf.mention().optional().describe("Who is mentioned."),
});

const incidents = z.strictObject({
  reopenWithin: leaf
    .duration("0s", "7d")
    .optional()
    .describe("A recurrence within this time reopens the incident. Default 10m."),
  remindEvery: leaf
    .duration("1m", "30d")
    .optional()
    .describe("How often an open incident that nobody acknowledged is repeated. Default 4h."),
  escalate: z.array(escalation).max(10).optional().describe("Who is told when nobody acknowledges."),
});

const databaseUrl = leaf.secretUrl(["postgres", "postgresql", "mysql"]);

const database = z.strictObject({
  kind: leaf.oneOf(["postgres", "mysql"]).describe("postgres or mysql (TiDB speaks it)."),
  url: databaseUrl.describe("Connection URL of a user that may read; from the environment or a file."),
  replica: leaf
    .yesNo()
    .optional()
    .describe("A read replica: read-only and in recovery are as they should be. Default false."),
  maxLag: leaf
    .duration("100ms", "1d")
    .optional()
    .describe("Replication lag from which the database is degraded. Default 30s."),
  maxConnectionShare: z
    .number(leaf.say("must be a number from 0.05 to 1", "like 0.8"))
    .min(0.05, leaf.say("must be a number from 0.05 to 1", "like 0.8"))
    .max(1, leaf.say("must be a number from 0.05 to 1", "like 0.8"))
    .optional()
    .describe("Share of max_connections from which the database is degraded. Default 0.8."),
});

/** The whole of fleet.yaml: its shape. What joins several places is checked in `cross-checks.ts`. */
export const configSchemaSource = z
  .strictObject({
    version: z.literal(1, leaf.say("must be 1", "write version: 1")).describe("Version of this format: 1."),
    fleet: leaf.id().describe("Name of the fleet."),
    region: leaf.region().optional().describe("AWS region of every deployment that names none."),
    store: store.optional().describe("Where observations and incidents are kept."),
    slack: slack.optional().describe("The Slack workspace that is told."),
    fallback: fallback.optional().describe("A second route for when Slack does not deliver."),
    web: web.optional().describe("The daemon's own HTTP server."),
    vantages: z
      .never(leaf.say("probing from several vantages is not available yet", "remove vantages"))
      .optional()
      .describe("Not available yet."),
    incidents: incidents.optional().describe("How incidents behave."),
    checks: checksSchema.optional().describe("Settings by kind of check; every kind has defaults."),
    databases: z.record(z.string(), database).optional().describe("Databases behind the cores, by id."),
    deployments: z.array(deploymentSchema).max(10_000).optional().describe("Groups of cores behind one address."),
    endpoints: z.array(endpointSchema).max(20_000).optional().describe("Anything else that speaks HTTP, TCP or DNS."),
    heartbeats: z
      .array(heartbeatSchema)
      .max(20_000)
      .optional()
      .describe("Workers that cannot be reached and report in."),
    inventory: inventorySchema.optional().describe("How the fleet is found, where deployments are."),
    resolvers: z
      .array(resolverSchema)
      .min(1)
      .max(8)
      .optional()
      .describe("Name servers to ask in place of the system's: where names mean something else within the network."),
    alarms: alarmsSchema.optional().describe("CloudWatch alarms of the fleet, made and kept by corewatch alarms."),
    silences: z.array(silenceSchema).max(1000).optional().describe("Suppress alerting until a moment."),
    maintenance: z.array(maintenanceSchema).max(1000).optional().describe("Suppress alerting at recurring times."),
  })
  .describe("fleet.yaml of corewatch");

/** A configuration of the right shape, references resolved. */
export type Config = z.infer<typeof configSchemaSource>;
