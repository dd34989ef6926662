import { seriesKey, wait } from "../src/domain/index.ts";
import type {
  CheckKind,
  CheckSettings,
  Clock,
  Log,
  MissedSlot,
  Observation,
  SeriesKey,
  Service,
  Ticker,
} from "../src/domain/index.ts";
import type { Check, Task } from "./check.ts";
import { CHECKS } from "./index.ts";
import { createEntry, Lane } from "./lane.ts";
import type { Entry, LaneHost } from "./lane.ts";
import { createLateness } from "./lateness.ts";
import { startRun } from "./run.ts";
import type { ProbePorts, Run } from "./run.ts";

/** What the engine needs. */
export interface SweepOptions {
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly ports: ProbePorts;
  readonly log: Log;
  /** Called once for each observation, on schedule or not. */
  readonly onObservation: (observation: Observation) => void;
  readonly onMissed: (missed: MissedSlot) => void;
  /** The probes; the registry's unless given. */
  readonly probes?: Readonly<Record<CheckKind, Pick<Check, "probe">>>;
  /** Probes that may run at once; the next ones are `unknown` / `prober-overloaded`. */
  readonly maxRunning?: number;
}

/** How the sweeping goes; counts are since the start. */
export interface SweepStats {
  /** How much later than scheduled probes started in their slots, ms. */
  readonly lateness: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Probes begun on schedule, first looks included. */
  readonly begun: number;
  /** Slots missed, a count per series, by reason. */
  readonly missed: Readonly<Record<MissedSlot["why"], number>>;
  readonly running: number;
  readonly series: number;
}

const MAX_RUNNING = 4_096;
/** How long a stop waits for probes under way. */
const STOP_MS = 500;

/**
 * Probes every series in every slot of its schedule, spread over the slot by a hash of its key, so that each comes at the
 * same moment of each slot, also after a restart or reload. Nothing is shared between probes but a generous bound on how
 * many run at once: a slow target delays only itself. When it starts, everything is looked at once right away (spread
 * over two seconds, or a thousand a second), in a slot named after the moment.
 */
export class SweepEngine implements Service {
  readonly #options: SweepOptions;
  readonly #probes: Readonly<Record<CheckKind, Pick<Check, "probe">>>;
  readonly #host: LaneHost;
  readonly #lanes = new Map<CheckKind, Lane>();
  #entries = new Map<SeriesKey, Entry>();
  readonly #running = new Set<Run>();
  readonly #lateness = createLateness();
  readonly #missed = { overrun: 0, stalled: 0, clock: 0, stopped: 0 };
  #begun = 0;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#probes = options.probes ?? CHECKS;
    this.#host = {
      clock: options.clock,
      ticker: options.ticker,
      begin: (entry, slot, lateness, first) => this.#begin(entry, slot, lateness, first),
      missed: (key, slot, why) => this.#miss(key, slot, why),
      uncounted: (count, why) => {
        this.#missed[why] += count;
      },
    };
  }

  /** Replaces what is probed; phases, slots under way and running probes stay. @throws RangeError for a bad schedule. */
  setTasks(tasks: readonly Task[], settingsOf: (kind: CheckKind) => CheckSettings): void {
    if (this.#state === "stopped") return;
    const byKind = Map.groupBy(tasks, (task) => task.check);
    const entries = new Map<SeriesKey, Entry>();
    for (const [kind, lane] of this.#lanes) {
      if (byKind.has(kind) && lane.sameSlots(settingsOf(kind))) continue;
      lane.stop();
      this.#lanes.delete(kind);
    }
    for (const [kind, ofKind] of byKind) this.#setLane(kind, ofKind, settingsOf(kind), entries);
    for (const [key, entry] of this.#entries) if (!entries.has(key)) entry.gone = true;
    this.#entries = entries;
  }

  async start(): Promise<void> {
    if (this.#state !== "new") return;
    this.#state = "running";
    for (const [kind, lane] of this.#lanes) {
      const entries = [...this.#entries.values()].filter((entry) => entry.task.check === kind);
      lane.update(entries, lane.configured, entries);
      lane.start();
    }
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    for (const lane of this.#lanes.values()) lane.stop();
    this.#lanes.clear();
    if (this.#running.size === 0) return;
    const patience = new AbortController();
    const ended = Promise.all([...this.#running].map((run) => run.done));
    await Promise.race([ended, wait(this.#options.clock, STOP_MS, patience.signal)]);
    patience.abort();
    const left = [...this.#running];
    for (const run of left) run.cancel();
    await Promise.all(left.map((run) => run.done));
  }

  /** Probes these series now, besides their schedule; one that is running already answers for itself. Unknown keys are left out. */
  async probeNow(keys: readonly SeriesKey[]): Promise<Observation[]> {
    if (this.#state === "stopped") return [];
    const runs: Promise<Observation>[] = [];
    for (const key of new Set(keys)) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      runs.push((entry.running ?? this.#launch(entry, this.#slotNow(entry), 0, false)).done);
    }
    return Promise.all(runs);
  }

  stats(): SweepStats {
    return {
      lateness: this.#lateness.summary(),
      begun: this.#begun,
      missed: { ...this.#missed },
      running: this.#running.size,
      series: this.#entries.size,
    };
  }

  #setLane(kind: CheckKind, tasks: readonly Task[], settings: CheckSettings, into: Map<SeriesKey, Entry>): void {
    const known = this.#lanes.get(kind);
    const lane = known ?? new Lane(settings, this.#host);
    const ofLane: Entry[] = [];
    const fresh: Entry[] = [];
    for (const task of tasks) {
      const key = seriesKey(task.target, task.check);
      if (into.has(key)) continue;
      let entry = this.#entries.get(key);
      if (entry === undefined) fresh.push((entry = createEntry(key, task, lane)));
      entry.task = task;
      entry.lane = lane;
      into.set(key, entry);
      ofLane.push(entry);
    }
    this.#lanes.set(kind, lane);
    lane.update(ofLane, settings, this.#state === "running" && lane.isSparse ? fresh : []);
    if (this.#state === "running" && known === undefined) lane.start();
  }

  #begin(entry: Entry, slot: number, latenessMs: number, first: boolean): void {
    // Looked at already: by its first regular slot, or out of schedule in this slot's name.
    if (first ? entry.lastSlot > -Infinity : entry.lastSlot === slot) return;
    if (entry.running !== undefined) {
      if (!first) this.#miss(entry.key, slot, "overrun");
      return;
    }
    this.#begun++;
    // A first look after the start belongs to no slot: there is nothing that it could be late for.
    if (!first) this.#lateness.record(latenessMs);
    this.#launch(entry, slot, latenessMs, !first);
  }

  #launch(entry: Entry, slot: number, latenessMs: number, scheduled: boolean): Run {
    entry.lastSlot = slot;
    const { ports, maxRunning = MAX_RUNNING } = this.#options;
    const { task, lane } = entry;
    const probe = this.#running.size < maxRunning ? this.#probes[task.check] : OVERLOADED;
    const run = startRun(probe, task, lane.settings, ports, { slot, latenessMs });
    entry.running = run;
    this.#running.add(run);
    void this.#follow(entry, run, scheduled);
    return run;
  }

  async #follow(entry: Entry, run: Run, scheduled: boolean): Promise<void> {
    const observation = await run.done;
    this.#running.delete(run);
    if (entry.running === run) entry.running = undefined;
    this.#ended(entry, observation, scheduled);
  }

  #ended(entry: Entry, observation: Observation, scheduled: boolean): void {
    if (observation.reason === "cancelled" && this.#state === "stopped") {
      if (scheduled) this.#miss(entry.key, observation.slot, "stopped");
      return;
    }
    if (entry.gone) return;
    try {
      this.#options.onObservation(observation);
    } catch (error) {
      this.#options.log.error("an observation could not be taken in", { series: entry.key, error });
    }
  }

  #miss(series: SeriesKey, slot: number, why: MissedSlot["why"]): void {
    this.#missed[why]++;
    try {
      this.#options.onMissed({ series, slot, why });
    } catch (error) {
      this.#options.log.error("a missed slot could not be taken in", { series, error });
    }
  }

  /**
   * A slot's name for a probe out of schedule: newer than the last, and older than the slot under way if the series is
   * still to be probed in it, so that the judge takes both. With no room between, the scheduled probe is made early.
   */
  #slotNow(entry: Entry): number {
    const pending = entry.lane.pendingSlot(entry);
    if (pending === undefined) return Math.max(this.#options.clock.now(), entry.lastSlot + 1);
    return Math.min(pending, Math.max(entry.lastSlot + 1, pending - 999));
  }
}

const OVERLOADED: Pick<Check, "probe"> = {
  probe: () =>
    Promise.resolve({
      health: "unknown",
      reason: "prober-overloaded",
      detail: "too many probes are running at once: this one was not made",
      measures: {},
    }),
};
