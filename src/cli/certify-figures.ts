import { durationOf } from "../../loadtests/arrivals.ts";
import { forEachShot } from "../../loadtests/shots.ts";
import { milliseconds, perSecond } from "../../loadtests/report-words.ts";
import type { RunProgress } from "../../loadtests/run-ports.ts";
import {
  type Clock,
  type OutcomeCounts,
  type RunEvent,
  type RunHead,
  SHOT_OUTCOMES,
  type Timer,
} from "../domain/index.ts";
import type { LiveState } from "./certify-live.ts";

const SECOND_MS = 1_000;
/** Rates are of so many whole seconds: the one that runs is not over, and would make them too low. */
const SPAN = 5;
/** Sooner than this after a stage began there is no rate to tell, ms. */
const LEAST_MS = 250;
const EVERY_MS = 250;
/** Response times that are kept of a second, to show percentiles; beyond it every n-th would do as well. */
const KEPT = 4_000;

interface Second {
  /** Seconds since the stage began. */
  readonly at: number;
  offered: number;
  sent: number;
  answered: number;
  readonly responseMs: number[];
  readonly byCore: Map<number, number>;
}

/** What a person who watches a run sees of its last seconds. Nothing of it is recorded or judged. */
export class LiveFigures {
  readonly #head: RunHead;
  readonly #clock: Clock;
  readonly #show: (state: LiveState) => void;
  readonly #cores: string[];
  readonly #began: number;
  #seconds: Second[] = [];
  #counts: Record<(typeof SHOT_OUTCOMES)[number], number> = none();
  #stage: { readonly index: number; readonly began: number; readonly ended?: number } | undefined;
  #progress: RunProgress | undefined;
  #timer: Timer;

  constructor(head: RunHead, clock: Clock, show: (state: LiveState) => void) {
    this.#head = head;
    this.#clock = clock;
    this.#show = show;
    this.#cores = [...head.cores];
    this.#began = clock.monotonic();
    this.#timer = clock.after(EVERY_MS, () => this.#tick());
  }

  stop(): void {
    this.#timer.clear();
  }

  event(event: RunEvent): void {
    if (event.type === "stage-began") {
      this.#stage = { index: event.stage, began: this.#clock.monotonic() };
      this.#counts = none();
      this.#seconds = [];
      // What was done before it is done.
      this.#progress = undefined;
    }
    if (event.type === "stage-ended" && this.#stage !== undefined)
      this.#stage = { ...this.#stage, ended: this.#clock.monotonic() };
    if (event.type === "level" && this.#stage !== undefined) {
      const { connections, throughput, p99Ms } = event.level;
      const doing = `${connections} connections: ${perSecond(throughput)}, p99 ${milliseconds(p99Ms)}`;
      this.#progress = { stage: this.#stage.index, doing, done: null, of: null };
    }
    if (event.type === "core-added" && !this.#cores.includes(event.core)) this.#cores.push(event.core);
    if (event.type === "stage-began" || event.type === "stage-ended") this.#show(this.#state());
  }

  progress(progress: RunProgress): void {
    this.#progress = progress;
  }

  shots(records: Uint8Array): void {
    const second = this.#second();
    forEachShot(records, (_scheduled, latenessUs, serviceUs, outcomeIndex, _endpoint, core) => {
      const outcome = SHOT_OUTCOMES[outcomeIndex];
      if (outcome === undefined) return;
      this.#counts[outcome]++;
      second.offered++;
      if (outcome === "dropped") return;
      second.sent++;
      if (second.responseMs.length < KEPT) second.responseMs.push((latenessUs + serviceUs) / 1_000);
      if (outcome === "lost" || outcome === "refused" || outcome === "timed-out") return;
      second.answered++;
      second.byCore.set(core, (second.byCore.get(core) ?? 0) + 1);
    });
  }

  /** Of the stage so far, ms; before the first, of the run. */
  #elapsed(): number {
    return (this.#stage?.ended ?? this.#clock.monotonic()) - (this.#stage?.began ?? this.#began);
  }

  #second(): Second {
    const at = Math.floor(this.#elapsed() / SECOND_MS);
    const last = this.#seconds.at(-1);
    if (last?.at === at) return last;
    const next: Second = { at, offered: 0, sent: 0, answered: 0, responseMs: [], byCore: new Map() };
    this.#seconds.push(next);
    return next;
  }

  #tick(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => this.#tick());
    this.#show(this.#state());
  }

  #state(): LiveState {
    const now = this.#clock.monotonic();
    const { stages } = this.#head.plan;
    const index = this.#stage?.index ?? 0;
    const plan = stages[index];
    const elapsed = this.#stage === undefined ? 0 : this.#elapsed();
    const running = Math.floor(this.#elapsed() / SECOND_MS);
    this.#seconds = this.#seconds.filter((second) => second.at >= running - SPAN);
    const whole = this.#seconds.filter((second) => second.at < running);
    const sum = (of: (second: Second) => number): number => {
      if (running === 0 && elapsed < LEAST_MS) return 0;
      const all = (running === 0 ? this.#seconds : whole).reduce((total, second) => total + of(second), 0);
      return running === 0 ? (all * SECOND_MS) / elapsed : all / Math.min(running, SPAN);
    };
    const times = this.#seconds.flatMap((second) => second.responseMs).sort((a, b) => a - b);
    const later = stages.slice(index + 1).reduce((total, stage) => total + planned(stage), 0);
    const ofStage = plan === undefined ? 0 : planned(plan);
    const note = noteOf(this.#progress);
    return {
      plan: this.#head.plan.name,
      stage: {
        index,
        of: stages.length,
        kind: plan?.kind ?? "warm-up",
        elapsedMs: elapsed,
        durationMs: ofStage,
        isOver: this.#stage === undefined || this.#stage.ended !== undefined,
      },
      elapsedMs: now - this.#began,
      // A stage may take longer than planned: those after it still take their time.
      totalMs: now - this.#began + (this.#stage?.ended === undefined ? Math.max(0, ofStage - elapsed) : 0) + later,
      offeredRate: sum((second) => second.offered),
      sentRate: sum((second) => second.sent),
      answeredRate: sum((second) => second.answered),
      p50Ms: at(times, 0.5),
      p99Ms: at(times, 0.99),
      counts: this.#counts,
      perCore: this.#cores.map((core, of) => ({ core, rate: sum((second) => second.byCore.get(of) ?? 0) })),
      ...(note === undefined ? {} : { note }),
    };
  }
}

/** How long a stage is planned to last, ms. */
function planned({ arrivals, levels, levelMs }: RunHead["plan"]["stages"][number]): number {
  if (arrivals === undefined) return levels.length * levelMs;
  return durationOf(arrivals);
}

function noteOf(progress: RunProgress | undefined): string | undefined {
  if (progress === undefined || progress.doing === "") return undefined;
  return progress.done === null
    ? progress.doing
    : `${progress.doing}: ${progress.done}${progress.of === null ? "" : ` of ${progress.of}`}`;
}

function at(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

function none(): Record<(typeof SHOT_OUTCOMES)[number], number> & OutcomeCounts {
  return {
    ok: 0,
    "non-2xx": 0,
    "wrong-body": 0,
    "business-failure": 0,
    lost: 0,
    "timed-out": 0,
    refused: 0,
    dropped: 0,
  };
}
