import { type Criterion, formatDuration, type WindowThreshold } from "../src/domain/index.ts";
import { durationOf } from "./arrivals.ts";
import { errorWords } from "./criteria-errors.ts";
import { criterion, type Finding, isAsked, judged, MIN_SAMPLES, stageOf, timed, untold } from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { failures, milliseconds, number, percent } from "./report-words.ts";

/** Limits of single stages and times, as fleet.yaml sets them: `window-1` and so on; those of stages that the plan does not have are left out. */
export function windowCriteria(record: RunRecord): readonly Criterion[] {
  return record.head.thresholds.windows.flatMap((window, index) =>
    isAsked(record, window.stage) ? [windowCriterion(record, window, index)] : [],
  );
}

function windowCriterion(record: RunRecord, window: WindowThreshold, index: number): Criterion {
  const { stage, fromMs, toMs, errors, p99Ms } = window;
  const to = toMs === undefined ? "its end" : formatDuration(toMs);
  const limits = [
    errors === undefined ? [] : [`at most ${percent(errors)} errors`],
    p99Ms === undefined ? [] : [`p99 at most ${milliseconds(p99Ms)}`],
  ].flat();
  return criterion(
    {
      id: `window-${index + 1}`,
      title: `The ${stage} stage from ${formatDuration(fromMs)} to ${to}`,
      target: limits.length === 0 ? "nothing was asked" : limits.join(", "),
      stage,
      how: "Arrivals due in that time: whole windows of the record that lie in it.",
    },
    find(record, window),
  );
}

function find(record: RunRecord, { stage: kind, fromMs, toMs, errors, p99Ms }: WindowThreshold): Finding {
  const planned = stageOf(record, kind)?.plan.arrivals;
  return timed(record, kind, (figures) => {
    const part = figures.between(fromMs, toMs ?? Number.POSITIVE_INFINITY);
    if (part.offered < MIN_SAMPLES) {
      const length = planned === undefined ? 0 : durationOf(planned);
      const end = toMs !== undefined && toMs > length ? `; the stage was planned for ${formatDuration(length)}` : "";
      return untold(
        `${number(part.offered)} arrivals in that time, and at least ${number(MIN_SAMPLES)} are needed${end}`,
      );
    }
    const words = `${errorWords(part)}; p99 ${milliseconds(part.p99Ms)}`;
    const isWell =
      (errors === undefined || failures(part.counts) <= errors * part.offered) &&
      (p99Ms === undefined || part.p99Ms <= p99Ms);
    return judged(isWell, words);
  });
}

/** Soak: the service does not become slower over hours. */
export function drift(record: RunRecord): Criterion | undefined {
  if (!isAsked(record, "soak")) return undefined;
  const limit = record.head.thresholds.drift;
  return criterion(
    {
      id: "drift",
      title: "Answers do not become slower",
      target: `p99 of the last tenth at most ${limit} times that of the first`,
      stage: "soak",
      how: "Arrivals due in the first and in the last tenth of the stage.",
      seed: "Should be able to handle 1k requests per second",
    },
    timed(record, "soak", (figures, { plan }) => {
      const length = plan.arrivals === undefined ? 0 : durationOf(plan.arrivals);
      const first = figures.between(0, length / 10);
      const last = figures.between(length - length / 10, length);
      const fewest = Math.min(first.offered, last.offered);
      if (fewest < MIN_SAMPLES)
        return untold(`${number(fewest)} arrivals in a tenth, and at least ${number(MIN_SAMPLES)} are needed`);
      const ratio = first.p99Ms === 0 ? Number.POSITIVE_INFINITY : last.p99Ms / first.p99Ms;
      return judged(
        ratio <= limit,
        `${milliseconds(last.p99Ms)} after ${milliseconds(first.p99Ms)}: ${number(ratio, 2)} times`,
      );
    }),
  );
}
