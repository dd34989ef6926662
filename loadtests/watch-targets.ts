import { wait } from "../src/domain/index.ts";
import { sentenceOf, type Run } from "./run-state.ts";

/** The load balancer is asked this often, ms: its own checks are seconds apart. */
const EVERY_MS = 1_000;
/** A look that is under way when the load ends is not waited for longer, ms. */
export const WATCH_END_MS = 5_000;

/** Records the load balancer's word on each core whenever it changes, until `signal` aborts. Never throws. */
export async function watchTargets(run: Run, signal: AbortSignal): Promise<void> {
  const { clock, targetHealth } = run.ports;
  if (targetHealth === undefined) return;
  const last = new Map<string, string>();
  let isSilent = false;
  while (!signal.aborted) {
    try {
      const states = await targetHealth(run.deployment, signal);
      if (signal.aborted) return;
      const at = clock.now();
      for (const { core, state } of states) {
        if (last.get(core) === state) continue;
        if (state === "healthy" && !run.healthyAt.has(core)) run.healthyAt.set(core, at);
        last.set(core, state);
        run.emit({ type: "target-health", at, core, state });
      }
      isSilent = false;
    } catch (error) {
      // It is said once, and asked again: a throttled look is no change of the target.
      if (!isSilent && !signal.aborted)
        run.warn(`the load balancer did not say how its targets are: ${sentenceOf(error)}`);
      isSilent = true;
    }
    await wait(clock, EVERY_MS, signal);
  }
}
