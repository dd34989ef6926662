import { NO_CORE, SHOT_OUTCOMES } from "../src/domain/index.ts";
import type { OutcomeCounts, ShotOutcome } from "../src/domain/index.ts";
import { Durations } from "./distribution.ts";
import type { ShotGroup, ShotWindow } from "./figures.ts";

const OUTCOMES = SHOT_OUTCOMES.length;
/** Index of the outcome of what was never sent. */
export const DROPPED = SHOT_OUTCOMES.indexOf("dropped");

/** Counts by outcome index, as an object. */
export function outcomeCounts(counts: ArrayLike<number>): OutcomeCounts {
  const of = (outcome: ShotOutcome): number => counts[SHOT_OUTCOMES.indexOf(outcome)] ?? 0;
  return {
    ok: of("ok"),
    "non-2xx": of("non-2xx"),
    "wrong-body": of("wrong-body"),
    "business-failure": of("business-failure"),
    lost: of("lost"),
    "timed-out": of("timed-out"),
    refused: of("refused"),
    dropped: of("dropped"),
  };
}

/** Shots of one kind while they are counted. */
export class GroupTally {
  readonly counts = new Float64Array(OUTCOMES);
  readonly response = new Durations(3);
  readonly service = new Durations(3);

  add(outcome: number, responseUs: number, serviceUs: number): void {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
    if (outcome === DROPPED) return;
    this.response.record(responseUs);
    this.service.record(serviceUs);
  }

  merge(other: GroupTally): void {
    for (let i = 0; i < OUTCOMES; i++) this.counts[i] = (this.counts[i] ?? 0) + (other.counts[i] ?? 0);
    this.response.add(other.response);
    this.service.add(other.service);
  }

  group(): ShotGroup {
    const counts = outcomeCounts(this.counts);
    return {
      offered: total(this.counts),
      counts,
      response: this.response,
      service: this.service,
    };
  }
}

/** Shots due in one stretch of a stage while they are counted: durations to two digits, ten kilobytes. */
export class WindowTally {
  readonly counts = new Float64Array(OUTCOMES);
  readonly response = new Durations(2);
  /** Answers by core index; the place of `NO_CORE` is for those that do not say. */
  readonly #byCore = new Uint32Array(NO_CORE + 1);

  add(outcome: number, responseUs: number, answered: boolean, core: number): void {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
    if (outcome !== DROPPED) this.response.record(responseUs);
    if (answered) this.#byCore[core] = (this.#byCore[core] ?? 0) + 1;
  }

  merge(other: WindowTally): void {
    for (let i = 0; i < OUTCOMES; i++) this.counts[i] = (this.counts[i] ?? 0) + (other.counts[i] ?? 0);
    for (let i = 0; i <= NO_CORE; i++) this.#byCore[i] = (this.#byCore[i] ?? 0) + (other.#byCore[i] ?? 0);
    this.response.add(other.response);
  }

  window(fromMs: number, toMs: number, cores: number): ShotWindow {
    return {
      fromMs,
      toMs,
      offered: total(this.counts),
      counts: outcomeCounts(this.counts),
      p50Ms: this.response.at(50),
      p99Ms: this.response.at(99),
      maxMs: this.response.maxMs,
      byCore: [...this.#byCore.subarray(0, cores), this.#byCore[NO_CORE] ?? 0],
    };
  }
}

/** All arrivals of some counts. */
export function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
