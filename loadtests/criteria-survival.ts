import { type Criterion, formatDuration } from "../src/domain/index.ts";
import { errorsWithin, errorWords } from "./criteria-errors.ts";
import {
  type Asked,
  criterion,
  type Finding,
  isAsked,
  judged,
  met,
  MIN_SAMPLES,
  timed,
  unmet,
  untold,
  whyUndone,
} from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { generatorFaults } from "./generator-faults.ts";
import { type Outage, outageOf, type Seen, seenOf } from "./outage.ts";
import { failures, milliseconds, number, percent } from "./report-words.ts";

const SEED = "Even if one core is alive, their app should work (OK if performance issue)";
const SEED_TOLD = "Add load balancer error monitoring and send notif to slack";
/** A stretch with fewer requests may be empty of good answers by chance. */
const FEWEST_IN_WINDOW = 3;

type Survival = Omit<Asked, "stage">;

/** A criterion of the survival stage; cores must really have been away. */
function survival(record: RunRecord, asked: Survival, find: (outage: Outage) => Finding): Criterion | undefined {
  if (!isAsked(record, "survival")) return undefined;
  const outage = outageOf(record);
  return criterion({ seed: SEED, ...asked, stage: "survival" }, "why" in outage ? untold(outage.why) : find(outage));
}

/** Failures of the whole stage. */
export function survivalErrors(record: RunRecord): Criterion | undefined {
  const limit = record.head.thresholds.survivalErrors;
  return survival(
    record,
    {
      id: "survival-errors",
      title: "Few requests fail when all cores but one go",
      target: `at most ${percent(limit)} of the stage's arrivals`,
      how: "All arrivals of the stage, from before the cores went until they were back.",
    },
    () => errorsWithin(record, "survival", limit),
  );
}

/** At no time was nothing answered. */
export function survivalThroughout(record: RunRecord): Criterion | undefined {
  return survival(
    record,
    {
      id: "survival-throughout",
      title: "The service answers throughout",
      target: "a good answer in every window of the stage",
      how: "Windows of a second (longer in long stages), by the due moments of the requests in them.",
    },
    () =>
      timed(record, "survival", ({ windows }) => {
        const used = windows.filter((window) => window.offered >= FEWEST_IN_WINDOW);
        if (used.length === 0) return untold("no window had enough requests to be judged");
        const silent = used.filter((window) => window.counts.ok === 0);
        const [first] = silent;
        if (first === undefined) return met(`good answers in all ${number(used.length)} windows`);
        const long = silent.reduce((sum, window) => sum + window.toMs - window.fromMs, 0);
        return unmet(
          `nothing was answered for ${formatDuration(long)} in all, first ${formatDuration(first.fromMs)} into the stage`,
        );
      }),
  );
}

/** Once the load balancer had its time, service is as usual. */
export function survivalSettled(record: RunRecord): Criterion | undefined {
  const { survivalSettleMs, errors } = record.head.thresholds;
  return survival(
    record,
    {
      id: "survival-settled",
      title: "One core carries the service",
      target: `at most ${percent(errors)} errors from ${formatDuration(survivalSettleMs)} after the cores went`,
      how: "Arrivals due from then to the end of the stage: while one core is alone, and while the others come back.",
    },
    ({ stage: { beganAt }, allAwayAt }) =>
      timed(record, "survival", (figures, stage) => {
        const part = figures.between(allAwayAt - beganAt + survivalSettleMs, Number.POSITIVE_INFINITY);
        const words = errorWords(part);
        if (stage.cut === "circuit-breaker") return unmet(`the circuit breaker stopped the load: ${stage.detail}`);
        if (part.offered < MIN_SAMPLES)
          return untold(`${number(part.offered)} arrivals after that, and at least ${number(MIN_SAMPLES)} are needed`);
        return judged(failures(part.counts) <= errors * part.offered, `${words}; p99 ${milliseconds(part.p99Ms)}`);
      }),
  );
}

/** A criterion of corewatch's own sight of the outage. */
function sight(
  record: RunRecord,
  asked: Survival,
  find: (seen: readonly Seen[], outage: Outage) => Finding,
): Criterion | undefined {
  return survival(record, asked, (outage) => {
    const { observed } = record;
    if (observed === undefined || !observed.watching)
      return untold("corewatch was not watching: run a daemon (corewatch start) or let certify run its own");
    // Who watched has probes to show: without any, what was stored was not read, and no incident is no evidence.
    if (observed.probes.length === 0)
      return untold(
        `what corewatch saw could not be read: ${observed.troubles[0] ?? "it has no probe of the deployment"}`,
      );
    if (outage.stage.cut === "interrupted") return untold("the survival stage was interrupted");
    // These moments are of the wall clock: where it was set, none of them can be told from another.
    const step = generatorFaults(record, outage.stage).find((fault) => fault.startsWith("its clock"));
    if (step !== undefined) return untold(`the times can not be compared: ${step.replace("its", "the")}`);
    return find(seenOf(record, outage), outage);
  });
}

/** corewatch saw it. */
export function survivalDetected(record: RunRecord): Criterion | undefined {
  const limit = record.head.thresholds.detectionMs;
  return sight(
    record,
    {
      id: "survival-detected",
      title: "corewatch sees the outage",
      target: `an incident within ${formatDuration(limit)}`,
      how: "From the first core's being gone to the opening of corewatch's incident of this deployment, or to its rise.",
      seed: "Health check should happen for each core that is being used",
    },
    ([first], outage) => {
      if (first === undefined)
        return missed(record, outage.firstAwayAt, limit, outage.backBeganAt, "no incident was opened");
      const ms = Math.max(0, first.at - outage.firstAwayAt);
      return judged(ms <= limit, `${milliseconds(ms)}: ${first.words}`);
    },
  );
}

/** Somebody was told. */
export function survivalTold(record: RunRecord): Criterion | undefined {
  const limit = record.head.thresholds.toSlackMs;
  return sight(
    record,
    {
      id: "survival-told",
      title: "Slack is told of the outage",
      target: `within ${formatDuration(limit)} of the incident`,
      how: "From the incident's opening to the moment at which Slack took its first message.",
      seed: SEED_TOLD,
    },
    ([first]) => {
      if (first === undefined) return untold("there was no incident to tell of");
      const { openedAt, toldAt } = first.incident;
      if (toldAt === null) return missed(record, openedAt, limit, undefined, "no message reached Slack");
      return judged(toldAt - openedAt <= limit, milliseconds(Math.max(0, toldAt - openedAt)));
    },
  );
}

/** It was over when the cores were back. */
export function survivalRecovered(record: RunRecord): Criterion | undefined {
  const limit = record.head.thresholds.recoveryMs;
  return sight(
    record,
    {
      id: "survival-recovered",
      title: "The incident ends when the cores are back",
      target: `resolved within ${formatDuration(limit)}`,
      how: "From the last core's being back to the resolution of corewatch's last incident of this outage.",
      seed: SEED_TOLD,
    },
    (seen, { allBackAt }) => {
      if (seen.length === 0) return untold("there was no incident to resolve");
      if (allBackAt === undefined) return untold(whyUndone(record, "survival") ?? "not every core was brought back");
      const ends = seen.map(({ incident }) => incident.resolvedAt);
      if (ends.some((at) => at === null))
        return missed(record, allBackAt, limit, undefined, "the incident was not resolved");
      const ms = Math.max(0, Math.max(...ends.map((at) => at ?? 0)) - allBackAt);
      return judged(ms <= limit, milliseconds(ms));
    },
  );
}

/** Something did not come: it is missed only when it was waited for as long as it may take. */
function missed(record: RunRecord, from: number, limit: number, until: number | undefined, what: string): Finding {
  const end = until ?? record.endedAt;
  if (end !== null && end - from >= limit) return unmet(`${what} within ${formatDuration(limit)}`);
  return untold(`${what}, but it was watched for ${formatDuration((end ?? from) - from)} only`);
}
