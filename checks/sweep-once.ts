import { seriesKey } from "../src/domain/index.ts";
import type { CheckKind, CheckSettings, Clock, Observation } from "../src/domain/index.ts";
import type { Task } from "./check.ts";
import { runTask } from "./run.ts";
import type { ProbePorts } from "./run.ts";

/** How a one-shot sweep runs. */
export interface OnceOptions {
  readonly clock: Clock;
  /** The slot that all observations belong to, epoch ms. */
  readonly slot: number;
  /** Probes at once. */
  readonly concurrency?: number;
  /** Calls off what has not ended. */
  readonly signal?: AbortSignal;
  readonly run?: typeof runTask;
}

const CONCURRENCY = 64;
/**
 * How long hellos wait for the key set of their deployment, ms from when it was asked for: cores that are well have given
 * theirs by then, and one that hangs must not keep the others waiting.
 */
const KEYS_MS = 1_000;

/**
 * Probes every task once, as soon as there is room. Hellos come last, and wait a moment for the key set of their
 * deployment: a hello that finds its core's keys known can say whether it is the right core. Observations come in the
 * order of `tasks`; a series is probed once, however often it is named.
 */
export async function sweepOnce(
  tasks: readonly Task[],
  settingsOf: (kind: CheckKind) => CheckSettings,
  ports: ProbePorts,
  { clock, slot, concurrency = CONCURRENCY, signal, run = runTask }: OnceOptions,
): Promise<Observation[]> {
  const once = [...new Map(tasks.map((task) => [seriesKey(task.target, task.check), task])).values()];
  const found = new Map<Task, Promise<Observation>>();
  const keys = new Map<Task, Promise<unknown>>();
  const keysOf = new Map<string | null, Task[]>();
  for (const task of once) {
    if (task.check !== "jwks") continue;
    const { deployment } = task.target;
    keysOf.set(deployment, [...(keysOf.get(deployment) ?? []), task]);
  }
  const inOrder = once.toSorted((a, b) => rank(a) - rank(b)).values();
  const worker = async (): Promise<void> => {
    for (const task of inOrder) {
      const probe = async (): Promise<Observation> => {
        const first = task.check === "hello" ? (keysOf.get(task.target.deployment) ?? []) : [];
        for (const one of first) await keys.get(one);
        return run(task, settingsOf(task.check), ports, { slot, latenessMs: 0 }, signal);
      };
      const observation = probe();
      found.set(task, observation);
      if (task.check === "jwks") keys.set(task, atMost(clock, KEYS_MS, observation));
      await observation;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, once.length) }, worker));
  return Promise.all(once.flatMap((task) => found.get(task) ?? []));
}

/** Resolves with `work`, but no later than after `ms`. */
function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    const end = (): void => {
      timer.clear();
      resolve();
    };
    void work.then(end, end);
  });
}

function rank(task: Task): number {
  if (task.check === "jwks") return 0;
  return task.check === "hello" ? 2 : 1;
}
