import { formatDuration } from "../src/domain/index.ts";
import type { ChangeResult } from "./apply.ts";
import type { Change, Conflict, Drift } from "./change.ts";
import type { Lint } from "./lint.ts";
import type { FieldChange } from "./normalise.ts";
import { PLAIN, type Paint } from "./paint.ts";
import type { AlarmPlan, Unresolved } from "./plan.ts";
import { judgeSafety } from "./safety.ts";
import { idleSentence } from "./standing.ts";
import { siteKey } from "./world.ts";

/** Alarms named for one lint sentence before the rest is a number. */
const NAMED = 3;
/** A value longer than this is cut on screen; the JSON has all of it. */
const MAX_VALUE = 160;

/** A plan as people read it, with a closing line break. `idle` is said when it has no changes. */
export function renderPlan(plan: AlarmPlan, paint: Paint = PLAIN, idle: string = idleSentence(plan)): string {
  const lines: string[] = [paint.strong(`Alarms of ${plan.fleet}`)];
  for (const [site, changes] of Map.groupBy(plan.changes, siteKey)) {
    lines.push("", site, ...changes.flatMap((one) => renderChange(one, paint)));
  }
  if (plan.changes.length === 0) lines.push("", idle);
  lines.push(
    ...section(
      "Drift, done by hand since the last apply",
      plan.drift.flatMap((one) => renderDrift(one, paint)),
    ),
  );
  lines.push(
    ...section(
      "Conflicts, left alone",
      plan.conflicts.map((one) => renderConflict(one, paint)),
    ),
  );
  lines.push(
    ...section(
      "Load balancers not found, their alarms left alone",
      plan.unresolved.map((one) => renderUnresolved(one, paint)),
    ),
  );
  lines.push(...section("Lint", renderLint(plan.lint)));
  lines.push(
    ...section(
      "Could not be read",
      plan.problems.map((one) => `  ${paint.removed("!")} ${one.site}: ${one.message}`),
    ),
  );
  lines.push("", ...closing(plan, paint), "");
  return lines.join("\n");
}

/** Results of an apply as people read them, with a closing line break. */
export function renderResults(results: readonly ChangeResult[], paint: Paint = PLAIN): string {
  const lines = results.map(({ change, outcome, error }) => {
    const what = `${outcome.padEnd(7)} ${change.verb} ${change.kind} ${change.name}`;
    if (outcome === "done") return paint.added(what);
    return (outcome === "failed" ? paint.removed : paint.changed)(`${what}: ${error ?? ""}`);
  });
  const count = (outcome: ChangeResult["outcome"]): number => results.filter((one) => one.outcome === outcome).length;
  lines.push(`${count("done")} done, ${count("failed")} failed, ${count("skipped")} skipped.`, "");
  return lines.join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines];
}

function renderChange(change: Change, paint: Paint): string[] {
  const [sign, colour] =
    change.verb === "create"
      ? ["+", paint.added]
      : change.verb === "update"
        ? ["~", paint.changed]
        : ["-", paint.removed];
  const note = change.restores ? "   (was deleted by hand)" : "";
  const head = colour(`  ${sign} ${change.kind} ${change.name}${note}`);
  // What goes away is named; what it was is in the JSON.
  return change.verb === "delete" ? [head] : [head, ...renderFields(change.fields, change.verb === "create")];
}

function renderFields(fields: readonly FieldChange[], created: boolean): string[] {
  const width = Math.max(0, ...fields.map((one) => one.name.length));
  return fields
    .filter((one) => !created || !isEmpty(one.after))
    .map(({ name, before, after }) => {
      const label = `      ${name.padEnd(width)}  `;
      return created ? label + show(after) : `${label}${show(before)} → ${show(after)}`;
    });
}

function isEmpty(value: unknown): boolean {
  return value === "" || value === null || (Array.isArray(value) && value.length === 0);
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : value === null ? "none" : JSON.stringify(value);
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE)}…`;
}

/** One drift: what was left, and what is there now. */
export function renderDrift(drift: Drift, paint: Paint): string[] {
  const head = paint.changed(`  ${drift.kind} ${drift.name} (${siteKey(drift)}): ${drift.what} by hand`);
  return [head, ...renderFields(drift.fields, false)];
}

/** One conflict: the name, and why it is left alone. */
export function renderConflict(conflict: Conflict, paint: Paint): string {
  return `  ${paint.removed("!")} ${conflict.name} (${siteKey(conflict)}): ${conflict.reason}`;
}

/** One load balancer that AWS does not have. */
export function renderUnresolved({ loadBalancer, deployment, ...at }: Unresolved, paint: Paint): string {
  return `  ${paint.removed("!")} ${loadBalancer} of ${deployment} (${siteKey(at)})`;
}

function renderLint(lint: readonly Lint[]): string[] {
  const groups = Map.groupBy(lint, (one) => `${one.rule}: ${one.message}`);
  return [...groups].flatMap(([sentence, found]) => {
    const names = found.slice(0, NAMED).map((one) => one.alarm);
    const more = found.length - names.length;
    return [`  ${sentence}`, `      ${names.join("; ")}${more > 0 ? `; and ${more} more` : ""}`];
  });
}

function closing(plan: AlarmPlan, paint: Paint): string[] {
  const count = (verb: Change["verb"]): number => plan.changes.filter((one) => one.verb === verb).length;
  const lines = [
    paint.strong(
      `Plan: ${count("create")} to create, ${count("update")} to update, ${count("delete")} to delete; ` +
        `${plan.unchanged} unchanged, ${plan.foreign} foreign left alone.`,
    ),
    (plan.changes.length === 0
      ? "The"
      : `Applying takes about ${formatDuration(plan.estimate.seconds * 1_000)} at the API's rate; the`) +
      ` fleet's alarms cost $${plan.estimate.usdPerMonth.toFixed(2)} a month.`,
  ];
  const safety = judgeSafety(plan);
  if (safety.reason !== "ok") lines.push(paint.removed(`Refused without --force: ${safety.message}.`));
  if (!plan.complete) lines.push(paint.removed("Incomplete: not everything could be read, so nothing is deleted."));
  lines.push(paint.faint(`Hash ${plan.hash}`));
  return lines;
}
