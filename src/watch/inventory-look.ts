import {
  CloudError,
  type Clock,
  type Deployment,
  type Fleet,
  type FoundCore,
  type HostNotice,
} from "../domain/index.ts";
import { idPrefixOf, listedIn } from "../inventory/discovered.ts";
import { mergeFound } from "../inventory/merge.ts";
import type { MemoryChange } from "./inventory-memory.ts";

/** Reads what every way of finding cores knows. */
export interface CoreSources {
  /** All cores of one deployment. @throws CloudError, or Error with a sentence: an incomplete read is no read */
  read(deployment: Deployment, fleet: Fleet, signal: AbortSignal): Promise<readonly FoundCore[]>;
  close(): Promise<void>;
}

/** A deployment whose cores are found. */
export type Discovering = Deployment & { readonly discovery: NonNullable<Deployment["discovery"]> };

/** What has no answer by then is no answer, ms: three tries of five seconds of each call, and some of them in turn. */
const READ_MS = 30_000;
/** Deployments that are read at once: all calls of a region share one rate. */
const AT_ONCE = 4;

/** Reads each of the deployments; `onRead` gets what was found or why nothing, as it comes. Never throws. */
export async function readAll(
  deployments: readonly Discovering[],
  fleet: Fleet,
  { sources, clock, signal }: { readonly sources: CoreSources; readonly clock: Clock; readonly signal: AbortSignal },
  onRead: (deployment: Discovering, found: readonly FoundCore[] | Error) => void,
): Promise<void> {
  const waiting = [...deployments];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (signal.aborted) return;
      onRead(next, await readOne(next, fleet, sources, clock, signal));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, deployments.length) }, worker));
}

async function readOne(
  deployment: Discovering,
  fleet: Fleet,
  sources: CoreSources,
  clock: Clock,
  outer: AbortSignal,
): Promise<readonly FoundCore[] | Error> {
  const late = new AbortController();
  const timer = clock.after(READ_MS, () => late.abort());
  try {
    return await sources.read(deployment, fleet, AbortSignal.any([outer, late.signal]));
  } catch (error) {
    if (late.signal.aborted && !outer.aborted)
      return new CloudError("unreachable", `reading where its cores are took longer than ${READ_MS / 1000} s`);
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    timer.clear();
  }
}

/** How what was found changes what is known. */
export function foundChange(
  deployment: Discovering,
  found: readonly FoundCore[],
  notices: readonly HostNotice[],
  now: number,
): MemoryChange {
  return (known) =>
    mergeFound(known, found, {
      deployment: deployment.id,
      idPrefix: idPrefixOf(deployment),
      addressing: deployment.discovery.addressing,
      listed: listedIn(deployment),
      notices,
      now,
    });
}
