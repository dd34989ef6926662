import type { StageKind } from "../src/domain/index.ts";
import { appear } from "./added-core.ts";
import { deadline } from "./deadline.ts";
import { bringBack, callHook } from "./hook-calls.ts";
import { sentenceOf, type Run } from "./run-state.ts";

/** Removing a million rows takes minutes; longer, and it is left to `--clean`, ms. */
const ROWS_MS = 1_800_000;

/**
 * Puts back what the run changed: cores, the added core, rows. What cannot be put back, or was given up, is noted with the
 * way to do it by hand. Never throws.
 */
export async function cleanUp(run: Run): Promise<void> {
  await putCoresBack(run);
  if (run.away.size > 0)
    run.warn(
      `still away: ${[...run.away.keys()].join(", ")}. Bring back by hand what certify.survival.away of fleet.yaml took away`,
    );
  await removeAdded(run);
  await removeRows(run);
}

/** Tries again for every core that is still away. Never throws. */
export async function putCoresBack(run: Run): Promise<void> {
  if (run.away.size === 0) return;
  run.ports.onProgress({ stage: null, doing: "bringing cores back", done: null, of: null });
  await bringBack(run, stageOf(run, "survival"), run.ports.giveUp);
}

async function removeAdded(run: Run): Promise<void> {
  const { giveUp, onProgress } = run.ports;
  const hook = run.input.deployment.scale?.remove;
  if (run.coreDueBy !== undefined) {
    // One that comes after everybody has left is paid for and forgotten.
    onProgress({ stage: null, doing: "waiting for the core that was asked for, to remove it", done: null, of: null });
    const until = hook === undefined ? run.ports.clock.monotonic() : run.coreDueBy;
    await appear(run, () => undefined, until, giveUp);
    if (run.coreDueBy !== undefined)
      run.warn("a core was asked for that the inventory never showed: if it comes yet, take it away by hand");
  }
  if (run.added.length === 0) return;
  if (hook === undefined) {
    run.warn(`${run.added.map((core) => core.id).join(", ")} stays: fleet.yaml has no scale.remove`);
    return;
  }
  onProgress({ stage: null, doing: "removing the added core", done: null, of: null });
  const cores = run.input.deployment.cores.length;
  for (const core of run.added) {
    if (
      !giveUp.aborted &&
      (await callHook(run, stageOf(run, "scale-out"), { what: "remove", hook, core, cores }, giveUp)).ok
    )
      continue;
    run.warn(`${core.id} was added and is still there: take it away by hand`);
  }
}

async function removeRows(run: Run): Promise<void> {
  if (!run.hasFilled) return;
  const { clock, giveUp, onProgress } = run.ports;
  const { id } = run.input.deployment;
  const limit = deadline(clock, ROWS_MS, giveUp);
  let why = "given up";
  try {
    const database = await run.openCapacity();
    if (database !== undefined && !limit.signal.aborted) {
      const tell = (done: number): void =>
        onProgress({ stage: null, doing: "removing the rows that were added", done, of: null });
      await database.clean(tell, limit.signal);
      if (!limit.signal.aborted) return;
    }
  } catch (error) {
    if (!limit.signal.aborted) why = sentenceOf(error);
  } finally {
    limit.clear();
  }
  run.warn(`rows that were added are still in the database (${why}): "corewatch certify ${id} --clean" removes them`);
}

/** What is put back belongs to the stage that changed it. */
function stageOf(run: Run, kind: StageKind): number {
  return run.input.head.plan.stages.findIndex((stage) => stage.kind === kind);
}
