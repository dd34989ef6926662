import { randomBytes } from "node:crypto";
import { runDrill, type DrillResult, type DrillTarget } from "../../alarms/drill-run.ts";
import type { Paint } from "../../alarms/paint.ts";
import { DrillDesk, recordDrill } from "../watch/alarm-drills.ts";
import { openWindows } from "../watch/alarm-mutes.ts";
import { isReceiving } from "../watch/alarm-receiving.ts";
import { paintOf, withAlarms } from "./alarms-desk.ts";
import { wantFormat, type CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { iso } from "./json.ts";
import { table } from "./text.ts";

/** Options of `alarms drill`. */
export interface DrillCommandOptions extends CommonOptions {
  readonly real?: boolean;
}

/**
 * Proves the path from alarm to Slack: sets the drill's alarm off and follows its message. Where alarms
 * arrive by themselves the daemon has to run, since it is what receives; elsewhere this command polls and tells by itself.
 */
export async function drillAlarms(options: DrillCommandOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  return withAlarms(options, doors, async ({ fleet, store, ports, log, signal }) => {
    const { clock } = doors;
    const ticker = await doors.ticker();
    const desk = new DrillDesk({ clock, log, store, tell: await doors.tellDrill(fleet, log) });
    const result = await runDrill(
      fleet,
      {
        ...ports,
        clock,
        store,
        newNonce: () => randomBytes(8).toString("hex"),
        trace: (nonce) => desk.trace(nonce),
        deliver: async (event) => void (await desk.take(event, null)),
        announce: (target) => doors.err(announcement(target)),
        windows: () => openWindows(fleet, clock.now(), ticker),
        receives: () => isReceiving(store, clock, signal),
      },
      { real: options.real === true, chat: fleet.slack !== undefined },
    );
    if (signal.aborted) return EXIT.interrupted;
    await recordDrill(store, result);
    doors.out(
      format === "json" ? `${JSON.stringify(documentOf(result), null, 2)}\n` : render(result, paintOf(options, doors)),
    );
    if (result.outcome === "delivered") return EXIT.good;
    return result.outcome === "unknown" ? EXIT.unsure : EXIT.bad;
  });
}

/** Who hears of it, before anything is set off. */
function announcement({ site, alarm, real, actions, subscribers }: DrillTarget): string {
  const lines = [`${site}: setting "${alarm}" to ALARM`];
  if (real) lines.push(`  a real alarm: its actions run: ${actions.join(", ")}`);
  for (const one of subscribers)
    lines.push(`  ${one.confirmed ? "told" : "not confirmed"}: ${one.protocol} ${one.endpoint}`);
  if (subscribers.length === 0) lines.push("  its topics have no subscription");
  return `${lines.join("\n")}\n`;
}

function documentOf({ outcome, hops, problems, at }: DrillResult): Record<string, unknown> {
  return { hops: hops.map((one) => ({ ...one, at: iso(one.at) })), outcome, problems, at: iso(at) };
}

function render({ outcome, hops, problems }: DrillResult, paint: Paint): string {
  const rows = hops.map((one) => [`  ${one.name}`, iso(one.at), `+${one.ms} ms`, one.site]);
  const word = {
    delivered: paint.added("The path delivers."),
    "not-received": paint.removed("Nothing was received."),
    "not-told": paint.removed("It was received, and Slack was not told."),
    unknown: paint.changed("The drill could not be made: nothing is known of the path."),
  } as const;
  return [table(rows), ...problems.map((one) => `  ${one}`), word[outcome], ""]
    .filter((one, at) => at > 0 || one !== "")
    .join("\n");
}
