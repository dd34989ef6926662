import type { CommonOptions } from "./context.ts";
import { load } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";

/** Sends and edits one message and checks the scopes. */
export async function slackTest(
  options: CommonOptions & { readonly channel?: string },
  doors: Doors,
): Promise<ExitCode> {
  const { fleet, log } = await load(options, doors);
  const channel = options.channel ?? fleet.slack?.channel;
  if (fleet.slack === undefined || channel === undefined) {
    throw new Problem(EXIT.configuration, `the configuration has no "slack" section: give it a token and a channel`);
  }
  const steps = await doors.slackTest(fleet, channel, log);
  const ok = steps.every((one) => one.ok || !one.needed);
  if (options.format === "json") doors.out(`${JSON.stringify({ channel, ok, steps }, null, 2)}\n`);
  else doors.out(`${steps.map((one) => `${one.ok ? "ok    " : "failed"}  ${one.step}: ${one.detail}`).join("\n")}\n`);
  return ok ? EXIT.good : EXIT.bad;
}

/** Prints the manifest to create the Slack app from: Slack takes both forms, and the YAML explains its scopes. */
export async function slackManifest(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const { yaml, data } = await doors.slackManifest();
  doors.out(options.format === "json" ? `${JSON.stringify(data, null, 2)}\n` : yaml);
  return EXIT.good;
}
