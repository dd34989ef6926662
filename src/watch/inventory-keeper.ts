import type { Clock, FactStore, InventoryEvent, Log, TurnStore } from "../domain/index.ts";
import { StoreUnavailable } from "../domain/index.ts";
import { NOTHING_KNOWN } from "../inventory/merge.ts";
import { logEvents } from "./inventory-events.ts";
import { applied, inTurn, isSame, type Memory, type MemoryChange, recall, remember } from "./inventory-memory.ts";

/** What {@link MemoryKeeper} needs. */
export interface KeeperOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: FactStore & TurnStore;
  /** All that there are: what is known of others is let go. */
  readonly deployments: () => ReadonlySet<string>;
  readonly onEvents: (events: readonly InventoryEvent[]) => void;
  /** What is known may have changed. */
  readonly onChanged: () => void;
}

/** Holds what is known of found cores, here and in the store, and follows it also while the store is out of reach. */
export class MemoryKeeper {
  readonly #options: KeeperOptions;
  readonly #pending = new Map<string, MemoryChange>();
  /** What the store could not take yet. */
  readonly #owed = new Map<string, MemoryChange>();
  #memory: Memory = new Map();
  #flushing: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Takes up what an earlier process knew. @throws StoreUnavailable */
  async restore(): Promise<void> {
    try {
      this.#memory = await recall(this.#options.store);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      this.#options.log.error("the inventory begins anew", { error });
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  /** What changes nothing is not written; what comes while others are written goes with the next. */
  change(deployment: string, change: MemoryChange): void {
    this.#pending.set(deployment, inTurn(this.#pending.get(deployment), change));
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
  }

  async #flush(): Promise<void> {
    // What comes in this moment goes together.
    await Promise.resolve();
    while (this.#pending.size > 0) {
      const changes = new Map(this.#pending);
      this.#pending.clear();
      const here = applied(this.#memory, changes);
      const isNews = here.events.length > 0 || !isSame(this.#memory, here.memory, changes.keys());
      if (isNews || this.#owed.size > 0) await this.#keep(changes, here);
      else this.#memory = here.memory;
    }
    this.#options.onChanged();
  }

  async #keep(changes: ReadonlyMap<string, MemoryChange>, here: ReturnType<typeof applied>): Promise<void> {
    const { store, clock, log, deployments, onEvents } = this.#options;
    let done = here;
    const all = new Map(this.#owed);
    for (const [id, change] of changes) all.set(id, inTurn(this.#owed.get(id), change));
    try {
      const kept = await remember(store, clock, all, deployments());
      // What was owed has happened here before.
      done = this.#owed.size === 0 ? kept : { memory: kept.memory, events: here.events };
      this.#owed.clear();
    } catch (error) {
      if (this.#owed.size === 0)
        log.warn("what was found could not be kept in the store: it is followed all the same", { error });
      for (const [id] of changes) {
        const known = here.memory.get(id) ?? NOTHING_KNOWN;
        this.#owed.set(id, () => ({ known, events: [] }));
      }
    }
    this.#memory = done.memory;
    logEvents(log, done.events);
    onEvents(done.events);
  }
}
