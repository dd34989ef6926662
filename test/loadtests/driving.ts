import { seededRandom } from "../../loadtests/random.ts";
import type { ScenarioWorld, Verdict } from "../../loadtests/scenario.ts";
import type { ScenarioRun, ScenarioStep, WireRequest } from "../../src/domain/index.ts";

/** A thread's world with choices from a seed. */
export function world(seed: number, more: Partial<ScenarioWorld> = {}): ScenarioWorld {
  return { random: seededRandom(seed, "scenario"), thread: 0, threads: 1, tag: `t${seed}`, ...more };
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** Sends over HTTP to what stands at `base`. */
export function caller(base: string, headers: Record<string, string> = {}): (r: WireRequest) => Promise<Answered> {
  return async (request) => {
    const response = await fetch(`${base}${request.path}`, {
      method: request.method,
      headers: { ...request.headers, ...headers },
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    return { status: response.status, body: await response.text() };
  };
}

/** Sends one step and has its answer judged. */
export async function play(step: ScenarioStep, call: (r: WireRequest) => Promise<Answered>): Promise<Verdict> {
  const { status, body } = await call(step.request);
  return step.judge(status, body);
}

/** Plays what `steps` gives until it gives nothing, one after another. */
export async function playAll(
  steps: () => ScenarioStep | undefined,
  call: (r: WireRequest) => Promise<Answered>,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (let step = steps(); step !== undefined; step = steps()) verdicts.push(await play(step, call));
  return verdicts;
}

/** Prepares a run and plays `count` of its steps: how often each endpoint came, and what was not ok. */
export async function drive(
  run: ScenarioRun,
  count: number,
  call: (r: WireRequest) => Promise<Answered>,
): Promise<{ readonly prepared: Verdict[]; readonly byEndpoint: number[]; readonly bad: string[] }> {
  const prepared = await playAll(() => run.prepare(), call);
  const byEndpoint: number[] = [];
  const bad: string[] = [];
  for (let i = 0; i < count; i++) {
    const step = run.next();
    byEndpoint[step.endpoint] = (byEndpoint[step.endpoint] ?? 0) + 1;
    const verdict = await play(step, call);
    if (verdict !== "ok") bad.push(`${step.endpoint} ${step.request.path} ${verdict}`);
  }
  return { prepared, byEndpoint, bad };
}
