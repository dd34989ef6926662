import type { Core } from "../src/domain/index.ts";
import { deadline } from "./deadline.ts";
import { sentenceOf, type Run } from "./run-state.ts";

/** A core under load may be slow to tell, ms. */
const TELL_MS = 10_000;

/** What a core counted itself in the whole minutes since `since` (epoch ms); nothing when it does not say. Never throws. */
export async function coreMinutes(
  run: Run,
  core: Core,
  since: number,
  signal: AbortSignal,
  onFailure: (why: string) => void = () => undefined,
): Promise<readonly { readonly minute: number; readonly requests: number }[]> {
  const limit = deadline(run.ports.clock, TELL_MS, signal);
  try {
    return await run.ports.counters.minutes(core, run.input.deployment, since, limit.signal);
  } catch (error) {
    onFailure(sentenceOf(error));
    return [];
  } finally {
    limit.clear();
  }
}

/** Records what every core counted itself since the begin of the run. Never throws. */
export async function recordCoreMinutes(run: Run): Promise<void> {
  const { cores } = run.deployment;
  await Promise.all(
    cores.map(async (core) => {
      const minutes = await coreMinutes(run, core, run.input.head.startedAt, run.ports.giveUp, (why) =>
        run.warn(`${core.id} did not say how many requests it counted: ${why}`),
      );
      for (const { minute, requests } of minutes)
        run.emit({ type: "core-minute", count: { core: core.id, minute, requests } });
    }),
  );
}
