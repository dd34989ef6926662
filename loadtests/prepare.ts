import { TargetFailure, wait } from "../src/domain/index.ts";
import type { Clock, LoadTransport, ScenarioRun, ScenarioStep, WireResult } from "../src/domain/index.ts";

/** How a scenario's steps beside the load are done. */
export interface PrepareOptions {
  readonly scenario: ScenarioRun;
  readonly transport: LoadTransport;
  readonly clock: Clock;
  /** Names of the scenario's endpoints, for the sentence that says what failed. */
  readonly endpoints: readonly string[];
  /** Requests in flight at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

interface Outcome {
  readonly done: number;
  readonly failed: number;
  /** Of those, answered with an error of the target's own (5xx). */
  readonly broken: number;
  /** What failed last. */
  readonly last: string;
}

/** One step that failed. */
interface StepFailure {
  readonly words: string;
  readonly isBroken: boolean;
}

/** So many failures are always borne: a service under test may lose one. */
const BORNE = 10;
/** Beyond that, this share of all requests. */
const BORNE_SHARE = 0.05;
/** A pause after a failure, ms, so that a service that is down is not hammered. */
const PAUSE_MS = 50;

/**
 * Does what a scenario needs before its first arrival (making sessions).
 * @throws Error with a sentence when more fails than a healthy service would let fail, a {@link TargetFailure} when that alone is
 * errors of its own; Error when aborted
 */
export async function prepareScenario(options: PrepareOptions): Promise<void> {
  const outcome = await inBatches(() => options.scenario.prepare(), options);
  if (options.signal.aborted) throw new Error("preparing the load was interrupted");
  const { done, failed, broken, last } = outcome;
  if (!isTooMany(failed, done)) return;
  const words = `the load could not be prepared: ${failed} of ${done} requests failed, the last one (${last})`;
  throw isTooMany(broken, done) ? new TargetFailure(words) : new Error(words);
}

function isTooMany(failed: number, done: number): boolean {
  return tooMany({ done, failed }) || (failed > 0 && failed === done);
}

/** Takes away what a run made, as far as the service lets it. Gives what failed last, or `undefined`. */
export async function cleanUpScenario(options: PrepareOptions): Promise<string | undefined> {
  const { failed, last } = await inBatches(() => options.scenario.cleanup?.(), options);
  return failed === 0 ? undefined : last;
}

/** Not more than `concurrency` at a time. No step ends a batch; over when there is none after every answer was judged. */
async function inBatches(next: () => ScenarioStep | undefined, options: PrepareOptions): Promise<Outcome> {
  const { clock, signal } = options;
  const flying = new Set<Promise<void>>();
  let [done, failed, broken, last] = [0, 0, 0, ""];

  async function one(step: ScenarioStep): Promise<void> {
    const failure = await sendOne(step, options);
    done++;
    if (failure === undefined) return;
    failed++;
    if (failure.isBroken) broken++;
    last = failure.words;
    await wait(clock, PAUSE_MS, signal);
  }

  while (!signal.aborted && !tooMany({ done, failed })) {
    if (flying.size >= options.concurrency) {
      await Promise.race(flying);
      continue;
    }
    const step = next();
    if (step !== undefined) {
      const work = one(step).finally(() => flying.delete(work));
      flying.add(work);
    } else if (flying.size === 0) break;
    else await Promise.all(flying);
  }
  await Promise.all(flying);
  return { done, failed, broken, last };
}

function tooMany({ done, failed }: Pick<Outcome, "done" | "failed">): boolean {
  return failed > BORNE && failed > done * BORNE_SHARE;
}

/** `undefined`, or what failed. */
function sendOne(step: ScenarioStep, { transport, endpoints }: PrepareOptions): Promise<StepFailure | undefined> {
  const name = step.label ?? endpoints[step.endpoint] ?? `endpoint ${step.endpoint}`;
  return new Promise((resolve, reject) => {
    transport.send(step.request, (result: WireResult) => {
      try {
        if (result.kind !== "answer") {
          step.abandon();
          resolve({ words: `${name}: ${result.kind}: ${result.detail}`, isBroken: false });
          return;
        }
        const outcome = step.judge(result.status, result.body);
        const words = `${name}: ${outcome}, HTTP ${result.status}${saidBy(result.body)}`;
        resolve(outcome === "ok" ? undefined : { words, isBroken: result.status >= 500 });
      } catch (error) {
        reject(error instanceof Error ? error : new Error(`${name}: the scenario failed`, { cause: error }));
      }
    });
  });
}

/** The `status` of a JSON answer, which is a word for machines; the rest of a body may hold secrets. */
function saidBy(body: string): string {
  const status = /"status"\s*:\s*"([A-Z_]{2,60})"/.exec(body)?.[1];
  return status === undefined ? "" : `, status ${status}`;
}
