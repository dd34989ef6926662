import { parentPort, workerData } from "node:worker_threads";
import { runAttack } from "../loadtests/attack.ts";
import { scenarioNamed } from "../loadtests/index.ts";
import { cleanUpScenario, prepareScenario } from "../loadtests/prepare.ts";
import { seededRandom } from "../loadtests/random.ts";
import { NO_CORE, TargetFailure } from "./domain/index.ts";
import type { LoadTransport, ScenarioRun, WireResult } from "./domain/index.ts";
import { Failures } from "./load/failures.ts";
import { ThreadWatch } from "./load/thread-watch.ts";
import { createUndiciTransport } from "./load/transport.ts";
import { sharedNow } from "./load/worker-messages.ts";
import type { WorkerCommand, WorkerOrder, WorkerWord } from "./load/worker-messages.ts";
import { lookUpAt } from "./main-look-up.ts";
import { systemClock } from "./system/clock.ts";

/** A thread of the load generator: lives as long as a run, and holds its part of the scenario's sessions. */

/** Records wait so long at most before they go to the main thread, ms. */
const FLUSH_MS = 100;
/** Requests in flight while a scenario is prepared, over all threads. */
const PREPARE_CONCURRENCY = 32;

const port = parentPort;
if (port === null) throw new Error("this file is a thread of the load generator: it does nothing by itself");
const { setup, thread, tag }: WorkerOrder = workerData;
const { target, workers: threads, seed } = setup;
const scenario = scenarioNamed(setup.scenario.name);
const settings = scenario.settings(setup.scenario.settings);
// The first threads take what is left over, so that all together have exactly the bound.
const maxInFlight = Math.floor((setup.maxInFlight + threads - 1 - thread) / threads);
const failures = new Failures();
const lookUp = lookUpAt(target.resolvers, systemClock);
const transport = counted(
  createUndiciTransport({
    target,
    timeoutMs: setup.timeoutMs,
    maxConnections: Math.max(maxInFlight, PREPARE_CONCURRENCY),
    clock: systemClock,
    ...(lookUp === undefined ? {} : { lookUp }),
  }),
);
const run: ScenarioRun = scenario.start(settings, {
  random: seededRandom(seed, `scenario ${thread}`),
  thread,
  threads,
  tag,
  now: () => systemClock.monotonic(),
});
let cores = indexOfCores(target.cores);
let abort = new AbortController();

const beside = {
  scenario: run,
  transport,
  clock: systemClock,
  endpoints: scenario.endpoints(settings),
  concurrency: Math.max(1, Math.floor(PREPARE_CONCURRENCY / threads)),
};

port.on("message", (command: WorkerCommand) => {
  switch (command.type) {
    case "stage":
      abort = new AbortController();
      void answered(stage(command));
      return;
    case "abort":
      abort.abort();
      return;
    case "cores":
      cores = indexOfCores(command.cores);
      return;
    case "stop":
      abort.abort();
      void answered(stop(command.withinMs));
  }
});
void answered(prepareScenario({ ...beside, signal: abort.signal }).then(() => ({ type: "ready" })));

async function stage(command: WorkerCommand & { readonly type: "stage" }): Promise<WorkerWord> {
  failures.clear();
  const watch = new ThreadWatch();
  const summary = await runAttack({
    ...command,
    beginAt: systemClock.monotonic() + (command.beginAt - sharedNow()),
    thread,
    threads,
    clock: systemClock,
    transport,
    scenario: run,
    maxInFlight,
    coreIndex: (name) => cores.get(name) ?? NO_CORE,
    onShots: (records) => say({ type: "shots", records }, [records.buffer]),
    flushMs: FLUSH_MS,
    signal: abort.signal,
  });
  return { type: "ended", health: { ...summary, ...watch.end(), failures: failures.most() } };
}

async function stop(withinMs: number): Promise<WorkerWord> {
  const limit = new AbortController();
  const timer = systemClock.after(withinMs, () => limit.abort());
  const detail = await cleanUpScenario({ ...beside, signal: limit.signal });
  timer.clear();
  await transport.close();
  port?.unref();
  return { type: "stopped", detail };
}

/** Says what came of it, also when it failed. */
async function answered(work: Promise<WorkerWord>): Promise<void> {
  try {
    say(await work);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    say({ type: "failed", detail, byTarget: error instanceof TargetFailure });
  }
}

function say(word: WorkerWord, transfer: ArrayBuffer[] = []): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port knows no origins
  port?.postMessage(word, transfer);
}

function counted(inner: LoadTransport): LoadTransport {
  return {
    send: (request, done) =>
      inner.send(request, (result: WireResult) => {
        if (result.kind !== "answer") failures.add(`${result.kind}: ${result.detail}`);
        done(result);
      }),
    close: () => inner.close(),
  };
}

function indexOfCores(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.slice(0, NO_CORE).map((name, index) => [name, index]));
}
