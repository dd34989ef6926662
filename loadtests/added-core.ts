import { wait, type Core } from "../src/domain/index.ts";
import { sentenceOf, type Run } from "./run-state.ts";

/** The inventory is read this often, ms. */
const LOOK_MS = 2_000;

/**
 * Looks at the inventory, at least once, until it has a core that it did not have, `until` (monotonic ms) is past, or
 * `signal` aborts. What is found is recorded and kept as added. Never throws.
 */
export async function appear(
  run: Run,
  onUri: (uri: string) => void,
  until: number,
  signal: AbortSignal,
): Promise<readonly Core[]> {
  const { clock, reloadDeployment } = run.ports;
  const known = new Set(run.deployment.cores.map((core) => core.id));
  let isUnreadable = false;
  while (!signal.aborted) {
    try {
      const now = await reloadDeployment();
      onUri(now.connectionUri);
      const found = now.cores.filter((core) => !known.has(core.id));
      const at = clock.now();
      for (const core of found) {
        run.added.push(core);
        const { id, instance = null, zone = null } = core;
        run.emit({ type: "core-added", at, core: id, instance, zone });
      }
      if (found.length > 0) {
        run.coreDueBy = undefined;
        return found;
      }
    } catch (error) {
      if (!isUnreadable) run.warn(`the inventory could not be read: ${sentenceOf(error)}`);
      isUnreadable = true;
    }
    const left = until - clock.monotonic();
    if (left <= 0) break;
    await wait(clock, Math.min(LOOK_MS, left), signal);
  }
  return [];
}
