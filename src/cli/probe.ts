import type { Observation } from "../domain/index.ts";
import { CHECK_KINDS } from "../domain/index.ts";
import { CHECKS, planTasks } from "../../checks/index.ts";
import { runTask } from "../../checks/run.ts";
import type { CommonOptions } from "./context.ts";
import { load, wantFormat } from "./context.ts";
import type { Doors } from "./doors.ts";
import { EXIT, type ExitCode, Problem } from "./exit.ts";
import { observationJson, rounded } from "./json.ts";
import { healthMark } from "./text.ts";

/** One probe with its phases and its own log: for 3 a.m. Needs no store and tells nobody. */
export async function probe(target: string, kind: string, options: CommonOptions, doors: Doors): Promise<ExitCode> {
  const format = wantFormat(options.format, ["text", "json"]);
  const check = CHECK_KINDS.find((one) => one === kind);
  if (check === undefined) {
    throw new Problem(EXIT.usage, `there is no check ${kind}; the kinds are ${CHECK_KINDS.join(", ")}`);
  }
  const { fleet } = await load(options, doors);
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
  const ports = await doors.ports(fleet);
  const started = doors.clock.monotonic();
  const lines: { atMs: number; line: string }[] = [];
  try {
    const observation = await runTask(
      { target: chosen.target, check, input: chosen.input },
      fleet.checks[check],
      ports,
      { slot: doors.clock.now(), latenessMs: 0 },
      undefined,
      (line) => lines.push({ atMs: rounded(doors.clock.monotonic() - started), line: doors.redactor.redact(line) }),
    );
    if (format === "json") {
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
    await ports.close();
  }
}

function phasesOf(observation: Observation): Record<string, number> {
  const phases = observation.phases ?? { total: observation.durationMs };
  return Object.fromEntries(Object.entries(phases).map(([name, ms]: [string, number]) => [name, rounded(ms)]));
}

function textReport(o: Observation, lines: readonly { atMs: number; line: string }[], colors: boolean): string {
  const out = [
    `${o.target.id} ${o.check}: ${healthMark(o.health, colors)} (${o.reason})${o.detail === "" ? "" : `: ${o.detail}`}`,
    `tells: ${CHECKS[o.check].tells}`,
    `phases: ${Object.entries(phasesOf(o))
      .map(([name, ms]) => `${name} ${ms} ms`)
      .join(", ")}`,
  ];
  const measures = Object.entries(o.measures);
  if (measures.length > 0)
    out.push(`measures: ${measures.map(([name, value]) => `${name} ${rounded(value)}`).join(", ")}`);
  for (const finding of o.findings ?? []) out.push(`finding: ${finding.target} ${finding.health} (${finding.reason})`);
  out.push("log:", ...lines.map((one) => `  +${one.atMs.toFixed(2).padStart(9)} ms  ${one.line}`), "");
  return out.join("\n");
}
