import type {
  CapacityFacts,
  ClosedLevel,
  CoreMinute,
  Cut,
  FillFacts,
  GeneratorHealth,
  ObserverFacts,
  OutcomeCounts,
  PlannedStage,
  RunEvent,
  RunHead,
} from "../src/domain/index.ts";

/** A distribution of durations, ms. Failed requests are in it; dropped ones, which took no time, are not. Zero samples: every figure is 0. */
export interface Distribution {
  readonly count: number;
  readonly meanMs: number;
  readonly maxMs: number;
  /** `percent` from 0 to 100. */
  at(percent: number): number;
  /** Share of samples longer than `ms`, 0–1. */
  shareOver(ms: number): number;
  /** Points of the whole curve, for a plot: at most 200. */
  curve(): readonly { readonly percent: number; readonly ms: number }[];
}

/** Arrivals of one kind: all, of one endpoint, or answered by one core. */
export interface ShotGroup {
  readonly offered: number;
  readonly counts: OutcomeCounts;
  /** From the scheduled moment: what is certified. */
  readonly response: Distribution;
  /** From the moment of sending. */
  readonly service: Distribution;
}

/** A stretch of a stage: a second, or longer in long stages so that there are at most 600. */
export interface ShotWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offered: number;
  readonly counts: OutcomeCounts;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Answers by core index, as far as answers say who gave them; the last number is of those that do not. */
  readonly byCore: readonly number[];
}

/** Everything that the shots of one stage say. */
export interface StageFigures {
  readonly all: ShotGroup;
  /** The generator's lateness. */
  readonly lateness: Distribution;
  /** By endpoint index. */
  readonly endpoints: readonly ShotGroup[];
  /** By core index; cores without an answer have an empty group. */
  readonly cores: readonly ShotGroup[];
  readonly windows: readonly ShotWindow[];
  /** Index of dispersion (variance over mean) of requests sent in 10 ms bins: 0 even, 1 Poisson. */
  readonly dispersion: number;
  /** The same of the moments at which they were due: what a perfect generator would show. */
  readonly plannedDispersion: number;
  /** Sent requests a second, from the first due moment to the last. */
  readonly sentRate: number;
  /** Arrivals due within [fromMs, toMs) of the stage: whole windows that lie in it. */
  between(fromMs: number, toMs: number): { offered: number; counts: OutcomeCounts; p99Ms: number };
}

/** One stage of a run, as recorded. */
export interface StageRecord {
  readonly index: number;
  readonly plan: PlannedStage;
  readonly beganAt: number;
  readonly endedAt: number | null;
  readonly cut: Cut | null;
  readonly detail: string;
  /** It failed since the target itself answered with errors, before any load was put on it. */
  readonly byTarget?: boolean;
  readonly generator: GeneratorHealth | null;
  /** `undefined` for stages without shots. */
  readonly figures: StageFigures | undefined;
}

/** A whole run, folded from its shots file. Everything that is reported is a function of it. */
export interface RunRecord {
  readonly head: RunHead;
  /** The head's cores and those that were added. */
  readonly cores: readonly string[];
  readonly stages: readonly StageRecord[];
  readonly levels: readonly ClosedLevel[];
  readonly capacity: readonly CapacityFacts[];
  readonly fill: FillFacts | undefined;
  readonly actions: readonly (RunEvent & { readonly type: "action" })[];
  readonly targetHealth: readonly (RunEvent & { readonly type: "target-health" })[];
  readonly added: readonly (RunEvent & { readonly type: "core-added" })[];
  readonly coreMinutes: readonly CoreMinute[];
  readonly connectionUris: readonly { readonly at: number; readonly uri: string }[];
  readonly observed: ObserverFacts | undefined;
  readonly notes: readonly { readonly at: number; readonly text: string }[];
  /** `null`: the file ends before the run did (it was killed). */
  readonly endedAt: number | null;
  readonly cut: Cut | null;
}
