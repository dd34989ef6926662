import { NO_CORE } from "../src/domain/index.ts";
import { Bins } from "./bins.ts";
import { Durations } from "./distribution.ts";
import type { ShotWindow, StageFigures } from "./figures.ts";
import { DROPPED, GroupTally, outcomeCounts, total, WindowTally } from "./groups.ts";
import { forEachShot } from "./shots.ts";

/** What is counted. */
export interface TallySettings {
  /** Numbers of endpoints and cores that shots can name. */
  readonly endpoints: number;
  readonly cores: number;
  /** Of the stage. */
  readonly durationMs: number;
}

const MAX_WINDOWS = 600;
const SHORTEST_WINDOW_MS = 1000;

/**
 * Counts the shots of one stage. Memory depends on the stage's length (1.4 MB an hour and at most 600 windows), not on the
 * number of requests. Tallies of several threads, merged, are the tally of all.
 */
export class Tally {
  readonly #durationMs: number;
  readonly #windowUs: number;
  readonly #all = new GroupTally();
  readonly #lateness = new Durations(3);
  readonly #endpoints: GroupTally[];
  readonly #cores: GroupTally[] = [];
  readonly #windows: WindowTally[] = [];
  readonly #sent = new Bins();
  readonly #due = new Bins();
  #firstDueUs = Number.POSITIVE_INFINITY;
  #lastDueUs = Number.NEGATIVE_INFINITY;

  constructor(settings: TallySettings) {
    this.#durationMs = settings.durationMs;
    const seconds = Math.ceil(settings.durationMs / SHORTEST_WINDOW_MS / MAX_WINDOWS);
    this.#windowUs = Math.max(1, seconds) * SHORTEST_WINDOW_MS * 1000;
    this.#endpoints = Array.from({ length: settings.endpoints }, () => new GroupTally());
    this.setCores(settings.cores);
  }

  /** So many cores can be told apart from now on; never fewer than before. */
  setCores(count: number): void {
    while (this.#cores.length < Math.min(count, NO_CORE)) this.#cores.push(new GroupTally());
  }

  /** Adds records of `shots.ts`. A core that is not known yet counts as one that the answer did not name. @throws Error when damaged */
  add(records: Uint8Array): void {
    forEachShot(records, (scheduledUs, latenessUs, serviceUs, outcome, endpoint, core, status) => {
      const responseUs = latenessUs + serviceUs;
      this.#all.add(outcome, responseUs, serviceUs);
      this.#endpoints[endpoint]?.add(outcome, responseUs, serviceUs);
      const known = this.#cores[core];
      known?.add(outcome, responseUs, serviceUs);
      this.#window(scheduledUs).add(outcome, responseUs, status !== 0, known === undefined ? NO_CORE : core);
      this.#due.add(scheduledUs);
      if (scheduledUs < this.#firstDueUs) this.#firstDueUs = scheduledUs;
      if (scheduledUs > this.#lastDueUs) this.#lastDueUs = scheduledUs;
      if (outcome === DROPPED) return;
      this.#lateness.record(latenessUs);
      this.#sent.add(scheduledUs + latenessUs);
    });
  }

  /** Adds what another tally of the same stage counted. */
  merge(other: Tally): void {
    this.setCores(other.#cores.length);
    this.#all.merge(other.#all);
    this.#lateness.add(other.#lateness);
    for (const [index, group] of other.#endpoints.entries()) this.#endpoints[index]?.merge(group);
    for (const [index, group] of other.#cores.entries()) this.#cores[index]?.merge(group);
    for (const [index, window] of other.#windows.entries()) this.#windowAt(index).merge(window);
    this.#sent.merge(other.#sent);
    this.#due.merge(other.#due);
    this.#firstDueUs = Math.min(this.#firstDueUs, other.#firstDueUs);
    this.#lastDueUs = Math.max(this.#lastDueUs, other.#lastDueUs);
  }

  /** What the shots say so far. Distributions are views, and follow what is added later; all else stands still. */
  figures(): StageFigures {
    return {
      all: this.#all.group(),
      lateness: this.#lateness,
      endpoints: this.#endpoints.map((group) => group.group()),
      cores: this.#cores.map((group) => group.group()),
      windows: this.#windows.map((window, index) => this.#shown(window, index)),
      dispersion: this.#sent.dispersion(this.#lastDueUs),
      plannedDispersion: this.#due.dispersion(this.#lastDueUs),
      sentRate: this.#sentRate(),
      between: (fromMs, toMs) => this.#between(fromMs, toMs),
    };
  }

  /**
   * Only what was sent by the last due moment (and the 10 to 20 ms that a healthy generator may be late) counts: one that fell
   * behind and caught up after the stage did not hold the rate. The first arrival begins the time, and is not in it.
   */
  #sentRate(): number {
    const seconds = (this.#lastDueUs - this.#firstDueUs) / 1e6;
    const sent = this.#lateness.count === 0 ? 0 : this.#sent.upTo(this.#lastDueUs);
    return seconds > 0 && sent > 1 ? (sent - 1) / seconds : 0;
  }

  #between(fromMs: number, toMs: number): ReturnType<StageFigures["between"]> {
    const counts = new WindowTally();
    for (const [index, window] of this.#windows.entries()) {
      if (this.#fromMs(index) >= fromMs && this.#toMs(index) <= toMs) counts.merge(window);
    }
    return {
      offered: total(counts.counts),
      counts: outcomeCounts(counts.counts),
      p99Ms: counts.response.at(99),
    };
  }

  #shown(window: WindowTally, index: number): ShotWindow {
    return window.window(this.#fromMs(index), this.#toMs(index), this.#cores.length);
  }

  #fromMs(index: number): number {
    return (index * this.#windowUs) / 1000;
  }

  #toMs(index: number): number {
    return Math.min(this.#durationMs, ((index + 1) * this.#windowUs) / 1000);
  }

  #window(scheduledUs: number): WindowTally {
    const last = Math.max(0, Math.ceil((this.#durationMs * 1000) / this.#windowUs) - 1);
    return this.#windowAt(Math.min(last, Math.floor(scheduledUs / this.#windowUs)));
  }

  #windowAt(index: number): WindowTally {
    while (this.#windows.length <= index) this.#windows.push(new WindowTally());
    const window = this.#windows[index];
    if (window === undefined) throw new Error("unreachable: the window was just made");
    return window;
  }
}
