import { z } from "zod";
import * as leaf from "./leaves.ts";
import { parseListen, isAddress } from "./listen.ts";

const arn = (what: string, hint: string, pattern: RegExp): z.ZodString => leaf.form(what, hint, pattern);
const port = (): z.ZodNumber => leaf.whole(1, 65_535);

/** `deployments[].discovery` */
export const discoverySchema = z.strictObject({
  protocol: leaf.oneOf(["http", "https"]).optional().describe("How cores are spoken to; connectionUri's unless set."),
  address: leaf
    .oneOf(["private", "public"])
    .optional()
    .describe("Which address of an instance is used. Default private."),
  basePath: leaf
    .form(
      "a path",
      "like /auth, beginning with a slash and not ending with one",
      /^(\/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)+$/,
    )
    .optional()
    .describe("Path in front of /hello; connectionUri's unless set."),
  idPrefix: leaf
    .form(
      "the beginning of an id",
      "letters, digits, dot, underscore and hyphen, at most 56",
      /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,55}$/,
    )
    .optional()
    .describe("Found cores are called <idPrefix>-1, <idPrefix>-2 …; the app's id unless set."),
  apiKey: leaf.secret().optional().describe("API key of every found core, from the environment or a file."),
  targetGroup: leaf
    .form("the name of a target group", "like acme-production", /^[A-Za-z0-9-]{1,32}$/)
    .optional()
    .describe("target-group: the one group that holds the cores; every group of the load balancer unless set."),
  container: leaf
    .form("the name of a container", "as in the task definition", /^[A-Za-z0-9_-]{1,255}$/)
    .optional()
    .describe("ecs: the container that is the core; the first with a host port unless set."),
  containerPort: port().optional().describe("ecs: the core's port within its container; the first unless set."),
  tags: z
    .record(leaf.text("a tag", "its key, at most 128 characters").max(128), z.string().max(256))
    .refine((tags) => Object.keys(tags).length > 0, leaf.say("needs at least one tag", "like { app: acme }"))
    .optional()
    .describe("tags: instances that have all of these run the cores."),
  ports: z.array(port()).min(1).max(100).optional().describe("tags: ports on which each instance has a core."),
  query: z
    .string(leaf.say("must be an SQL query", "one SELECT"))
    .min(1, leaf.say("must not be empty", "one SELECT"))
    .max(10_000, leaf.say("is longer than 10000 characters", "put it into a view"))
    .optional()
    .describe(
      "control-database: one SELECT that gives a row for each core: host and port, and instance, zone, key, state, started_at where there are; $1 is the app, $2 the deployment's id.",
    ),
});

/** `deployments[].ecs` */
export const ecsSchema = z.strictObject({
  cluster: leaf
    .form(
      "the name or ARN of a cluster",
      "like acme-prod",
      /^([A-Za-z0-9_-]{1,255}|arn:aws[a-z-]*:ecs:[\w:/-]{1,400})$/,
    )
    .describe("Name or ARN of the ECS cluster."),
  service: leaf
    .form("the name or ARN of a service", "like acme", /^([A-Za-z0-9_-]{1,255}|arn:aws[a-z-]*:ecs:[\w:/-]{1,600})$/)
    .describe("Name or ARN of the ECS service that runs the cores."),
});

/** `deployments[].cloudfront` */
export const cloudfrontSchema = leaf.form(
  "a distribution",
  "its id, its domain name, or an alias of it",
  /^([A-Z0-9]{8,20}|([a-z0-9*]([a-z0-9-]{0,62}\.)?)+[a-z]{2,})$/i,
);

/** `inventory` */
export const inventorySchema = z.strictObject({
  schedule: leaf
    .cron('six fields, seconds first, like "*/15 * * * * *"')
    .optional()
    .describe("When sources are read: cron with seconds. Default every 15 s."),
  events: z
    .strictObject({
      queue: arn(
        "the ARN of a queue",
        "like arn:aws:sqs:eu-west-1:123456789012:host-notices",
        /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,90}$/,
      )
        .optional()
        .describe(
          "An SQS queue of its own, to which EventBridge sends notices of EC2: spot interruptions, rebalance recommendations, changes of state.",
        ),
      metadata: leaf
        .yesNo()
        .optional()
        .describe("Ask the metadata endpoint of the instance that corewatch runs on. Default false."),
    })
    .optional()
    .describe("Where notices that hosts will go come from."),
  budget: z
    .strictObject({
      development: leaf.duration("1s", "1h").optional().describe("Of development deployments. Default 20s."),
      production: leaf.duration("1s", "1h").optional().describe("Of production deployments. Default 5m."),
    })
    .optional()
    .describe("How long a new core may take until it answers."),
});

/** One of `resolvers`. */
export const resolverSchema = leaf
  .text("the address of a name server", "like 127.0.0.1:5300 or [::1]:53")
  .refine(
    isNameServer,
    leaf.say("must be an IP address, with a port where it is not 53", "like 127.0.0.1:5300 or [::1]:53"),
  );

function isNameServer(value: string): boolean {
  const { host, port: number } = parseListen(value) ?? { host: value, port: 53 };
  if (!isAddress(host) || number === 0) return false;
  return host.includes(":") ? URL.canParse(`http://[${host}]/`) : host.split(".").every((part) => Number(part) <= 255);
}
