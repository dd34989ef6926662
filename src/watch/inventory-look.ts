import {
  CloudError,
  type Clock,
  type Deployment,
  type Fleet,
  type FoundCore,
  type HostNotice,
  wait,
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
/**
 * Deployments that are read at once, and how they follow each other after the first few, ms: all calls of a region share
 * one rate, and a read is about five of them. A thousand deployments take 100 s.
 */
const AT_ONCE = 4;
const BURST = 10;
const SPACING_MS = 100;
/** After so many reads in a row that did not reach one account and region, the others of it are not tried in this look. */
const GIVE_UP_AFTER = 3;

/** Reads each of the deployments; `onRead` gets what was found or why nothing, as it comes. Never throws. */
export async function readAll(
  deployments: readonly Discovering[],
  fleet: Fleet,
  { sources, clock, signal }: { readonly sources: CoreSources; readonly clock: Clock; readonly signal: AbortSignal },
  onRead: (deployment: Discovering, found: readonly FoundCore[] | Error) => void,
): Promise<void> {
  const waiting = [...deployments];
  const began = clock.monotonic();
  const unreached = new Map<string, readonly CloudError[]>();
  let turn = 0;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const due = began + Math.max(0, ++turn - BURST) * SPACING_MS;
      if (due > clock.monotonic()) await wait(clock, due - clock.monotonic(), signal);
      if (signal.aborted) return;
      const place = placeOf(next, fleet);
      const away = unreached.get(place) ?? [];
      const found =
        away.length < GIVE_UP_AFTER ? await readOne(next, fleet, sources, clock, signal) : (away.at(-1) ?? []);
      const isAway = found instanceof CloudError && found.failure === "unreachable";
      unreached.set(place, isAway ? [...(unreached.get(place) ?? []), found] : []);
      onRead(next, found);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, deployments.length) }, worker));
}

/** What is out of reach together. */
function placeOf({ region, roleArn, discovery }: Discovering, fleet: Fleet): string {
  const { settings } = discovery;
  return settings.from === "control-database"
    ? JSON.stringify([settings.database])
    : JSON.stringify([region ?? fleet.region ?? null, roleArn ?? null]);
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
    const signal = AbortSignal.any([outer, late.signal]);
    const reading = sources.read(deployment, fleet, signal);
    // Once it is given up nobody waits for its end any more.
    reading.catch(() => undefined);
    return await Promise.race([reading, whenAborted(signal)]);
  } catch (error) {
    if (late.signal.aborted && !outer.aborted)
      return new CloudError("unreachable", `reading where its cores are took longer than ${READ_MS / 1000} s`);
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    timer.clear();
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = (): void => reject(new CloudError("cancelled", "reading where its cores are was called off"));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
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
