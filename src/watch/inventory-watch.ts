import { createLateness } from "../../checks/lateness.ts";
import {
  type Clock,
  type FactStore,
  type Fleet,
  type FoundCore,
  type HostNotice,
  type InventoryEvent,
  type Log,
  type Observation,
  type SeriesKey,
  type Service,
  StoreUnavailable,
  type Ticker,
  type Timer,
  type TurnStore,
} from "../domain/index.ts";
import { discovering, INVENTORY_DEFAULTS, withFound } from "../inventory/discovered.ts";
import { heed } from "../inventory/leaving.ts";
import { markReady, NOTHING_KNOWN } from "../inventory/merge.ts";
import { type CoreSources, type Discovering, foundChange, readAll } from "./inventory-look.ts";
import { applied, inTurn, isSame, type Memory, type MemoryChange, recall, remember } from "./inventory-memory.ts";
import type { InventoryNumbers } from "./inventory-numbers.ts";
import { HostNotices, type NoticeWorld } from "./inventory-notices.ts";
import { readiness } from "./inventory-ready.ts";
import { Unread } from "./inventory-unread.ts";

/** What {@link InventoryWatch} needs. */
export interface InventoryWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly store: FactStore & TurnStore;
  /** As fleet.yaml has it. */
  readonly fleet: Fleet;
  readonly sources: () => Promise<CoreSources>;
  readonly notices: () => Promise<NoticeWorld>;
  readonly platform: () => { latest(series: SeriesKey): Observation | undefined; look(): void };
  /** The fleet with what was found, whenever that changed. */
  readonly onFleet: (fleet: Fleet) => void;
}

/** How often new cores are looked after, ms. */
const SECOND_MS = 1_000;
/** A notice is applied to cores that are found later too, for so long, ms. */
const NOTICE_MS = 600_000;

/**
 * Keeps the fleet as it is found: reads the sources on the schedule, hears of hosts that will go, and gives the platform
 * each new fleet without fleet.yaml being touched. A read that fails changes nothing.
 */
export class InventoryWatch implements Service {
  readonly #options: InventoryWatchOptions;
  readonly #unread: Unread;
  readonly #timeToHealthy = createLateness();
  readonly #stopping = new AbortController();
  readonly #pending = new Map<string, MemoryChange>();
  /** What the store could not take yet. */
  readonly #owed = new Map<string, MemoryChange>();
  #base: Fleet;
  #fleet: Fleet;
  #memory: Memory = new Map();
  #notices: { readonly notice: HostNotice; readonly until: number }[] = [];
  #listening: HostNotices | undefined;
  #ticking: { readonly key: string; stop(): void } | undefined;
  #sources: Promise<CoreSources> | undefined;
  #looking: Promise<void> | undefined;
  #flushing: Promise<void> | undefined;
  #second: Timer | undefined;
  #events = 0;
  #conflicts = "";
  #started = false;

  constructor(options: InventoryWatchOptions) {
    this.#options = options;
    this.#base = options.fleet;
    this.#fleet = options.fleet;
    this.#unread = new Unread(options.clock, options.log);
  }

  /** The fleet with all that is known of found cores. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** Takes up what an earlier process knew, before anything is probed. @throws StoreUnavailable */
  async restore(): Promise<Fleet> {
    if (discovering(this.#base).length === 0) return this.#fleet;
    try {
      this.#memory = await recall(this.#options.store);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      this.#options.log.error("the inventory begins anew", { error });
    }
    this.#fleet = this.#resolve();
    return this.#fleet;
  }

  async start(): Promise<void> {
    this.#started = true;
    await this.#adjust();
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#stopping.abort();
    this.#second?.clear();
    this.#ticking?.stop();
    await this.#listening?.stop();
    await this.#looking;
    await this.#flushing;
    await (await this.#sources)?.close();
  }

  /** Follows a reload of fleet.yaml; gives the fleet with what is known of found cores. */
  follow(base: Fleet): Fleet {
    this.#base = base;
    this.#fleet = this.#resolve();
    if (this.#started) void this.#adjust();
    return this.#fleet;
  }

  /** For /readyz: sources out of reach make corewatch no less ready. */
  facts(): Record<string, number | string> {
    if (discovering(this.#base).length === 0) return {};
    const { found, stale } = this.numbers();
    const troubles = this.#listening?.troubles() ?? [];
    return {
      coresFound: found,
      ...(stale === 0 ? {} : { inventoryStale: this.#unread.sentences().join("; ") }),
      ...(troubles.length === 0 ? {} : { inventoryTrouble: troubles.join("; ") }),
    };
  }

  numbers(): InventoryNumbers {
    const known = discovering(this.#base).flatMap(({ id }) => this.#memory.get(id)?.cores ?? []);
    const going = known.filter(({ state }) => state === "leaving" || state === "draining");
    return {
      found: known.length,
      leaving: going.length,
      starting: known.filter((one) => one.readyAt === null && !going.includes(one)).length,
      stale: this.#unread.size,
      events: this.#events,
      timeToHealthyMs: this.#timeToHealthy.summary(),
    };
  }

  /** Reads all sources now; one look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const deployments = discovering(this.#base);
    if (deployments.length === 0 || !this.#started) return;
    const { clock, log } = this.#options;
    try {
      const sources = await (this.#sources ??= this.#options.sources());
      const world = { sources, clock, signal: this.#stopping.signal };
      await readAll(deployments, this.#base, world, (deployment, found) => this.#take(deployment, found));
    } catch (error) {
      log.error("the inventory could not be read", { error });
    }
  }

  #take(deployment: Discovering, found: readonly FoundCore[] | Error): void {
    if (this.#stopping.signal.aborted) return;
    if (found instanceof Error) {
      this.#unread.failed(deployment.id, found.message, this.#memory.get(deployment.id)?.cores.length ?? 0);
      return;
    }
    this.#unread.read(deployment.id);
    const now = this.#options.clock.now();
    this.#notices = this.#notices.filter(({ until }) => now < until);
    const notices = this.#notices.map(({ notice }) => notice);
    this.#change(deployment.id, foundChange(deployment, found, notices, now));
  }

  #hear(notice: HostNotice): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    log.info(`notice: ${notice.kind} of ${notice.instance}`, { state: notice.state });
    this.#notices.push({ notice, until: now + NOTICE_MS });
    for (const { id } of discovering(this.#base)) {
      if (this.#memory.get(id)?.cores.some(({ instance }) => instance === notice.instance) !== true) continue;
      this.#change(id, (known) => {
        const events: InventoryEvent[] = [];
        const cores = heed(known.cores, notice, { deployment: id, now, isNews: true }, events);
        return { known: { ...known, cores }, events };
      });
    }
  }

  /** What changes nothing is not written; what comes while others are written goes with the next. */
  #change(deployment: string, change: MemoryChange): void {
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
    this.#adopt();
  }

  async #keep(changes: ReadonlyMap<string, MemoryChange>, here: ReturnType<typeof applied>): Promise<void> {
    const { store, clock, log } = this.#options;
    let done = here;
    const all = new Map(this.#owed);
    for (const [id, change] of changes) all.set(id, inTurn(this.#owed.get(id), change));
    try {
      const kept = await remember(store, clock, all, new Set(this.#base.deployments.map(({ id }) => id)));
      // What was owed has happened here before.
      done = this.#owed.size === 0 ? kept : { memory: kept.memory, events: here.events };
      this.#owed.clear();
    } catch (error) {
      for (const [id] of changes) {
        const known = here.memory.get(id) ?? NOTHING_KNOWN;
        this.#owed.set(id, () => ({ known, events: [] }));
      }
      log.warn("what was found could not be kept in the store: it is followed all the same", { error });
    }
    this.#memory = done.memory;
    this.#events += done.events.length;
    for (const { event, target, before, after, why, timeToHealthyMs } of done.events) {
      if (timeToHealthyMs !== undefined) this.#timeToHealthy.record(timeToHealthyMs);
      const took = timeToHealthyMs === undefined ? {} : { timeToHealthyMs };
      log.info(`${event} ${target}${why === "" ? "" : `: ${why}`}`, { before: before?.url, after: after?.url, ...took });
    }
  }

  #adopt(): void {
    const before = this.#fleet;
    this.#fleet = this.#resolve();
    if (JSON.stringify(coresOf(before)) !== JSON.stringify(coresOf(this.#fleet))) this.#options.onFleet(this.#fleet);
    this.#attend();
  }

  #resolve(): Fleet {
    const { fleet, conflicts } = withFound(this.#base, (id) => this.#memory.get(id));
    const said = conflicts.map(({ deployment, core, message }) => `${deployment}/${core}: ${message}`).join("; ");
    if (said !== this.#conflicts && said !== "") this.#options.log.warn(`fleet.yaml and what was found differ: ${said}`);
    this.#conflicts = said;
    return fleet;
  }

  /** While cores are to become ready, they are looked after every second. */
  #attend(): void {
    if (!this.#started || this.#second !== undefined || this.numbers().starting === 0) return;
    this.#second = this.#options.clock.after(SECOND_MS, () => {
      this.#second = undefined;
      this.#lookAfterNew();
      this.#attend();
    });
  }

  #lookAfterNew(): void {
    const { clock, platform } = this.#options;
    const { ready, isLate } = readiness(this.#fleet, this.#memory, (key) => platform().latest(key), clock.now());
    for (const { deployment, id, at } of ready)
      this.#change(deployment, (known) => markReady(known, id, at, deployment));
    // Its time is over: from now on its silence is an incident.
    if (isLate) platform().look();
  }

  /** Runs what the fleet asks for. */
  async #adjust(): Promise<void> {
    const { clock, log, ticker } = this.#options;
    const isWanted = discovering(this.#base).length > 0;
    const { schedule, events } = this.#base.inventory ?? INVENTORY_DEFAULTS;
    const key = isWanted ? JSON.stringify([schedule, events]) : "";
    if (this.#ticking?.key !== key) {
      this.#ticking?.stop();
      const before = this.#listening;
      this.#listening = undefined;
      this.#ticking = isWanted ? { key, ...ticker.every(schedule, undefined, () => void this.look()) } : undefined;
      await before?.stop();
      if (isWanted && (events.queue !== undefined || events.metadata)) {
        const world = await this.#options.notices();
        const onNotice = (notice: HostNotice): void => this.#hear(notice);
        if (this.#started) this.#listening = new HostNotices({ clock, log, world, events, onNotice });
      }
    }
    this.#attend();
    void this.look();
  }
}

function coresOf({ deployments }: Fleet): unknown {
  return deployments.map(({ id, cores }) => [id, cores]);
}
