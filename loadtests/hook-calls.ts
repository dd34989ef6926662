import { wait, type Core, type Hook, type HookResult } from "../src/domain/index.ts";
import { deadline } from "./deadline.ts";
import { sentenceOf, type Run } from "./run-state.ts";

/** A hook may take its own time limit; this much more, and it is given up, ms. */
const GRACE_MS = 10_000;
/** Time for taking a core out of its target groups, or for bringing it back, ms. */
const TARGET_GROUP_MS = 60_000;
/** Hooks that are called at once: what stands behind them is one API. */
const AT_ONCE = 4;
/** Bringing a core back is tried so often, and so far apart: leaving it away is the worst that a run can do. */
const BACK_TRIES = 2;
const BACK_PAUSE_MS = 3_000;

/** How long a call of a hook may take at most, ms. */
export function hookLimit(hook: Hook): number {
  return (hook.kind === "target-group" ? TARGET_GROUP_MS : hook.timeoutMs) + GRACE_MS;
}

/** Calls a hook for one core, or for none, and records it. Never throws. */
export async function callHook(
  run: Run,
  stage: number,
  call: {
    readonly what: "away" | "back" | "scale" | "remove";
    readonly hook: Hook;
    readonly core: Core | undefined;
    readonly cores: number;
  },
  signal: AbortSignal,
): Promise<HookResult> {
  const { clock, hooks } = run.ports;
  const { what, hook, core, cores } = call;
  const limit = deadline(clock, hookLimit(hook), signal);
  const at = clock.now();
  let result: HookResult;
  try {
    result = await hooks.call(hook, what, run.values(core, cores), run.input.deployment, limit.signal);
  } catch (error) {
    result = { ok: false, detail: sentenceOf(error) };
  } finally {
    limit.clear();
  }
  const { ok, detail } = result;
  run.emit({ type: "action", stage, at, endedAt: clock.now(), what, core: core?.id ?? null, ok, detail });
  return result;
}

/** Takes cores away, side by side. Gives a sentence when it did not go well. */
export async function takeAway(
  run: Run,
  stage: number,
  hook: Hook,
  cores: readonly Core[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const remain = run.input.deployment.cores.length - cores.length;
  const troubles: string[] = [];
  await sideBySide(cores, async (core) => {
    if (signal.aborted || troubles.length > 0) return;
    // Before the call: one that fails half-way may have taken it all the same.
    run.away.set(core.id, core);
    const { ok, detail } = await callHook(run, stage, { what: "away", hook, core, cores: remain }, signal);
    if (!ok) troubles.push(`${core.id} could not be taken away: ${detail}`);
  });
  return troubles[0];
}

/** Brings back every core that is away, or may be; those that come back leave `run.away`. Never throws. */
export async function bringBack(run: Run, stage: number, signal: AbortSignal): Promise<void> {
  const hook = run.input.deployment.certify?.survival?.back;
  if (hook === undefined) return;
  for (let tries = 0; tries < BACK_TRIES && run.away.size > 0 && !signal.aborted; tries++) {
    if (tries > 0) await wait(run.ports.clock, BACK_PAUSE_MS, signal);
    await sideBySide([...run.away.values()], async (core) => {
      if (signal.aborted) return;
      const cores = run.input.deployment.cores.length;
      const { ok } = await callHook(run, stage, { what: "back", hook, core, cores }, signal);
      if (ok) run.away.delete(core.id);
    });
  }
}

async function sideBySide<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
