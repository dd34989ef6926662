import type { HostNotice, InventoryEvent, KnownCore } from "../domain/index.ts";

/** A host that is still there so long after it was to go does not go, ms. */
const GRACE_MS = 600_000;
/** States of an instance from which it does not come back by itself. */
const GOING: ReadonlySet<string> = new Set(["shutting-down", "terminated", "stopping", "stopped"]);

/** What a notice is heeded under. */
interface Heeding {
  readonly deployment: string;
  /** Epoch ms. */
  readonly now: number;
  /** `true` when it is told for the first time: then it is an event whatever it changes. */
  readonly isNews: boolean;
}

/** Cores on the host that a notice is about are expected to go from now on; what happens is added to `events`. */
export function heed(
  cores: readonly KnownCore[],
  notice: HostNotice,
  { deployment, now, isNews }: Heeding,
  events: InventoryEvent[],
): readonly KnownCore[] {
  const why = whyOf(notice);
  if (why === undefined) return cores;
  const isCertain = notice.kind !== "rebalance-recommendation";
  const until = (notice.at ?? now) + GRACE_MS;
  return cores.map((core) => {
    if (core.instance !== notice.instance) return core;
    const isToGo = core.state === "leaving" || core.state === "draining";
    const leaves = isCertain && !isToGo && now < until;
    if (isNews || leaves) {
      const place = { url: core.url, instance: core.instance, zone: core.zone };
      const event = notice.kind === "instance-state" ? "core-draining" : notice.kind;
      events.push({ event, target: `${deployment}/${core.id}`, at: now, before: place, after: place, why });
    }
    return leaves ? { ...core, state: "leaving", why, leavingUntil: until } : core;
  });
}

/** `undefined`: it says nothing about going. */
function whyOf({ kind, at, state }: HostNotice): string | undefined {
  const when = at === null ? "" : ` at ${new Date(at).toISOString().slice(11, 16)} UTC`;
  if (kind === "spot-interruption") return `spot interruption${when}`;
  if (kind === "rebalance-recommendation") return "its spot instance is at a higher risk of interruption";
  return state !== null && GOING.has(state) ? `its instance is ${state}` : undefined;
}
