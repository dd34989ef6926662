import { SHOT_OUTCOMES, type ShotOutcome, type StageKind } from "../src/domain/index.ts";
import { countOf } from "./arrivals.ts";
import { type Finding, judged, MIN_SAMPLES, stageOf, unmet, untold, whyUndone } from "./evidence.ts";
import type { RunRecord, ShotGroup } from "./figures.ts";
import { generatorFaults } from "./generator-faults.ts";
import { failures, failureWords, number, percent } from "./report-words.ts";

/** What only the target can have done, however the generator fared: it answered, or ended the connection. */
const OF_THE_TARGET: readonly ShotOutcome[] = ["non-2xx", "wrong-body", "business-failure", "lost"];

/**
 * Judges the share of a stage's arrivals that failed. Where the stage is incomplete or the generator was at fault it can't
 * pass; it fails all the same when what the target itself gave is over the limit, even of all that was still to come, or was
 * errors only, before any load.
 */
export function errorsWithin(record: RunRecord, kind: StageKind, limit: number): Finding {
  const stage = stageOf(record, kind);
  const why = whyUndone(record, kind);
  const all = stage?.figures?.all;
  // Nothing could be sent that counts, since the target already failed at what comes first.
  const broken = record.stages.find(({ byTarget }) => byTarget === true);
  if (broken !== undefined && (stage === undefined || stage === broken)) return unmet(broken.detail);
  if (stage === undefined || all === undefined || all.offered === 0)
    return untold(why ?? `no arrival of the ${kind} stage was recorded`);
  const words = errorWords(all);
  if (stage.cut === "circuit-breaker") return unmet(`${words}; the circuit breaker stopped the load: ${stage.detail}`);
  const [fault] = generatorFaults(record, stage);
  const doubt =
    why ??
    (fault === undefined ? undefined : `the generator was at fault: ${fault}`) ??
    (all.offered < MIN_SAMPLES
      ? `${number(all.offered)} arrivals, and at least ${number(MIN_SAMPLES)} are needed`
      : undefined);
  if (doubt === undefined) return judged(failures(all.counts) <= limit * all.offered, words);
  const toCome = stage.plan.arrivals === undefined ? 0 : countOf(stage.plan.arrivals);
  const certain = SHOT_OUTCOMES.reduce((sum, one) => sum + (OF_THE_TARGET.includes(one) ? all.counts[one] : 0), 0);
  return certain > limit * Math.max(all.offered, toCome)
    ? unmet(`${words}; ${doubt}, but so many failures are the target's own`)
    : untold(`${doubt}. It saw: ${words}`);
}

/** `0.12% of 60,000: 70 non 2xx, 2 lost` */
export function errorWords({ offered, counts }: Pick<ShotGroup, "offered" | "counts">): string {
  const failed = failures(counts);
  const kinds = failureWords(counts);
  return `${percent(offered === 0 ? 0 : failed / offered)} of ${number(offered)}${kinds === "" ? "" : `: ${kinds}`}`;
}
