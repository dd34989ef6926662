import type { CheckSettings, Observation, Outcome, Timer } from "../src/domain/index.ts";
import type { Check, ProbeContext, Task } from "./check.ts";
import { CHECKS } from "./index.ts";

/** What probes use of the world: everything but what is one probe's own. */
export type ProbePorts = Omit<ProbeContext, "settings" | "signal" | "trace">;

/** To which slot a probe belongs, and how late it starts. */
export interface When {
  /** Epoch ms. */
  readonly slot: number;
  readonly latenessMs: number;
}

/** A probe under way. */
export interface Run {
  /** Never rejects. */
  readonly done: Promise<Observation>;
  /** Calls it off: it ends as `unknown` / `cancelled`. */
  readonly cancel: () => void;
}

/**
 * How long a probe has, once its signal aborted, to say in its own words (phases, which step it was in) what it waited
 * for. After that the engine ends it, whatever the probe does.
 */
export const LAST_WORD_MS = 100;

/**
 * Runs one probe to its end: never throws and never lasts longer than `settings.timeoutMs` plus {@link LAST_WORD_MS}.
 * What the probe throws is `unknown` / `internal-error`: a fault of corewatch is no news of the target.
 */
export async function runTask(
  task: Task,
  settings: CheckSettings,
  ports: ProbePorts,
  when: When,
  outer?: AbortSignal,
  trace?: (line: string) => void,
): Promise<Observation> {
  const run = startRun(CHECKS[task.check], task, settings, ports, when, trace);
  if (outer === undefined) return run.done;
  if (outer.aborted) run.cancel();
  outer.addEventListener("abort", run.cancel, { once: true });
  try {
    return await run.done;
  } finally {
    outer.removeEventListener("abort", run.cancel);
  }
}

/** Starts one probe. The building block of {@link runTask}; the engine uses it to keep hold of running probes. */
export function startRun(
  check: Pick<Check, "probe">,
  task: Task,
  settings: CheckSettings,
  ports: ProbePorts,
  when: When,
  trace: (line: string) => void = ignore,
): Run {
  const { clock } = ports;
  const at = clock.now();
  const started = clock.monotonic();
  const controller = new AbortController();
  const { promise: done, resolve } = Promise.withResolvers<Observation>();
  let timer: Timer | undefined;
  let ended = false;
  let calledOff = false;
  let late = false;

  const end = (outcome: Outcome): void => {
    if (ended) return;
    ended = true;
    timer?.clear();
    const { target, check } = task;
    const durationMs = clock.monotonic() - started;
    resolve({ ...outcome, target, check, slot: when.slot, at, durationMs, latenessMs: when.latenessMs });
  };
  const cancel = (): void => {
    if (ended || calledOff) return;
    calledOff = true;
    controller.abort();
    end({ health: "unknown", reason: "cancelled", detail: "the probe was called off", measures: {} });
  };
  const atDeadline = (): void => {
    late = true;
    trace(`deadline of ${settings.timeoutMs} ms reached`);
    timer = clock.after(LAST_WORD_MS, () => end(deadlineOutcome(task, settings.timeoutMs, undefined)));
    controller.abort();
  };
  const answered = (outcome: Outcome): void => {
    end(late && outcome.reason === "cancelled" ? deadlineOutcome(task, settings.timeoutMs, outcome) : outcome);
  };
  const failed = (error: unknown): void => {
    if (late && isAbort(error)) end(deadlineOutcome(task, settings.timeoutMs, undefined));
    else end(internalError(error));
  };

  timer = clock.after(settings.timeoutMs, atDeadline);
  try {
    check.probe(task.input, { ...ports, settings, signal: controller.signal, trace }).then(answered, failed);
  } catch (error) {
    failed(error);
  }
  return { done, cancel };
}

function ignore(): void {
  // Only `corewatch probe` reads a probe's own log.
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** AWS's API being silent says nothing of the load balancer; every other kind waits for the target itself. */
function deadlineOutcome(task: Task, timeoutMs: number, said: Outcome | undefined): Outcome {
  const throughApi = task.check === "load-balancer" || task.check === "target-health";
  const detail = `no answer within ${timeoutMs / 1000} s`;
  return {
    health: throughApi ? "unknown" : "down",
    reason: throughApi ? "api-unreachable" : "timeout",
    detail: throughApi ? `the AWS API gave ${detail}` : detail,
    measures: said?.measures ?? {},
    ...(said?.phases === undefined ? {} : { phases: said.phases }),
  };
}

function internalError(error: unknown): Outcome {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    health: "unknown",
    reason: "internal-error",
    detail: `the probe itself failed: ${what}`.slice(0, 500),
    measures: {},
  };
}
