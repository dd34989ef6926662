import { makePlan } from "../../alarms/planning.ts";
import type { Paint } from "../../alarms/paint.ts";
import type { AlarmPlan } from "../../alarms/plan.ts";
import { renderConflict, renderDrift, renderUnresolved } from "../../alarms/render.ts";
import { readRecord } from "../../alarms/run.ts";
import { idleSentence } from "../../alarms/standing.ts";
import { isOwned } from "../../alarms/tags.ts";
import { siteKey, type World } from "../../alarms/world.ts";
import type { AlarmState, Fleet } from "../domain/index.ts";
import { paintOf, withAlarms } from "./alarms-desk.ts";
import { wantFormat, type CommonOptions } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { iso } from "./json.ts";
import { table } from "./text.ts";

interface Status {
  readonly alarms: readonly {
    readonly name: string;
    readonly account: string;
    readonly region: string;
    readonly state: AlarmState;
    readonly since: string;
    readonly reason: string;
  }[];
  readonly subscriptions: readonly {
    readonly topic: string;
    readonly protocol: string;
    readonly endpoint: string;
    readonly confirmed: boolean;
  }[];
}

/** Drift since the last apply, the states of the fleet's alarms, and who would hear of them. */
export async function alarmsStatus(options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  return withAlarms(options, doors, async ({ fleet, store, ports, signal }) => {
    const { plan, world } = await makePlan(fleet, await readRecord(store), ports);
    if (signal.aborted) return EXIT.interrupted;
    const status = statusOf(fleet, world);
    if (format === "json") {
      const { drift, conflicts, complete, unresolved, problems } = plan;
      const document = { fleet: fleet.name, at: iso(doors.clock.now()), drift, ...status };
      const rest = { changes: plan.changes.length, conflicts, complete, unresolved, problems };
      doors.out(`${JSON.stringify({ ...document, ...rest }, null, 2)}\n`);
    } else doors.out(render(fleet, plan, status, paintOf(options, doors)));
    if (status.alarms.some((one) => one.state === "ALARM")) return EXIT.bad;
    return plan.complete && plan.unresolved.length === 0 ? EXIT.good : EXIT.unsure;
  });
}

function statusOf(fleet: Fleet, world: World): Status {
  return {
    alarms: world.sites.flatMap(({ account, region, alarms, tags }) =>
      alarms
        .filter((one) => isOwned(tags.get(one.arn), fleet.name, one.definition.name))
        .map(({ definition: { name }, state, stateAt, stateReason: reason }) => ({
          name,
          account,
          region,
          state,
          since: iso(stateAt),
          reason,
        })),
    ),
    subscriptions: world.sites.flatMap(({ topics }) =>
      [...topics].flatMap(([topic, found]) =>
        (found?.subscriptions ?? []).map(({ protocol, endpoint, confirmed }) => ({
          topic,
          protocol,
          endpoint,
          confirmed,
        })),
      ),
    ),
  };
}

function render(fleet: Fleet, plan: AlarmPlan, { alarms, subscriptions }: Status, paint: Paint): string {
  const colour = { OK: paint.added, ALARM: paint.removed, INSUFFICIENT_DATA: paint.changed } as const;
  const count = (state: AlarmState): number => alarms.filter((one) => one.state === state).length;
  const lines = [
    paint.strong(`Alarms of ${fleet.name}`),
    "",
    ...section(
      alarms.map((one) => [`  ${colour[one.state](one.state)}`, one.name, siteKey(one), `since ${one.since}`]),
    ),
    `${alarms.length} alarms: ${count("OK")} OK, ${count("ALARM")} in alarm, ${count("INSUFFICIENT_DATA")} without data`,
    "",
  ];
  const pending = subscriptions.filter((one) => !one.confirmed);
  if (pending.length > 0) {
    lines.push("Subscriptions that nobody confirmed, and so hear nothing:");
    lines.push(...section(pending.map((one) => [`  ${one.protocol}`, one.endpoint, one.topic])));
  }
  if (subscriptions.length === pending.length && alarms.length > 0)
    lines.push(paint.removed("No topic has a confirmed subscription: nobody hears of an alarm."), "");
  if (plan.drift.length > 0) lines.push("Drift, done by hand since the last apply:");
  lines.push(...plan.drift.flatMap((one) => renderDrift(one, paint)));
  if (plan.conflicts.length > 0) lines.push("Conflicts, left alone:");
  lines.push(...plan.conflicts.map((one) => renderConflict(one, paint)));
  if (plan.unresolved.length > 0) lines.push("Load balancers not found, their alarms left alone:");
  lines.push(...plan.unresolved.map((one) => renderUnresolved(one, paint)));
  lines.push(...plan.problems.map((one) => `${paint.removed("could not be read")} ${one.site}: ${one.message}`));
  lines.push(
    plan.changes.length === 0
      ? idleSentence(plan)
      : `${plan.changes.length} changes are due: "corewatch alarms plan" shows them.`,
    "",
  );
  return lines.join("\n");
}

function section(rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [table(rows), ""];
}
