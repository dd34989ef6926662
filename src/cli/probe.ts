import type { BeatReader, Observation, Phases } from "../domain/index.ts";
import { CHECK_KINDS } from "../domain/index.ts";
import { CHECKS, planTasks } from "../../checks/index.ts";
import { runTask } from "../../checks/run.ts";
import { readBeats } from "../watch/facts.ts";
import type { CommonOptions, Loaded } from "./context.ts";
import { reasonOf } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { loadFound } from "./found.ts";
import { observationJson, rounded } from "./json.ts";
import { healthMark } from "./text.ts";

/**
 * One probe with its phases and its own log: for 3 a.m. Tells nobody, and needs no store, except that beats of
 * heartbeats are in it.
 */
export async function probe(target: string, kind: string, options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const check = CHECK_KINDS.find((one) => one === kind);
  if (check === undefined) {
    throw new Problem(EXIT.usage, `there is no check ${kind}; the kinds are ${CHECK_KINDS.join(", ")}`);
  }
  const loaded = await loadFound(options, doors);
  const { fleet } = loaded;
  // A kind that is switched off can still be asked for by name.
  const targets = CHECKS[check].targets(fleet);
  const chosen = targets.find((one) => one.target.id === target);
  if (chosen === undefined) {
    const known = targets.map((one) => one.target.id);
    const elsewhere = planTasks(fleet)
      .filter((one) => one.target.id === target)
      .map((one) => one.check);
    throw new Problem(
      EXIT.usage,
      elsewhere.length > 0
        ? `${target} has no ${kind} check; it has ${[...new Set(elsewhere)].join(", ")}`
        : `there is no target ${target} for ${kind}; ${known.length > 0 ? `there are ${known.slice(0, 20).join(", ")}` : "the fleet has none"}`,
    );
  }
  const own = await doors.ports(fleet);
  const ports = check === "heartbeat" ? { ...own, beats: await storedBeats(loaded, own.beats, doors) } : own;
  const started = doors.clock.monotonic();
  const lines: { atMs: number; line: string }[] = [];
  try {
    const observation = await runTask(
      { target: chosen.target, check, input: chosen.input },
      fleet.checks[check],
      ports,
      { slot: doors.clock.now(), latenessMs: 0 },
      doors.signal,
      (line) => lines.push({ atMs: rounded(doors.clock.monotonic() - started), line: doors.redactor.redact(line) }),
    );
    doors.signal.throwIfAborted();
    if (options.format === "json") {
      const document = {
        ...observationJson(observation),
        phases: phasesOf(observation),
        findings: observation.findings ?? [],
        log: lines,
      };
      doors.out(`${JSON.stringify(document, null, 2)}\n`);
    } else doors.out(textReport(observation, lines, doors.colors && options.color));
    return observation.health === "down" ? EXIT.bad : observation.health === "unknown" ? EXIT.unsure : EXIT.good;
  } finally {
    await own.close();
  }
}

/** Beats as the store has them; `otherwise`, with a warning, when it is out of reach. */
async function storedBeats({ fleet, path, log }: Loaded, otherwise: BeatReader, doors: Doors): Promise<BeatReader> {
  try {
    const opened = await doors.openStore(fleet, path, log);
    try {
      return await readBeats(opened.store, doors.clock.now());
    } finally {
      await opened.stop();
    }
  } catch (error) {
    log.warn(`beats are in the store, which could not be read: ${doors.redactor.redact(reasonOf(error))}`);
    return otherwise;
  }
}

/** All phases in their order; `null` for one that did not happen. */
function phasesOf({ phases, durationMs }: Observation): Record<keyof Phases, number | null> {
  const of = (ms: number | undefined): number | null => (ms === undefined ? null : rounded(ms));
  return {
    dns: of(phases?.dns),
    connect: of(phases?.connect),
    tls: of(phases?.tls),
    firstByte: of(phases?.firstByte),
    total: rounded(phases?.total ?? durationMs),
  };
}

function textReport(o: Observation, lines: readonly { atMs: number; line: string }[], colors: boolean): string {
  const out = [
    `${o.target.id} ${o.check}: ${healthMark(o.health, colors)} (${o.reason})${o.detail === "" ? "" : `: ${o.detail}`}`,
    `tells: ${CHECKS[o.check].tells}`,
    `phases: ${Object.entries(phasesOf(o))
      .flatMap(([name, ms]) => (ms === null ? [] : `${name} ${ms} ms`))
      .join(", ")}`,
  ];
  const measures = Object.entries(o.measures);
  if (measures.length > 0)
    out.push(`measures: ${measures.map(([name, value]) => `${name} ${rounded(value)}`).join(", ")}`);
  for (const finding of o.findings ?? []) out.push(`finding: ${finding.target} ${finding.health} (${finding.reason})`);
  out.push("log:", ...lines.map((one) => `  +${one.atMs.toFixed(2).padStart(9)} ms  ${one.line}`), "");
  return out.join("\n");
}
