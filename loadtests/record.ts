import type {
  CapacityFacts,
  CertifyThresholds,
  ClosedLevel,
  CoreMinute,
  Cut,
  FillFacts,
  ObserverFacts,
  PlannedStage,
  RunEvent,
  RunHead,
} from "../src/domain/index.ts";
import { durationOf } from "./arrivals.ts";
import type { RunRecord, StageFigures, StageRecord } from "./figures.ts";
import type { Frame } from "./shots.ts";
import { Tally } from "./tally.ts";

/** Counts the shots of one stage: see `tally.ts`. */
export type StageTally = Pick<Tally, "add" | "setCores" | "figures">;
/** Makes one for a stage. */
export type MakeTally = (settings: ConstructorParameters<typeof Tally>[0]) => StageTally;

/** Hooks, and the load before and after them, ms: what the stages with actions last beyond what is waited for. */
const AROUND_ACTIONS_MS = 300_000;

interface OpenStage {
  record: Omit<StageRecord, "figures">;
  readonly tally: StageTally | undefined;
  /** Of an ended stage: nothing is added to it any more. */
  figures: StageFigures | undefined;
}

/**
 * Folds a run's frames into its record, live and from its file alike: the report made later is the report made then.
 * Memory does not grow with the number of requests.
 */
export class RunFolder {
  readonly #makeTally: MakeTally;
  #head: RunHead | undefined;
  readonly #cores: string[] = [];
  readonly #stages = new Map<number, OpenStage>();
  readonly #levels: ClosedLevel[] = [];
  readonly #capacity: CapacityFacts[] = [];
  #fill: FillFacts | undefined;
  readonly #actions: (RunEvent & { readonly type: "action" })[] = [];
  readonly #targetHealth: (RunEvent & { readonly type: "target-health" })[] = [];
  readonly #added: (RunEvent & { readonly type: "core-added" })[] = [];
  /** By core and minute: a later count of the same minute is the same one, read again. */
  readonly #coreMinutes = new Map<string, CoreMinute>();
  readonly #connectionUris: { readonly at: number; readonly uri: string }[] = [];
  #observed: ObserverFacts | undefined;
  readonly #notes: { readonly at: number; readonly text: string }[] = [];
  #endedAt: number | null = null;
  #cut: Cut | null = null;
  #lastAt = 0;

  constructor(makeTally: MakeTally = (settings) => new Tally(settings)) {
    this.#makeTally = makeTally;
  }

  /** @throws Error with a sentence for people when the frame does not fit what came before it */
  add(frame: Frame): void {
    switch (frame.type) {
      case "head":
        this.#head = frame.head;
        this.#cores.push(...frame.head.cores);
        this.#lastAt = frame.head.startedAt;
        return;
      case "event":
        return this.#event(frame.event);
      case "shots": {
        const stage = this.#stages.get(frame.stage);
        if (stage?.tally === undefined) throw new Error(`there are shots of stage ${frame.stage}, which never began`);
        stage.figures = undefined;
        stage.tally.add(frame.records);
        return;
      }
      case "cut":
        this.#notes.push({ at: this.#lastAt, text: frame.detail });
        return;
    }
  }

  /** Everything so far; may be asked at any time. @throws Error before the head came */
  record(): RunRecord {
    if (this.#head === undefined) throw new Error("the record of the run has no head: nothing can be told from it");
    return {
      head: this.#head,
      cores: [...this.#cores],
      stages: [...this.#stages.values()].map((stage) => ({ ...stage.record, figures: figuresOf(stage) })),
      levels: [...this.#levels],
      capacity: [...this.#capacity],
      fill: this.#fill,
      actions: [...this.#actions],
      targetHealth: [...this.#targetHealth],
      added: [...this.#added],
      coreMinutes: [...this.#coreMinutes.values()],
      connectionUris: [...this.#connectionUris],
      observed: this.#observed,
      notes: [...this.#notes],
      endedAt: this.#endedAt,
      cut: this.#cut,
    };
  }

  #event(event: RunEvent): void {
    if ("at" in event) this.#lastAt = event.at;
    switch (event.type) {
      case "stage-began":
        return this.#begin(event);
      case "stage-ended": {
        const stage = this.#stages.get(event.stage);
        if (stage === undefined) throw new Error(`stage ${event.stage} ended, which never began`);
        const { at: endedAt, cut, detail, generator, byTarget = false } = event;
        stage.record = { ...stage.record, endedAt, cut, detail, generator, ...(byTarget ? { byTarget } : {}) };
        return;
      }
      case "level":
        this.#levels.push(event.level);
        return;
      case "capacity":
        this.#capacity.push(event.facts);
        return;
      case "filled":
        this.#fill = event.facts;
        return;
      case "action":
        this.#actions.push(event);
        return;
      case "target-health":
        this.#targetHealth.push(event);
        return;
      case "core-added":
        this.#added.push(event);
        if (!this.#cores.includes(event.core)) this.#cores.push(event.core);
        for (const stage of this.#stages.values()) stage.tally?.setCores(this.#cores.length);
        return;
      case "core-minute":
        this.#coreMinutes.set(`${event.count.minute} ${event.count.core}`, event.count);
        return;
      case "connection-uri":
        this.#connectionUris.push({ at: event.at, uri: event.uri });
        return;
      case "observed":
        this.#observed = event.facts;
        return;
      case "note":
        this.#notes.push({ at: event.at, text: event.text });
        return;
      case "ended":
        this.#endedAt = event.at;
        this.#cut = event.cut;
        return;
    }
  }

  #begin({ stage: index, at: beganAt, plan }: RunEvent & { readonly type: "stage-began" }): void {
    if (this.#head === undefined) throw new Error(`stage ${index} began before the head of the record`);
    const { endpoints, thresholds } = this.#head;
    const tally =
      plan.arrivals === undefined
        ? undefined
        : this.#makeTally({
            endpoints: endpoints.length,
            cores: this.#cores.length,
            durationMs: longest(plan, durationOf(plan.arrivals), thresholds),
          });
    const record = { index, plan, beganAt, endedAt: null, cut: null, detail: "", generator: null };
    this.#stages.set(index, { record, tally, figures: undefined });
  }
}

/** Reads a whole run. @throws Error when the frames can't be read, or do not fit together */
export async function foldRun(frames: AsyncIterable<Frame>, makeTally?: MakeTally): Promise<RunRecord> {
  const folder = new RunFolder(makeTally);
  for await (const frame of frames) folder.add(frame);
  return folder.record();
}

/** Figures of a stage that goes on change; those of an ended one are reckoned once. */
function figuresOf(stage: OpenStage): StageFigures | undefined {
  if (stage.record.endedAt === null) return stage.tally?.figures();
  stage.figures ??= stage.tally?.figures();
  return stage.figures;
}

/** How long a stage may last, ms: those with actions go on until everything was seen, each thing for as long as it may take. */
function longest({ kind }: PlannedStage, planned: number, limits: CertifyThresholds): number {
  if (kind === "survival") {
    const { survivalSettleMs, detectionMs, toSlackMs, alarmMs, recoveryMs } = limits;
    const waits = Math.max(survivalSettleMs, detectionMs + toSlackMs, alarmMs) + recoveryMs;
    return Math.max(planned, waits + AROUND_ACTIONS_MS);
  }
  return kind === "scale-out" ? Math.max(planned, limits.firstShareMs + 2 * AROUND_ACTIONS_MS) : planned;
}
