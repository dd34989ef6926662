import { DEFAULTS } from "../../checks/check.ts";
import type { Check, ProbeContext, Task } from "../../checks/check.ts";
import type { ProbePorts } from "../../checks/run.ts";
import { CHECK_KINDS } from "../../src/domain/index.ts";
import type { CheckKind, CheckSettings, Clock, Outcome } from "../../src/domain/index.ts";

/** Ports of probes that only look at the clock. */
export function clockPorts(clock: Clock): ProbePorts {
  return { clock } as ProbePorts;
}

/** The same probe for every kind of check. */
export function allKinds(
  probe: (input: unknown, context: ProbeContext) => Promise<Outcome>,
): Record<CheckKind, Pick<Check, "probe">> {
  return Object.fromEntries(CHECK_KINDS.map((kind) => [kind, { probe }])) as Record<CheckKind, Pick<Check, "probe">>;
}

/** A core's task; the input is its name. */
export function coreTask(name: string, check: CheckKind = "hello"): Task {
  const [deployment = "acme"] = name.split("/");
  return { target: { kind: "core", id: name, deployment }, check, input: name };
}

/** Default settings with `schedule`. */
export function settings(schedule = "*/10 * * * * *", more: Partial<CheckSettings> = {}): CheckSettings {
  return { ...DEFAULTS, schedule, timezone: "UTC", ...more };
}

/** What a well target gives. */
export const UP: Outcome = { health: "up", reason: "ok", detail: "", measures: {} };
/** What a target that does not answer gives. */
export const DOWN: Outcome = { health: "down", reason: "connection-refused", detail: "refused", measures: {} };
