import type { Criterion } from "../src/domain/index.ts";
import { bytesPerSession, sessionsHeld, sessionsIndexes, sessionsLatency, usersHeld } from "./criteria-capacity.ts";
import { generatorOf } from "./criteria-generator.ts";
import { arrivals, dropped, errors, latencyP99, rate, samples, slowAnswers } from "./criteria-load.ts";
import { alarmsFired, alarmsQuiet, probes } from "./criteria-observers.ts";
import { ceiling, pools } from "./criteria-pools.ts";
import { scaleOutErrors, scaleOutFirstShare, scaleOutShare, scaleOutUri } from "./criteria-scale-out.ts";
import { coresPerInstance, spreadInstances, spreadZones } from "./criteria-spread.ts";
import {
  survivalDetected,
  survivalErrors,
  survivalRecovered,
  survivalSettled,
  survivalThroughout,
  survivalTold,
} from "./criteria-survival.ts";
import { drift, windowCriteria } from "./criteria-windows.ts";
import type { RunRecord } from "./figures.ts";

/** Judges one criterion of a run; `undefined`: it is no part of the run's plan. Pure. */
export type Judge = (record: RunRecord) => Criterion | undefined;

/** Every criterion, by its id, in the order in which a certificate lists them. A new one is a function and a line here. */
export const CRITERIA = {
  rate,
  arrivals,
  errors,
  "latency-p99": latencyP99,
  "slow-answers": slowAnswers,
  dropped,
  samples,
  "sessions-held": sessionsHeld,
  "users-held": usersHeld,
  "sessions-latency": sessionsLatency,
  "sessions-indexes": sessionsIndexes,
  "bytes-per-session": bytesPerSession,
  ceiling,
  pools,
  "survival-errors": survivalErrors,
  "survival-throughout": survivalThroughout,
  "survival-settled": survivalSettled,
  "survival-detected": survivalDetected,
  "survival-told": survivalTold,
  "survival-recovered": survivalRecovered,
  "scale-out-uri": scaleOutUri,
  "scale-out-errors": scaleOutErrors,
  "scale-out-share": scaleOutShare,
  "scale-out-first-share": scaleOutFirstShare,
  "spread-instances": spreadInstances,
  "spread-zones": spreadZones,
  "cores-per-instance": coresPerInstance,
  probes,
  "alarms-quiet": alarmsQuiet,
  "alarms-fired": alarmsFired,
  drift,
  "generator-empty": generatorOf("empty"),
  "generator-full": generatorOf("full"),
  "generator-sustained": generatorOf("sustained"),
  "generator-survival": generatorOf("survival"),
  "generator-scale-out": generatorOf("scale-out"),
  "generator-soak": generatorOf("soak"),
} satisfies Readonly<Record<string, Judge>>;

/** Every criterion of the run's plan, and those of the windows that fleet.yaml sets. */
export function criteriaOf(record: RunRecord): readonly Criterion[] {
  return [...Object.values(CRITERIA).flatMap((judge) => judge(record) ?? []), ...windowCriteria(record)];
}
