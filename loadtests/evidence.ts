import type { Criterion, CriterionOutcome, StageKind } from "../src/domain/index.ts";
import type { RunRecord, StageFigures, StageRecord } from "./figures.ts";
import { generatorFaults } from "./generator-faults.ts";
import { leftOut } from "./plans.ts";
import { number } from "./report-words.ts";

/** What was found of one criterion. */
export interface Finding {
  readonly outcome: CriterionOutcome;
  /** For people. */
  readonly measured: string;
}

/** A criterion before anything was measured. */
export type Asked = Omit<Criterion, "outcome" | "measured" | "seed"> & { readonly seed?: string };

/** A percentile of fewer samples is chance: the 99th of 1,000 stands on ten. The same for a share of one in a thousand. */
export const MIN_SAMPLES = 1_000;

/** Everything the launch plan is made of. */
const LAUNCH: readonly StageKind[] = ["ceiling", "tune", "empty", "fill", "full", "sustained", "survival", "scale-out"];

/** It is so. */
export const met = (measured: string): Finding => ({ outcome: "pass", measured });
/** It is not so. */
export const unmet = (measured: string): Finding => ({ outcome: "fail", measured });
/** It can't be told; `why` for people. */
export const untold = (why: string): Finding => ({ outcome: "invalid", measured: why });
/** One of the first two. */
export const judged = (isMet: boolean, measured: string): Finding => (isMet ? met(measured) : unmet(measured));

/** Puts what was asked and what was found together. */
export function criterion({ seed = "", ...asked }: Asked, found: Finding): Criterion {
  return { ...asked, seed, ...found };
}

/** Is a stage of this kind part of what this plan has to prove, whether or not it could be done here? */
export function isAsked({ head: { plan } }: RunRecord, kind: StageKind): boolean {
  if (plan.stages.some((stage) => stage.kind === kind)) return true;
  if (kind === "empty" && plan.capacity === "count") return false;
  return plan.name === "launch" && LAUNCH.includes(kind);
}

/** The stage that holds the promised rate: `sustained`, or `soak` where the plan has no other; `undefined` without both. */
export function heldKind(record: RunRecord): "sustained" | "soak" | undefined {
  if (isAsked(record, "sustained")) return "sustained";
  return isAsked(record, "soak") ? "soak" : undefined;
}

/** The stage as recorded, if it began. */
export function stageOf(record: RunRecord, kind: StageKind): StageRecord | undefined {
  return record.stages.find((stage) => stage.plan.kind === kind);
}

/** Why a stage was not done, or not to its end: a sentence's part; `undefined`: it was, or the target itself ended it. */
export function whyUndone(record: RunRecord, kind: StageKind): string | undefined {
  const stage = stageOf(record, kind);
  if (stage === undefined) return whyNotBegun(record, kind);
  const detail = stage.detail === "" ? "" : `: ${stage.detail}`;
  if (stage.cut === "interrupted") return `the ${kind} stage was interrupted`;
  if (stage.cut === "failed") return `the ${kind} stage could not be done${detail}`;
  if (stage.endedAt === null) return `the run was killed in the ${kind} stage`;
  return undefined;
}

function whyNotBegun({ head: { plan }, endedAt, cut, stages }: RunRecord, kind: StageKind): string {
  if (!plan.stages.some((stage) => stage.kind === kind)) {
    const deviation = plan.deviations.find((text) => text.startsWith(leftOut(kind)));
    return deviation ?? `the plan has no ${kind} stage`;
  }
  const not = `the ${kind} stage did not run`;
  if (cut === "interrupted") return `${not}: the run was interrupted`;
  const ended = stages.find((stage) => stage.cut !== null);
  if (ended?.cut === "circuit-breaker")
    return `${not}: the ${ended.plan.kind} stage was stopped by the circuit breaker`;
  if (endedAt === null) return `${not}: the run was killed`;
  return ended === undefined ? not : `${not}: the ${ended.plan.kind} stage before it failed: ${ended.detail}`;
}

/**
 * Judges what needs whole, truthful timing of a stage. An undone stage, a generator at fault and too few samples are
 * `invalid`, whatever was measured; a stage that the circuit breaker ended can't pass.
 */
export function timed(
  record: RunRecord,
  kind: StageKind,
  judge: (figures: StageFigures, stage: StageRecord) => Finding,
  minimum = MIN_SAMPLES,
): Finding {
  const why = whyUndone(record, kind);
  if (why !== undefined) return untold(why);
  const stage = stageOf(record, kind);
  const figures = stage?.figures;
  if (stage === undefined || figures === undefined || figures.all.offered === 0)
    return untold(`no arrival of the ${kind} stage was recorded`);
  const found = judge(figures, stage);
  const [fault] = generatorFaults(record, stage);
  if (fault !== undefined) return untold(`the generator was at fault: ${fault}. It saw: ${found.measured}`);
  const count = figures.all.response.count;
  if (count < minimum) return untold(`${number(count)} samples, and at least ${number(minimum)} are needed`);
  if (stage.cut === "circuit-breaker" && found.outcome === "pass")
    return untold(`${found.measured} until the circuit breaker stopped the stage: ${stage.detail}`);
  return found;
}
