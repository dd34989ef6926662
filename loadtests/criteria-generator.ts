import type { Criterion, StageKind } from "../src/domain/index.ts";
import { criterion, type Finding, isAsked, met, stageOf, untold, whyUndone } from "./evidence.ts";
import type { RunRecord, StageRecord } from "./figures.ts";
import { generatorFaults } from "./generator-faults.ts";
import { milliseconds, number, percent, perSecond } from "./report-words.ts";

/** Stages with open-model load that are certified: all but the warm-up. */
export const MEASURED_STAGES = [
  "empty",
  "full",
  "sustained",
  "survival",
  "scale-out",
  "soak",
] as const satisfies readonly StageKind[];

/** The generator of one stage did its work, so that the stage says something about the deployment. Never fails: it is invalid then. */
export function generatorOf(kind: StageKind): (record: RunRecord) => Criterion | undefined {
  return (record) => {
    if (!isAsked(record, kind)) return undefined;
    const { latenessP99Ms, dispersion, arrivalError } = record.head.thresholds;
    return criterion(
      {
        id: `generator-${kind}`,
        title: "The generator kept its times",
        target: `lateness p99 at most ${milliseconds(latenessP99Ms)}, rate within ${percent(arrivalError)}, dispersion at most ${number(dispersion, 2)} times the planned`,
        stage: kind,
        how: "Sent against due moments of every request; requests sent per 10 ms (variance over mean); the wall clock against the monotonic one.",
      },
      find(record, kind),
    );
  };
}

function find(record: RunRecord, kind: StageKind): Finding {
  const stage = stageOf(record, kind);
  const faults = stage === undefined ? [] : generatorFaults(record, stage);
  if (faults.length > 0) return untold(faults.join("; "));
  const why = whyUndone(record, kind);
  if (why !== undefined) return untold(why);
  if (stage?.figures === undefined || stage.figures.all.offered === 0)
    return untold(`no arrival of the ${kind} stage was recorded`);
  return met(health(stage, stage.figures));
}

function health(
  { generator }: StageRecord,
  { lateness, sentRate, dispersion }: NonNullable<StageRecord["figures"]>,
): string {
  const cpu = generator === null ? "" : `, CPU ${percent(generator.cpuShare)} of a core`;
  const words = `lateness p99 ${milliseconds(lateness.at(99))}, longest ${milliseconds(lateness.maxMs)}`;
  return `${words}; ${perSecond(sentRate)}, dispersion ${number(dispersion, 2)}${cpu}`;
}
