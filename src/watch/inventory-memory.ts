import { z } from "zod";
import {
  type Clock,
  type FactStore,
  INVENTORY_EVENTS,
  type InventoryEvent,
  type KnownCores,
  type TurnStore,
  wait,
} from "../domain/index.ts";
import { type Merged, NOTHING_KNOWN } from "../inventory/merge.ts";

/** What is known of found cores, by deployment. */
export type Memory = ReadonlyMap<string, KnownCores>;

/** From what is known of one deployment to what is known by now. Pure: it may be asked again on top of newer knowledge. */
export type MemoryChange = (known: KnownCores) => Merged;

/** Facts of the store, and the turn under which they are written. */
const KNOWN = "inventory-known";
const EVENTS = "inventory-events";
const TURN = "inventory";
/** Events that are kept, the latest first. */
const MAX_EVENTS = 500;
/** Another process merges at most for a moment: how long it is waited for, and how often it is looked, ms. */
const BUSY_MS = 100;
const TRIES = 20;

const PLACE = { url: z.string(), instance: z.string().nullable(), zone: z.string().nullable() };
const KNOWN_SHAPE = z.object({
  version: z.literal(1),
  deployments: z.record(
    z.string(),
    z.object({
      cores: z.array(
        z.object({
          id: z.string(),
          key: z.string(),
          ...PLACE,
          state: z.enum(["serving", "starting", "draining", "leaving"]),
          why: z.string(),
          firstSeen: z.number(),
          readyAt: z.number().nullable(),
          startedAt: z.number().nullable().exactOptional(),
          leavingUntil: z.number().exactOptional(),
        }),
      ),
      vacant: z.array(z.object({ id: z.string(), ...PLACE, leftAt: z.number() })),
      readAt: z.number().nullable(),
    }),
  ),
});
const EVENTS_SHAPE = z.array(
  z.object({
    event: z.enum(INVENTORY_EVENTS),
    target: z.string(),
    at: z.number(),
    before: z.object(PLACE).nullable(),
    after: z.object(PLACE).nullable(),
    why: z.string(),
    timeToHealthyMs: z.number().exactOptional(),
  }),
);

/** What an earlier look left. @throws StoreUnavailable; Error when it cannot be understood */
export async function recall(store: FactStore): Promise<Memory> {
  const fact = await store.getFact(KNOWN);
  if (fact === undefined || fact === null) return new Map();
  const parsed = KNOWN_SHAPE.safeParse(fact);
  if (!parsed.success) throw new Error("what the store keeps of found cores is of another version of corewatch");
  return new Map(Object.entries(parsed.data.deployments));
}

/** The last events, the latest first. @throws StoreUnavailable; Error when they cannot be understood */
export async function recallEvents(store: FactStore): Promise<InventoryEvent[]> {
  const fact = await store.getFact(EVENTS);
  if (fact === undefined || fact === null) return [];
  const parsed = EVENTS_SHAPE.safeParse(fact);
  if (!parsed.success) throw new Error("what the store keeps of inventory events is of another version of corewatch");
  return parsed.data;
}

/**
 * Lays changes over what the store knows by now, so that a daemon and a command beside it give one id once. `deployments`:
 * all that there are; what is known of others is let go. @throws StoreUnavailable; Error when others keep it too long
 */
export async function remember(
  store: FactStore & TurnStore,
  clock: Clock,
  changes: ReadonlyMap<string, MemoryChange>,
  deployments: ReadonlySet<string>,
): Promise<{ readonly memory: Memory; readonly events: readonly InventoryEvent[] }> {
  for (let tries = 0; tries < TRIES; tries++) {
    const turn = await store.exclusive(TURN, async () => {
      const before = await recall(store);
      const { memory, events } = applied(before, changes);
      const kept = [...memory].filter(([id]) => deployments.has(id));
      await store.putFact(KNOWN, { version: 1, deployments: Object.fromEntries(kept) });
      if (events.length > 0) {
        const all = [...events.toReversed(), ...(await recallEvents(store))];
        await store.putFact(EVENTS, all.slice(0, MAX_EVENTS));
      }
      return { memory, events };
    });
    if (turn.held) return turn.result;
    await wait(clock, BUSY_MS);
  }
  throw new Error("another process is writing the inventory without end");
}

/** The same without a store. */
export function applied(
  before: Memory,
  changes: ReadonlyMap<string, MemoryChange>,
): { readonly memory: Memory; readonly events: readonly InventoryEvent[] } {
  const memory = new Map(before);
  const events: InventoryEvent[] = [];
  for (const [id, change] of changes) {
    const merged = change(memory.get(id) ?? NOTHING_KNOWN);
    memory.set(id, merged.known);
    events.push(...merged.events);
  }
  return { memory, events };
}

/** One change after another. */
export function inTurn(first: MemoryChange | undefined, second: MemoryChange): MemoryChange {
  if (first === undefined) return second;
  return (known) => {
    const one = first(known);
    const two = second(one.known);
    return { known: two.known, events: [...one.events, ...two.events] };
  };
}

/** Whether nothing but the time of reading differs in these deployments. */
export function isSame(before: Memory, after: Memory, deployments: Iterable<string>): boolean {
  const plain = (known: KnownCores | undefined): string =>
    JSON.stringify([known?.cores, known?.vacant, (known?.readAt ?? null) === null]);
  return [...deployments].every((id) => plain(before.get(id)) === plain(after.get(id)));
}
