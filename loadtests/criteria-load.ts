import type { Criterion } from "../src/domain/index.ts";
import { countOf, durationOf, lengthWords, meanRate, rateTolerance } from "./arrivals.ts";
import {
  type Asked,
  criterion,
  type Finding,
  heldKind,
  judged,
  met,
  MIN_SAMPLES,
  stageOf,
  timed,
  unmet,
  untold,
  whyUndone,
} from "./evidence.ts";
import { errorsWithin } from "./criteria-errors.ts";
import type { RunRecord } from "./figures.ts";
import { generatorFaults } from "./generator-faults.ts";
import { milliseconds, number, percent, perSecond } from "./report-words.ts";

const SEED_RATE = "Should be able to handle 1k requests per second";
const SEED_SLOW = "TargetResponseTime Alarm: greater than 1.5";
const SEED_ERRORS = "HTTPCode_ELB_5XX_Count Alarm";

type Held = "sustained" | "soak";

/** A criterion of the stage that holds the promised rate; none in plans without one. */
function held(
  record: RunRecord,
  ask: (kind: Held) => Omit<Asked, "stage">,
  find: (kind: Held) => Finding,
): Criterion | undefined {
  const kind = heldKind(record);
  return kind === undefined ? undefined : criterion({ ...ask(kind), stage: kind }, find(kind));
}

/** The promised rate, held for as long as the plan says. */
export function rate(record: RunRecord): Criterion | undefined {
  const { thresholds, plan } = record.head;
  return held(
    record,
    (kind) => ({
      id: "rate",
      title: "The promised rate is held",
      target: `${perSecond(thresholds.rate)} ${heldFor(record, kind)}`,
      how: "Requests that were sent by the last due moment and answered well, a second; arrivals keep their times whatever the target does.",
      seed: SEED_RATE,
    }),
    (kind) =>
      timed(record, kind, ({ all, sentRate }, stage) => {
        const planned = stage.plan.arrivals === undefined ? 0 : meanRate(stage.plan.arrivals);
        if (planned < thresholds.rate * (1 - thresholds.arrivalError))
          return untold(
            `plan ${plan.name} asked for ${perSecond(planned)} only: whether ${perSecond(thresholds.rate)} can be held was not tried. Certify with that rate, or set the threshold rate`,
          );
        const sent = all.offered - all.counts.dropped;
        const good = sent === 0 ? 0 : (sentRate * all.counts.ok) / sent;
        const slack =
          stage.plan.arrivals === undefined
            ? 0
            : rateTolerance(stage.plan.arrivals, all.offered, thresholds.arrivalError);
        const words = `${perSecond(good)} ${heldFor(record, kind)}`;
        if (stage.cut === "circuit-breaker")
          return unmet(`${perSecond(good)} until the circuit breaker stopped the load: ${stage.detail}`);
        return judged(good >= thresholds.rate * (1 - slack - thresholds.errors), words);
      }),
  );
}

/** `held for 1 min of 10 min (shortened by --duration)` */
function heldFor({ head: { plan, thresholds } }: RunRecord, kind: Held): string {
  const arrivals = plan.stages.find((stage) => stage.kind === kind)?.arrivals;
  const length = arrivals === undefined ? thresholds.heldMs : durationOf(arrivals);
  if (length >= thresholds.heldMs) return `held for ${lengthWords(length)}`;
  const why = plan.name === "launch" ? "shortened by --duration" : `plan ${plan.name}`;
  return `held for ${seconds(length)} of ${seconds(thresholds.heldMs)} (${why})`;
}

/** Durations that are compared bear the same unit. */
function seconds(ms: number): string {
  return `${number(ms / 1_000, 1)} s`;
}

/** Arrivals came as planned. */
export function arrivals(record: RunRecord): Criterion | undefined {
  const { arrivalError } = record.head.thresholds;
  return held(
    record,
    () => ({
      id: "arrivals",
      title: "Requests were sent as planned",
      target: `within ${percent(arrivalError)} of the planned rate`,
      how: "Requests sent a second, from the first due moment to the last, against the plan's; Poisson arrivals may differ by chance (4 standard deviations).",
      seed: SEED_RATE,
    }),
    (kind) =>
      timed(record, kind, ({ all, sentRate }, { plan }) => {
        if (plan.arrivals === undefined) return untold("the stage had no arrivals");
        const planned = meanRate(plan.arrivals);
        const error = planned === 0 ? 1 : Math.abs(sentRate - planned) / planned;
        const words = `${number(sentRate, 1)}/s sent of ${number(planned, 1)}/s, ${percent(error)} off`;
        return judged(error <= rateTolerance(plan.arrivals, all.offered, arrivalError), words);
      }),
  );
}

/** Failures of all kinds. */
export function errors(record: RunRecord): Criterion | undefined {
  const limit = record.head.thresholds.errors;
  return held(
    record,
    () => ({
      id: "errors",
      title: "Few requests fail",
      target: `at most ${percent(limit)} of all arrivals`,
      how: "Every arrival has one outcome; all but a good answer count: other statuses, wrong bodies, failures told in a 200, lost, timed out, refused, dropped.",
      seed: SEED_ERRORS,
    }),
    (kind) => errorsWithin(record, kind, limit),
  );
}

/** What fails only with the generator's own lateness in it (a stall too short for its p99) is not proved of the target. */
function unlessLate(found: Finding, isWellFromSending: boolean): Finding {
  if (found.outcome !== "fail" || !isWellFromSending) return found;
  return untold(`${found.measured}; counted from the moment of sending it would be met: the generator was late`);
}

/** Response time at the 99th percentile. */
export function latencyP99(record: RunRecord): Criterion | undefined {
  const limit = record.head.thresholds.p99Ms;
  return held(
    record,
    () => ({
      id: "latency-p99",
      title: "Answers are quick",
      target: `p99 at most ${milliseconds(limit)}`,
      how: "From the moment a request was due to the end of its answer, failures included; only dropped requests took no time.",
      seed: SEED_SLOW,
    }),
    (kind) =>
      timed(record, kind, ({ all: { response, service } }) =>
        unlessLate(
          judged(
            response.at(99) <= limit,
            `p99 ${milliseconds(response.at(99))}, p50 ${milliseconds(response.at(50))}`,
          ),
          service.at(99) <= limit,
        ),
      ),
  );
}

/** The runbook's own line of slowness. */
export function slowAnswers(record: RunRecord): Criterion | undefined {
  const { slowOverMs, slowShare } = record.head.thresholds;
  return held(
    record,
    () => ({
      id: "slow-answers",
      title: `Hardly any answer takes more than ${milliseconds(slowOverMs)}`,
      target: `at most ${percent(slowShare)} of all arrivals`,
      how: "Share of response times, counted from the due moment, above the line of the alarm TargetResponseTime.",
      seed: SEED_SLOW,
    }),
    (kind) =>
      timed(record, kind, ({ all: { response, service } }) => {
        const share = response.shareOver(slowOverMs);
        const found = judged(share <= slowShare, `${percent(share)}; the longest took ${milliseconds(response.maxMs)}`);
        return unlessLate(found, service.shareOver(slowOverMs) <= slowShare);
      }),
  );
}

/** Requests that were never sent, since too many were in flight. */
export function dropped(record: RunRecord): Criterion | undefined {
  return held(
    record,
    () => ({
      id: "dropped",
      title: "Every due request was sent",
      target: "none dropped",
      how: "A request is dropped when the bound of requests in flight is reached: the target holds more than it answers.",
      seed: SEED_RATE,
    }),
    (kind) => {
      const stage = stageOf(record, kind);
      const count = stage?.figures?.all.counts.dropped ?? 0;
      if (stage !== undefined && count > 0) {
        const words = `${number(count)} dropped, with ${number(stage.generator?.maxInFlight ?? 0)} in flight at most`;
        const [fault] = generatorFaults(record, stage);
        return fault === undefined ? unmet(words) : untold(`${words}; the generator was at fault: ${fault}`);
      }
      return timed(record, kind, () => met("none dropped"), 1);
    },
  );
}

/** Enough samples for what is said of them. */
export function samples(record: RunRecord): Criterion | undefined {
  return held(
    record,
    () => ({
      id: "samples",
      title: "Enough was measured",
      target: `at least ${number(MIN_SAMPLES)} requests`,
      how: "Requests that were sent: a 99th percentile of fewer stands on less than ten of them.",
    }),
    (kind) => {
      const stage = stageOf(record, kind);
      const count = stage?.figures?.all.response.count ?? 0;
      const wanted = stage?.plan.arrivals === undefined ? 0 : countOf(stage.plan.arrivals);
      const why = whyUndone(record, kind);
      if (why !== undefined) return untold(`${number(count)} samples: ${why}`);
      const words = `${number(count)} samples of ${number(wanted)} planned arrivals`;
      return count >= MIN_SAMPLES ? met(words) : untold(`${words}; at least ${number(MIN_SAMPLES)} are needed`);
    },
  );
}
