import type { CheckSettings, Clock, MissedSlot, SeriesKey, Ticker, Timer } from "../src/domain/index.ts";
import type { Task } from "./check.ts";
import { gapBetween, isStep } from "./gap.ts";
import { MAX_SPREAD_MS, phaseOf, spreadOf, startSpreadOf } from "./phase.ts";
import type { Run } from "./run.ts";
import { SlotNames } from "./slot-names.ts";

/** A series as the engine holds it, for as long as it is in the fleet. */
export interface Entry {
  readonly key: SeriesKey;
  readonly phase: number;
  task: Task;
  lane: Lane;
  /** The probe under way. */
  running: Run | undefined;
  /** Name of the slot probed last; `-Infinity` before the first. */
  lastSlot: number;
  /** No longer in the fleet. */
  gone: boolean;
}

/** One slot being walked. Times are monotonic milliseconds. */
interface Round {
  entries: readonly Entry[];
  readonly name: number;
  readonly base: number;
  readonly spread: number;
  /** An entry that comes later than this is missed: its next probe is nearer than this one. */
  readonly patience: number;
  /** Why an entry that comes too late did. */
  readonly why: "stalled" | "clock";
  /** The first look after a start: not on schedule. */
  readonly first: boolean;
  next: number;
}

/** What a lane needs of its engine. */
export interface LaneHost {
  readonly clock: Clock;
  readonly ticker: Ticker;
  begin(entry: Entry, slot: number, latenessMs: number, first: boolean): void;
  missed(key: SeriesKey, slot: number, why: MissedSlot["why"]): void;
  /** Slots that passed whole and are too many to be told one by one. */
  uncounted(count: number, why: MissedSlot["why"]): void;
}

/**
 * Moments in a slot are full multiples of this, so that what is near each other starts together. Waking up costs more
 * than a start (0.05 ms of processor time on a small machine, against 0.01 ms), for the answers too; and 25 probes at
 * once, which is a thousand a second, still take only some 5 ms.
 */
const GRID_MS = 25;
/** Starts in one go; then others have their turn. */
const MAX_BURST = 100;
/** A probe that may last its whole slot ends this much before the next: else a target that hangs is seen every other slot. */
const MARGIN_MS = 300;

/** One kind of check on its schedule: a sorted list that one timer walks in every slot. */
export class Lane {
  readonly #host: LaneHost;
  #settings: CheckSettings;
  #effective: CheckSettings;
  #entries: readonly Entry[] = [];
  #rounds: Round[] = [];
  readonly #names = new SlotNames();
  #ticking: { stop(): void } | undefined;
  #timer: Timer | undefined;
  #last: { readonly slot: number; readonly at: number } | undefined;

  constructor(settings: CheckSettings, host: LaneHost) {
    this.#settings = settings;
    this.#effective = settings;
    this.#host = host;
  }

  /** The settings that probes get: a timeout as long as the slot is cut a little. */
  get settings(): CheckSettings {
    return this.#effective;
  }

  /** The settings as configured. */
  get configured(): CheckSettings {
    return this.#settings;
  }

  /** Whether `settings` has the same slots; if not, a new lane is needed. */
  sameSlots(settings: CheckSettings): boolean {
    return settings.schedule === this.#settings.schedule && settings.timezone === this.#settings.timezone;
  }

  /** Replaces the list, keeping the place in the slots under way. `look`: entries to probe once right away. */
  update(entries: readonly Entry[], settings: CheckSettings, look: readonly Entry[]): void {
    const sorted = [...entries].sort((a, b) => a.phase - b.phase);
    for (const round of this.#rounds) {
      if (round.first) continue;
      const done = round.entries[round.next - 1]?.phase ?? -1;
      round.entries = sorted;
      round.next = firstAfter(sorted, done);
    }
    this.#entries = sorted;
    this.#settings = settings;
    const length = this.#lengthFrom(this.#host.clock.now());
    const { timeoutMs } = settings;
    const cut = timeoutMs <= length && timeoutMs > length - MARGIN_MS && length > 10 * MARGIN_MS;
    this.#effective = cut ? { ...settings, timeoutMs: length - MARGIN_MS } : settings;
    if (look.length > 0) this.#firstLook(look, length);
  }

  /** Whether the slots are so far apart that a series that comes new should not wait for its own. */
  get isSparse(): boolean {
    return this.#lengthFrom(this.#host.clock.now()) > MAX_SPREAD_MS;
  }

  start(): void {
    const { schedule, timezone } = this.#settings;
    this.#ticking ??= this.#host.ticker.every(schedule, timezone, (slot) => this.#onSlot(slot));
  }

  /** Ends; what was still to come in the slots under way is missed. */
  stop(): void {
    this.#ticking?.stop();
    this.#ticking = undefined;
    this.#timer?.clear();
    for (const round of this.#rounds) {
      for (const entry of round.entries.slice(round.next)) {
        if (!entry.gone && !round.first) this.#host.missed(entry.key, round.name, "stopped");
      }
    }
    this.#rounds = [];
  }

  /** The slot under way in which `entry` is still to be probed. */
  pendingSlot(entry: Entry): number | undefined {
    return this.#rounds.find((round) => !round.first && (round.entries[round.next]?.phase ?? 2) <= entry.phase)?.name;
  }

  #firstLook(look: readonly Entry[], length: number): void {
    const { clock } = this.#host;
    const spread = startSpreadOf(length, look.length);
    const entries = [...look].sort((a, b) => a.phase - b.phase);
    const base = clock.monotonic();
    const name = clock.now();
    this.#rounds.push({ entries, name, base, spread, patience: Infinity, why: "stalled", first: true, next: 0 });
    this.#arm();
  }

  #onSlot(slot: number): void {
    const { clock } = this.#host;
    const at = clock.monotonic() - Math.max(0, clock.now() - slot);
    const length = this.#lengthFrom(slot);
    const name = this.#names.of(slot);
    const why = this.#last !== undefined && isStep(this.#last, { slot, at }) ? "clock" : "stalled";
    this.#tellGap(slot, why);
    this.#last = { slot, at };
    this.#rounds.push({
      entries: this.#entries,
      name,
      base: at,
      spread: spreadOf(length),
      patience: length / 2,
      why,
      first: false,
      next: 0,
    });
    this.#walk();
  }

  #tellGap(slot: number, why: Round["why"]): void {
    if (this.#last === undefined) return;
    const { schedule, timezone } = this.#settings;
    const next = (after: number): number => this.#host.ticker.next(schedule, timezone, after, 1)[0] ?? Infinity;
    const gap = gapBetween(this.#last.slot, slot, next, this.#entries.length);
    for (const missed of gap.slots) for (const { key } of this.#entries) this.#host.missed(key, missed, why);
    this.#host.uncounted(gap.more * this.#entries.length, why);
  }

  #walk(): void {
    const { clock } = this.#host;
    let started = 0;
    for (const round of this.#rounds) {
      for (; round.next < round.entries.length && started < MAX_BURST; started++) {
        const entry = round.entries[round.next];
        if (entry === undefined) break;
        // Timers may fire a fraction of a millisecond early.
        const late = clock.monotonic() - dueOf(round, entry);
        if (late < -1) break;
        round.next++;
        if (entry.gone) continue;
        if (late > round.patience) this.#host.missed(entry.key, round.name, round.why);
        else this.#host.begin(entry, round.name, Math.max(0, late), round.first);
      }
    }
    this.#rounds = this.#rounds.filter((round) => round.next < round.entries.length);
    this.#arm();
  }

  #arm(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    let due = Infinity;
    for (const round of this.#rounds) {
      const entry = round.entries[round.next];
      if (entry !== undefined) due = Math.min(due, dueOf(round, entry));
    }
    if (due === Infinity) return;
    const ms = due - this.#host.clock.monotonic();
    this.#timer = this.#host.clock.after(Math.max(0, ms), () => this.#walk());
  }

  /** How long the slot that begins at or after `at` is. */
  #lengthFrom(at: number): number {
    const { schedule, timezone } = this.#settings;
    const [first = 0, second = Infinity] = this.#host.ticker.next(schedule, timezone, at - 1, 2);
    return second - first;
  }
}

/** An entry for a series that has just come. */
export function createEntry(key: SeriesKey, task: Task, lane: Lane): Entry {
  return { key, phase: phaseOf(key), task, lane, running: undefined, lastSlot: -Infinity, gone: false };
}

/** When an entry is due in a round, monotonic ms. */
function dueOf({ base, spread }: Round, { phase }: Entry): number {
  return base + Math.floor((phase * spread) / GRID_MS) * GRID_MS;
}

function firstAfter(sorted: readonly Entry[], phase: number): number {
  const index = sorted.findIndex((entry) => entry.phase > phase);
  return index === -1 ? sorted.length : index;
}
