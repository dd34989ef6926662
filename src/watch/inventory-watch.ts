import { createLateness } from "../../checks/lateness.ts";
import {
  type Clock,
  type FactStore,
  type Fleet,
  type FoundCore,
  type HostNotice,
  type InventoryEvent,
  type Log,
  type SeriesKey,
  type Service,
  type Target,
  type Ticker,
  type Timer,
  type TurnStore,
} from "../domain/index.ts";
import { discovering, hasSameCores, INVENTORY_DEFAULTS, withFound } from "../inventory/discovered.ts";
import type { SeriesView } from "../incidents/picture.ts";
import { heed } from "../inventory/leaving.ts";
import { markReady } from "../inventory/merge.ts";
import { logConflicts } from "./inventory-events.ts";
import { MemoryKeeper } from "./inventory-keeper.ts";
import { type CoreSources, type Discovering, foundChange, readAll } from "./inventory-look.ts";
import { countCores, type InventoryNumbers } from "./inventory-numbers.ts";
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
  readonly platform: () => {
    series(key: SeriesKey): Pick<SeriesView, "health" | "since" | "latest"> | undefined;
    look(): void;
  };
  /** The fleet with what was found, whenever that changed. */
  readonly onFleet: (fleet: Fleet) => void;
}

/** How often new cores are looked after, ms. */
const SECOND_MS = 1_000;
/** A deployment whose cores fail is read out of turn this often at most, ms. */
const SUSPECT_MS = 3_000;
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
  readonly #keeper: MemoryKeeper;
  #base: Fleet;
  #fleet: Fleet;
  #notices: { readonly notice: HostNotice; readonly until: number }[] = [];
  #listening: HostNotices | undefined;
  #ticking: { readonly key: string; stop(): void } | undefined;
  #sources: Promise<CoreSources> | undefined;
  #looking: Promise<void> | undefined;
  #suspecting: Promise<unknown> = Promise.resolve();
  /** When a deployment was last read because a core of it failed, monotonic ms. */
  readonly #suspected = new Map<string, number>();
  #second: Timer | undefined;
  #events = 0;
  #conflicts = "";
  #started = false;

  constructor(options: InventoryWatchOptions) {
    this.#options = options;
    this.#base = options.fleet;
    this.#fleet = options.fleet;
    this.#unread = new Unread(options.clock, options.log);
    const { clock, log, store } = options;
    this.#keeper = new MemoryKeeper({
      clock,
      log,
      store,
      deployments: () => new Set(this.#base.deployments.map(({ id }) => id)),
      onEvents: (events) => this.#count(events),
      onChanged: () => this.#adopt(),
    });
  }

  /** The fleet with all that is known of found cores. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** Takes up what an earlier process knew, before anything is probed. @throws StoreUnavailable */
  async restore(): Promise<Fleet> {
    if (discovering(this.#base).length === 0) return this.#fleet;
    await this.#keeper.restore();
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
    await Promise.all([this.#looking, this.#suspecting]);
    await this.#keeper.settled();
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
    const known = discovering(this.#base).flatMap(({ id }) => this.#keeper.memory.get(id)?.cores ?? []);
    return {
      ...countCores(known),
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

  /** A core failed: it may be gone or going, which its source knows before a second failure makes an incident of it. */
  suspect({ kind, deployment }: Target): void {
    const now = this.#options.clock.monotonic();
    if (kind !== "core" || deployment === null || now - (this.#suspected.get(deployment) ?? -SUSPECT_MS) < SUSPECT_MS)
      return;
    this.#suspected.set(deployment, now);
    this.#suspecting = Promise.all([this.#suspecting, this.#look(deployment)]);
  }

  /** Of one deployment, or of all. */
  async #look(only?: string): Promise<void> {
    const deployments = discovering(this.#base).filter(({ id }) => only === undefined || id === only);
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
      this.#unread.failed(deployment.id, found.message, this.#keeper.memory.get(deployment.id)?.cores.length ?? 0);
      return;
    }
    this.#unread.read(deployment.id);
    const now = this.#options.clock.now();
    this.#notices = this.#notices.filter(({ until }) => now < until);
    const notices = this.#notices.map(({ notice }) => notice);
    this.#keeper.change(deployment.id, foundChange(deployment, found, notices, now));
  }

  #hear(notice: HostNotice): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    log.info(`notice: ${notice.kind} of ${notice.instance}`, { state: notice.state });
    this.#notices.push({ notice, until: now + NOTICE_MS });
    for (const { id } of discovering(this.#base)) {
      if (this.#keeper.memory.get(id)?.cores.some(({ instance }) => instance === notice.instance) !== true) continue;
      this.#keeper.change(id, (known) => {
        const events: InventoryEvent[] = [];
        const cores = heed(known.cores, notice, { deployment: id, now, isNews: true }, events);
        return { known: { ...known, cores }, events };
      });
    }
  }

  #count(events: readonly InventoryEvent[]): void {
    this.#events += events.length;
    for (const { timeToHealthyMs } of events)
      if (timeToHealthyMs !== undefined) this.#timeToHealthy.record(timeToHealthyMs);
  }

  #adopt(): void {
    const before = this.#fleet;
    this.#fleet = this.#resolve();
    if (!hasSameCores(before, this.#fleet)) this.#options.onFleet(this.#fleet);
    this.#attend();
  }

  #resolve(): Fleet {
    const { fleet, conflicts } = withFound(this.#base, (id) => this.#keeper.memory.get(id));
    this.#conflicts = logConflicts(this.#options.log, conflicts, this.#conflicts);
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
    const { ready, isLate } = readiness(this.#fleet, this.#keeper.memory, (key) => platform().series(key), clock.now());
    for (const { deployment, id, at } of ready)
      this.#keeper.change(deployment, (known) => markReady(known, id, at, deployment));
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
