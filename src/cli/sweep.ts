import type { CheckKind, Diagnosis, Fleet, Health, Log, Observation, Store } from "../domain/index.ts";
import { CAUSE_TEXTS, CHECK_KINDS, StoreUnavailable } from "../domain/index.ts";
import type { Task } from "../../checks/check.ts";
import { planTasks } from "../../checks/index.ts";
import { createKeySets } from "../../checks/key-sets.ts";
import { loadKeySets, readBeats, saveKeySets } from "../watch/facts.ts";
import { sweepFleet } from "../watch/one-shot.ts";
import type { CommonOptions } from "./context.ts";
import { loadFound } from "./found.ts";
import type { Doors, OpenedStore } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { unlessInterrupted } from "./interruption.ts";
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
  if (options.failOn !== "down" && options.failOn !== "degraded") {
    throw new Problem(EXIT.usage, `--fail-on takes down or degraded, not ${options.failOn}`);
  }
  const kinds = kindsOf(options.only);
  const { fleet, path, log } = await loadFound(options, doors);
  const tasks = tasksOf(fleet, path, kinds, options, log);
  const startedAt = doors.clock.now();
  const opening = options.notify ? openIfThere(fleet, path, log, doors) : undefined;
  const ports = await doors.ports(fleet);
  const opened = await opening;
  let isAlone = options.notify && opened === undefined;
  try {
    doors.signal.throwIfAborted();
    const memory = opened === undefined ? undefined : await remember(opened.store, startedAt, log);
    const found = await sweepFleet({
      fleet,
      tasks,
      ports: { ...ports, ...memory },
      clock: doors.clock,
      log,
      ticker: await doors.ticker(),
      store: opened?.store,
      signal: doors.signal,
    });
    if (found.lost !== undefined) log.warn(withoutStore(found.lost));
    else if (opened !== undefined) await unlessInterrupted(settle(opened.store), doors.signal);
    isAlone ||= found.lost !== undefined;
    const finishedAt = doors.clock.now();
    const summary = summarise(found.observations);
    if (options.format === "json") {
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
    } else if (options.format === "junit")
      doors.out(junitReport(fleet.name, startedAt, found.observations, options.failOn));
    else doors.out(textReport(fleet.name, found.observations, found.diagnoses, summary, doors.colors && options.color));
    const code = verdict(summary, options.failOn);
    // What is well may stand for an incident that could not be resolved, and nobody was told: that is no good end.
    return code === EXIT.good && isAlone ? EXIT.unsure : code;

    async function settle(store: Store): Promise<void> {
      try {
        if (memory !== undefined && tasks.some((one) => one.check === "jwks"))
          await saveKeySets(store, memory.keySets.dump());
        const drained = await doors.drain(fleet, store, log, DRAIN_MS);
        if (drained.waiting > 0)
          log.warn(`${drained.waiting} notices wait in the outbox: the daemon or the next sweep sends them`);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        log.warn(withoutStore(error));
        isAlone = true;
      }
    }
  } finally {
    await ports.close();
    await opened?.stop();
  }
}

/** The store; `undefined`, with a warning, when it is out of reach: what is down is down all the same. */
async function openIfThere(fleet: Fleet, path: string, log: Log, doors: Doors): Promise<OpenedStore | undefined> {
  try {
    return await doors.openStore(fleet, path, log);
  } catch (error) {
    if (error instanceof Problem && error.exit !== EXIT.unsure) throw error;
    log.warn(doors.redactor.redact(withoutStore(error)));
    return undefined;
  }
}

function withoutStore(error: unknown): string {
  return `${error instanceof Error ? error.message : String(error)}; this sweep judges by itself and tells nobody`;
}

/** What other processes saw: beats, and the keys that cores sign with. `undefined` when the store got out of reach. */
async function remember(store: Store, now: number, log: Log) {
  try {
    const [beats, saved] = await Promise.all([readBeats(store, now), loadKeySets(store)]);
    return { beats, keySets: createKeySets(saved) };
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    log.debug(`what was seen earlier cannot be read: ${error.message}`);
    return undefined;
  }
}

/** What to probe. @throws Problem 64 when that is nothing, or there is no such deployment. */
function tasksOf(
  fleet: Fleet,
  path: string,
  kinds: ReadonlySet<CheckKind> | undefined,
  { deployment, notify }: SweepOptions,
  log: Log,
): Task[] {
  for (const id of deployment ?? []) {
    if (!fleet.deployments.some((one) => one.id === id)) {
      throw new Problem(
        EXIT.usage,
        `there is no deployment ${id} in ${path}: it has ${fleet.deployments.map((d) => d.id).join(", ")}`,
      );
    }
  }
  const all = planTasks(fleet);
  if (all.length === 0) {
    throw new Problem(
      EXIT.usage,
      `nothing to sweep: ${path} names nothing to look at; give it deployments, databases or endpoints`,
    );
  }
  const databases = new Set(fleet.deployments.filter((d) => deployment?.includes(d.id)).map((d) => d.database));
  const chosen = all.filter(
    (task) =>
      (kinds === undefined || kinds.has(task.check)) &&
      (deployment === undefined ||
        (task.target.deployment !== null && deployment.includes(task.target.deployment)) ||
        (task.target.kind === "database" && databases.has(task.target.id))),
  );
  // Beats are in the store alone: without it every one of them would be unknown.
  const isBlind = !notify && kinds === undefined;
  const tasks = isBlind ? chosen.filter((task) => task.check !== "heartbeat") : chosen;
  if (tasks.length < chosen.length) {
    log.info(
      `${chosen.length - tasks.length} heartbeats are left out: with --no-notify there is no store to read them from`,
    );
  }
  if (tasks.length > 0) return tasks;
  throw new Problem(
    EXIT.usage,
    chosen.length > 0
      ? "nothing to sweep: there are heartbeats only, which --no-notify cannot see"
      : "nothing to sweep: no enabled check matches --only and --deployment",
  );
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
