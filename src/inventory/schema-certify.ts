import { z } from "zod";
import { STAGE_KINDS } from "../domain/index.ts";
import * as leaf from "./leaves.ts";

/** `{{name}}` in a hook's texts, filled in when it is called. */
export const PLACEHOLDERS = ["core", "instance", "url", "app", "deployment", "cores"] as const;

const PLACEHOLDER_HELP = `${PLACEHOLDERS.map((name) => `{{${name}}}`).join(", ")} are filled in.`;
const MAX_TEXT = 64 * 1024;

/** A URL in which placeholders may stand; `{{url}}` is the core's own. */
function hookUrl(): z.ZodString {
  return leaf.text("a URL", "like https://ops.example.com/scale").superRefine((value, context) => {
    const filled = value.replace(/^\{\{url\}\}/, "https://core.example.com").replaceAll(/\{\{\w*\}\}/g, "x");
    const checked = leaf.openUrl(["https", "http"]).safeParse(filled);
    for (const issue of checked.error?.issues ?? []) context.addIssue({ code: "custom", message: issue.message });
  });
}

const name = "a header name";
const request = z.strictObject({
  url: hookUrl().describe(
    `Where it is sent. Shown to people: secrets belong into params or headers. ${PLACEHOLDER_HELP}`,
  ),
  method: leaf.oneOf(["GET", "POST", "PUT", "DELETE"]).optional().describe("Default POST."),
  params: z
    .record(
      z.string().max(200, leaf.say("is longer than 200 characters", "shorten it")),
      z
        .string(leaf.say("must be text", 'in quotes; a secret as "${env:NAME}" or "${file:PATH}"'))
        .max(MAX_TEXT, leaf.say(`is longer than ${MAX_TEXT} characters`, "shorten it")),
    )
    .optional()
    .describe(`Parameters, never shown. ${PLACEHOLDER_HELP}`),
  as: leaf.oneOf(["json", "form"]).optional().describe("How the parameters are sent. Default json."),
  headers: z
    .record(leaf.form(name, "like X-Api-Key", /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/), leaf.secret())
    .optional()
    .describe("Headers that are sent; never shown."),
  timeout: leaf.duration("100ms", "1h").optional().describe("How long the answer may take. Default 30s."),
});

const command = z
  .array(leaf.text("a text", "program and arguments, each in quotes"))
  .min(1)
  .max(100)
  .optional()
  .describe(`Program and arguments, run without a shell; shown to people. ${PLACEHOLDER_HELP}`);
const commandTimeout = leaf
  .duration("100ms", "1h")
  .optional()
  .describe("How long the command may run. Default 5m; a request has its own timeout.");

const hook = z.strictObject({
  request: request.optional().describe("An HTTP request."),
  command,
  timeout: commandTimeout,
  targetGroup: z
    .literal(true, leaf.say("must be true", "or write request: or command: in its place"))
    .optional()
    .describe("true: the core is taken out of the target groups of its load balancer, or put into them again."),
});

/** `deployments[].scale` */
export const scaleSchema = z.strictObject({
  request: request.optional().describe("The runbook's scale call."),
  command,
  timeout: commandTimeout,
  remove: hook.optional().describe("How the added core is taken away again."),
});

const share = leaf.share;

const limits = z.strictObject({
  stage: leaf.oneOf(STAGE_KINDS).describe("Stage of the plan."),
  from: leaf.duration("0s", "30d").optional().describe("From the begin of the stage. Default 0s."),
  to: leaf.duration("1ms", "30d").optional().describe("To this moment of the stage; to its end unless set."),
  errors: share().optional().describe("Share of arrivals that may fail."),
  p99: leaf.duration("1ms", "5m").optional().describe("99th percentile of response time."),
});

const thresholds = z.strictObject({
  rate: leaf.whole(1, 1_000_000).optional().describe("Requests a second that must be held."),
  duration: leaf.duration("1s", "30d").optional().describe("How long the rate must be held."),
  arrivalError: share().optional().describe("By how much the rate of arrivals may differ from the planned one."),
  errors: share().optional().describe("Share of arrivals that may fail."),
  p99: leaf.duration("1ms", "5m").optional().describe("99th percentile of response time."),
  slow: z
    .strictObject({
      over: leaf.duration("1ms", "5m").optional().describe("Answers that take longer are slow."),
      share: share().optional().describe("Share of arrivals that may be slow."),
    })
    .optional()
    .describe("Slow answers."),
  lateness: leaf
    .duration("1ms", "1m")
    .optional()
    .describe("99th percentile of the generator's own lateness; more makes a stage invalid."),
  dispersion: leaf
    .decimal(0.01, 100)
    .optional()
    .describe("Index of dispersion of what the generator sent, over that of what was planned; more is invalid."),
  sessions: leaf.whole(0, 1_000_000_000).optional().describe("Sessions that the database must hold."),
  users: leaf.whole(0, 1_000_000_000).optional().describe("Users that the database must hold."),
  fullToEmpty: leaf.decimal(1, 100).optional().describe("p99 with the database full, over that with it empty."),
  survival: z
    .strictObject({
      errors: share().optional().describe("Share of the survival stage's arrivals that may fail."),
      settle: leaf
        .duration("0s", "1h")
        .optional()
        .describe("How long after the cores went away more than the usual errors may happen."),
      detection: leaf.duration("1s", "1h").optional().describe("From the cores going away to the incident."),
      toSlack: leaf.duration("1s", "1h").optional().describe("From the incident to its message in Slack."),
      recovery: leaf.duration("1s", "1h").optional().describe("From the cores coming back to the resolution."),
    })
    .optional()
    .describe("All cores but one are taken away under load."),
  scaleOut: z
    .strictObject({
      shareOfEven: share().optional().describe("Part of an even share that an added core must take."),
      firstShare: leaf.duration("1s", "1h").optional().describe("From the scale call to the new core's first traffic."),
    })
    .optional()
    .describe("A core is added under load."),
  spread: z
    .strictObject({
      instances: leaf.whole(1, 1000).optional().describe("Instances that the cores must stand on."),
      zones: leaf.whole(1, 100).optional().describe("Availability zones that the cores must stand in."),
    })
    .optional()
    .describe("Where the cores stand."),
  connections: share().optional().describe("Share of max_connections that all pools together may take."),
  breaker: z
    .strictObject({
      errors: share().optional().describe("Share of errors at which the load stops by itself …"),
      over: leaf.duration("1s", "1h").optional().describe("… when it lasts this long."),
    })
    .optional()
    .describe("The circuit breaker."),
  alarms: leaf.duration("1s", "2h").optional().describe("How long an expected alarm may take to fire and to go back."),
  drift: leaf.decimal(1, 100).optional().describe("Soak: p99 of the last tenth over that of the first."),
  windows: z.array(limits).max(100).optional().describe("Limits of single stages and times, beside the general ones."),
});

const scenario = z.union(
  [
    leaf.form("a scenario's name", "like session-mix", leaf.ID),
    z.strictObject({
      name: leaf.form("a scenario's name", "like session-mix", leaf.ID).describe("Name of the scenario."),
      settings: z.record(z.string(), z.unknown()).optional().describe("Settings of that scenario. Stand in reports."),
    }),
  ],
  leaf.say("must be a scenario's name, or a map of name and settings", "like session-mix"),
);

/** `deployments[].certify` */
export const certifySchema = z.strictObject({
  allowed: leaf.yesNo().optional().describe("Whether load may be put on this deployment. Default false."),
  targets: z
    .array(leaf.network())
    .max(1000)
    .optional()
    .describe("Addresses and networks, beside the inventory's, that the connectionUri may resolve to."),
  scenario: scenario.optional().describe("What the load does; the plan's own unless set."),
  coreHeader: leaf
    .form(name, "like X-Served-By", /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/)
    .optional()
    .describe("Response header that names the core which answered, by its id."),
  passwordRounds: leaf.whole(4, 31).optional().describe("bcrypt rounds of the cores; stated with sign-in."),
  thresholds: thresholds.optional().describe("What must be met; the runbook's list unless set."),
  survival: z
    .strictObject({
      away: hook.describe("Takes one core away."),
      back: hook.describe("Brings it back."),
    })
    .optional()
    .describe("How a core is taken away under load, and brought back."),
});
