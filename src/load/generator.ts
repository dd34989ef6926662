import { wait } from "../domain/index.ts";
import type { Arrivals, Clock, GeneratorHealth, LoadGenerator, LoadSetup, Log } from "../domain/index.ts";
import { ProcessWatch } from "./process-watch.ts";
import { LoadThread } from "./thread.ts";
import { sharedNow } from "./worker-messages.ts";
import type { ThreadHealth, WorkerCommand } from "./worker-messages.ts";

/** What a generator needs. */
export interface GeneratorOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The thread's program. */
  readonly workerFile?: URL;
}

/** Between the order and a stage's first moment, ms: all threads must have heard it. */
const LEAD_MS = 30;
/** Taking away what a scenario made may take so long, ms. */
const CLEAN_UP_MS = 10_000;
/** A thread that does not answer beyond that is ended, ms. */
const STOP_GRACE_MS = 2000;
const MAX_WORKERS = 64;

/** Open-model load from worker threads that live for a whole run: the scenario keeps its sessions between stages. */
export function createLoadGenerator({ clock, log, workerFile }: GeneratorOptions): LoadGenerator {
  const file = workerFile ?? new URL("../main-load-worker.ts", import.meta.url);
  let threads: LoadThread[] = [];
  let seed = 0;
  let stages = 0;

  /** Asks all threads; when one fails the others are told to abort, and are waited for. @throws the first failure */
  async function askAll(command: WorkerCommand | undefined): Promise<ThreadHealth[]> {
    const healths: ThreadHealth[] = [];
    const failures: unknown[] = [];
    const answers = threads.map(async (thread) => {
      try {
        const answer = await thread.answer(command);
        if (answer.type === "ended") healths.push(answer.health);
      } catch (error) {
        // What the others say after it is only that they were told to abort.
        failures.push(error);
        tellAll({ type: "abort" });
      }
    });
    await Promise.all(answers);
    if (failures.length > 0) throw failures[0];
    return healths;
  }

  function tellAll(command: WorkerCommand): void {
    for (const thread of threads) thread.tell(command);
  }

  async function endAll(): Promise<void> {
    const ended = threads;
    threads = [];
    await Promise.all(ended.map((thread) => thread.end()));
  }

  return {
    async start(setup: LoadSetup, signal: AbortSignal): Promise<void> {
      if (threads.length > 0) throw new Error("the load generator runs already");
      if (!(Number.isInteger(setup.workers) && setup.workers >= 1 && setup.workers <= MAX_WORKERS)) {
        throw new Error(`the load generator can have 1 to ${MAX_WORKERS} threads, not ${setup.workers}`);
      }
      signal.throwIfAborted();
      seed = setup.seed;
      stages = 0;
      const tag = `${Math.floor(clock.now()).toString(36)}${process.pid.toString(36)}`;
      for (let thread = 0; thread < setup.workers; thread++) threads.push(new LoadThread(file, { setup, thread, tag }));
      const onAbort = (): void => tellAll({ type: "abort" });
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await askAll(undefined);
      } catch (error) {
        await endAll();
        throw error;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },

    async stage(arrivals: Arrivals, onShots, signal): Promise<GeneratorHealth> {
      if (threads.length === 0) throw new Error("the load generator is not running");
      for (const thread of threads) thread.onShots = onShots;
      const watch = new ProcessWatch(clock);
      const onAbort = (): void => tellAll({ type: "abort" });
      // A stage has arrivals of its own; the same stage of a run with the same seed has the same.
      const command = {
        type: "stage",
        arrivals,
        seed: seed + stages++ * 0x1_0000,
        beginAt: sharedNow() + LEAD_MS,
      } as const;
      try {
        const asked = askAll(command);
        // After the order: a thread that hears the abort first would forget it with the order.
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) onAbort();
        const healths = await asked;
        sayFailures(log, healths);
        return healthOf(healths, watch);
      } finally {
        signal.removeEventListener("abort", onAbort);
        watch.end();
      }
    },

    setCores(cores): void {
      tellAll({ type: "cores", cores });
    },

    async stop(): Promise<void> {
      tellAll({ type: "abort" });
      const stopping = threads.map(async (thread) => {
        const answer = await thread.answer({ type: "stop", withinMs: CLEAN_UP_MS });
        if (answer.type === "stopped" && answer.detail !== undefined) {
          log.warn("some of what the load made could not be taken away", { last: answer.detail });
        }
      });
      const given = new AbortController();
      const late = wait(clock, CLEAN_UP_MS + STOP_GRACE_MS, given.signal);
      await Promise.race([Promise.allSettled(stopping), late]);
      given.abort();
      await endAll();
    },
  };
}

function healthOf(healths: readonly ThreadHealth[], watch: ProcessWatch): GeneratorHealth {
  const seconds = watch.elapsedMs / 1000;
  const cpuSeconds = sum(healths.map((health) => health.cpuSeconds));
  return {
    workers: healths.length,
    cpuSeconds,
    cpuShare: seconds > 0 ? cpuSeconds / seconds : 0,
    eventLoopMaxMs: Math.max(...healths.map((health) => health.eventLoopMaxMs)),
    eventLoopP99Ms: Math.max(...healths.map((health) => health.eventLoopP99Ms)),
    maxInFlight: sum(healths.map((health) => health.maxInFlight)),
    ...watch.end(),
  };
}

/** Shots say that a request was lost; why, only the log says. */
function sayFailures(log: Log, healths: readonly ThreadHealth[]): void {
  const counts = new Map<string, number>();
  for (const { failures } of healths) {
    for (const { detail, count } of failures) counts.set(detail, (counts.get(detail) ?? 0) + count);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  if (most !== undefined) log.warn("requests got no answer", { mostly: most[0], count: most[1], reasons: counts.size });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
