import type { CheckKind, Diagnosis, Health, Observation } from "../domain/index.ts";
import { CAUSE_TEXTS, CHECK_KINDS } from "../domain/index.ts";
import { planTasks } from "../../checks/index.ts";
import { sweepFleet } from "../watch/one-shot.ts";
import type { CommonOptions } from "./context.ts";
import { load, wantFormat } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { diagnosisJson, iso, observationJson } from "./json.ts";
import { junit } from "./junit.ts";
import { healthMark, table } from "./text.ts";

/** Options of `corewatch sweep`. */
export interface SweepOptions extends CommonOptions {
  readonly only?: readonly string[];
  readonly deployment?: readonly string[];
  readonly notify: boolean;
  readonly failOn: string;
}

/** How long a one-shot sweep drains the outbox (the contract's 10 s). */
const DRAIN_MS = 10_000;

/** One sweep now: probes at once, judges with the stored thresholds, tells Slack, and gives the verdict as exit code. */
export async function sweep(options: SweepOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json", "junit"]);
  if (options.failOn !== "down" && options.failOn !== "degraded") {
    throw new Problem(EXIT.usage, `--fail-on takes down or degraded, not ${options.failOn}`);
  }
  const kinds = kindsOf(options.only);
  const { fleet, path, log } = await load(options, doors);
  for (const id of options.deployment ?? []) {
    if (!fleet.deployments.some((one) => one.id === id)) {
      throw new Problem(
        EXIT.usage,
        `there is no deployment ${id} in ${path}: it has ${fleet.deployments.map((d) => d.id).join(", ")}`,
      );
    }
  }
  const databases = new Set(fleet.deployments.filter((d) => options.deployment?.includes(d.id)).map((d) => d.database));
  const tasks = planTasks(fleet).filter(
    (task) =>
      (kinds === undefined || kinds.has(task.check)) &&
      (options.deployment === undefined ||
        (task.target.deployment !== null && options.deployment.includes(task.target.deployment)) ||
        (task.target.kind === "database" && databases.has(task.target.id))),
  );
  if (tasks.length === 0)
    throw new Problem(EXIT.usage, "nothing to sweep: no enabled check matches --only and --deployment");

  const startedAt = doors.clock.now();
  const opening = options.notify ? doors.openStore(fleet, path, log) : undefined;
  // A rejected opening is awaited below; until then it must not count as unhandled.
  opening?.catch(() => undefined);
  const ports = await doors.ports(fleet);
  const opened = await opening;
  try {
    const found = await sweepFleet({
      fleet,
      tasks,
      ports,
      clock: doors.clock,
      log,
      ticker: await doors.ticker(),
      store: opened?.store,
    });
    if (opened !== undefined) {
      const drained = await doors.drain(fleet, opened.store, log, DRAIN_MS);
      if (drained.waiting > 0)
        log.warn(`${drained.waiting} notices wait in the outbox: the daemon or the next sweep sends them`);
    }
    const finishedAt = doors.clock.now();
    const summary = summarise(found.observations);
    if (format === "json") {
      const document = {
        fleet: fleet.name,
        slot: iso(startedAt),
        startedAt: iso(startedAt),
        finishedAt: iso(finishedAt),
        observations: found.observations.map(observationJson),
        diagnoses: found.diagnoses.map(diagnosisJson),
        summary,
      };
      doors.out(`${JSON.stringify(document, null, 2)}\n`);
    } else if (format === "junit") doors.out(junitReport(fleet.name, startedAt, found.observations, options.failOn));
    else doors.out(textReport(fleet.name, found.observations, found.diagnoses, summary, doors.colors && options.color));
    return verdict(summary, options.failOn);
  } finally {
    await ports.close();
    await opened?.stop();
  }
}

function kindsOf(only: readonly string[] | undefined): Set<CheckKind> | undefined {
  if (only === undefined) return undefined;
  return new Set(
    only
      .flatMap((one) => one.split(","))
      .map((name) => {
        const kind = CHECK_KINDS.find((one) => one === name);
        if (kind !== undefined) return kind;
        throw new Problem(
          EXIT.usage,
          `--only ${name}: there is no such check; the kinds are ${CHECK_KINDS.join(", ")}`,
        );
      }),
  );
}

function summarise(observations: readonly Observation[]): Record<Health, number> {
  const summary: Record<Health, number> = { up: 0, degraded: 0, down: 0, unknown: 0 };
  for (const one of observations) summary[one.health]++;
  return summary;
}

function verdict(summary: Record<Health, number>, failOn: "down" | "degraded"): ExitCode {
  if (summary.down > 0 || (failOn === "degraded" && summary.degraded > 0)) return EXIT.bad;
  return summary.unknown > 0 ? EXIT.unsure : EXIT.good;
}

function junitReport(fleet: string, at: number, observations: readonly Observation[], failOn: string): string {
  return junit(
    `corewatch sweep ${fleet}`,
    iso(at),
    observations.map((o) => ({
      classname: o.check,
      name: o.target.id,
      seconds: o.durationMs / 1000,
      outcome:
        o.health === "down" || (o.health === "degraded" && failOn === "degraded")
          ? ("failed" as const)
          : o.health === "unknown"
            ? ("error" as const)
            : ("passed" as const),
      type: o.reason,
      message: o.detail,
    })),
  );
}

function textReport(
  fleet: string,
  observations: readonly Observation[],
  diagnoses: readonly Diagnosis[],
  summary: Record<Health, number>,
  colors: boolean,
): string {
  const rows = observations.map((o) => [
    healthMark(o.health, colors),
    o.target.id,
    o.check,
    `${Math.round(o.durationMs)} ms`,
    o.reason === "ok" ? "" : o.reason,
    o.detail,
  ]);
  const lines = [`${fleet}: ${observations.length} checks`, "", table(rows), ""];
  for (const d of diagnoses) {
    lines.push(`${CAUSE_TEXTS[d.cause].title} (${d.scope.id}, ${d.severity}): ${CAUSE_TEXTS[d.cause].meaning}`);
    for (const sentence of d.evidence) lines.push(`  - ${sentence}`);
    lines.push(`  look at: ${CAUSE_TEXTS[d.cause].lookAt}`, "");
  }
  lines.push(`${summary.up} up, ${summary.degraded} degraded, ${summary.down} down, ${summary.unknown} unknown`, "");
  return lines.join("\n");
}
