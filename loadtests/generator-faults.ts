import { meanRate, rateTolerance } from "./arrivals.ts";
import type { RunRecord, StageRecord } from "./figures.ts";
import { milliseconds, number, percent, perSecond } from "./report-words.ts";

/** A clock that is kept in time by the kernel moves up to this share of the time (500 ppm); more is a step. */
const SLEW = 0.0005;
/** Reading both clocks one after the other is never exact. */
const CLOCK_NOISE_MS = 100;

/**
 * What the generator itself did wrong in a stage, parts of sentences, the gravest first; nothing where it is blameless, or
 * the stage had no open-model load.
 */
export function generatorFaults({ head: { thresholds } }: RunRecord, stage: StageRecord): readonly string[] {
  const { figures, generator, plan } = stage;
  if (figures === undefined || plan.arrivals === undefined) return [];
  const faults: string[] = [];
  if (generator === null && stage.endedAt !== null)
    faults.push(stage.cut === "failed" && stage.detail !== "" ? stage.detail : "it did not say how it fared");

  const late = figures.lateness.at(99);
  if (late > thresholds.latenessP99Ms)
    faults.push(
      `it sent late: lateness p99 ${milliseconds(late)}, and ${milliseconds(thresholds.latenessP99Ms)} is allowed`,
    );

  const rate = offeredRate(stage);
  const planned = meanRate(plan.arrivals);
  if (rate !== undefined && planned > 0) {
    const error = Math.abs(rate - planned) / planned;
    if (error > rateTolerance(plan.arrivals, figures.all.offered, thresholds.arrivalError))
      faults.push(`it kept another rate: ${perSecond(rate)}, not ${perSecond(planned)} (${percent(error)} off)`);
  }

  // Where arrivals are dropped, since the target holds too many, what is sent comes in bursts without the generator's fault.
  const isDropping = figures.all.counts.dropped > thresholds.arrivalError * figures.all.offered;
  const even = Math.max(1, figures.plannedDispersion);
  if (!isDropping && figures.dispersion > thresholds.dispersion * even)
    faults.push(
      `it sent in bursts: dispersion ${number(figures.dispersion, 2)}, planned ${number(figures.plannedDispersion, 2)}`,
    );

  if (generator !== null) {
    const lasted = (stage.endedAt ?? stage.beganAt) - stage.beganAt;
    if (Math.abs(generator.clockStepMs) > CLOCK_NOISE_MS + SLEW * Math.max(0, lasted))
      faults.push(`its clock was set by ${number(generator.clockStepMs)} ms`);
  }
  return faults;
}

/** Arrivals a second as they came, the dropped ones included; `undefined` where that can't be compared with the plan. */
function offeredRate({ figures, plan, cut }: StageRecord): number | undefined {
  if (figures === undefined || plan.arrivals === undefined) return undefined;
  const { kind } = plan.arrivals;
  // Ramps and steps that ended early have another mean rate than planned.
  if (cut !== null && kind !== "constant" && kind !== "poisson") return undefined;
  const { offered, counts } = figures.all;
  const sent = offered - counts.dropped;
  return sent < 2 ? undefined : (figures.sentRate * offered) / sent;
}
