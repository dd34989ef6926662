import { type Criterion, formatDuration } from "../src/domain/index.ts";
import {
  type AddedCore,
  addedCores,
  areAnswersNamed,
  firstShareOf,
  type NoShare,
  scaleOf,
  type Share,
  shareOf,
} from "./added-cores.ts";
import { errorsWithin } from "./criteria-errors.ts";
import {
  type Asked,
  criterion,
  type Finding,
  isAsked,
  judged,
  met,
  timed,
  unmet,
  untold,
  whyUndone,
} from "./evidence.ts";
import type { RunRecord } from "./figures.ts";
import { number, percent } from "./report-words.ts";

const SEED = "We should be able to add more cores / ec2 instances without them having to change their connectionURI";
/** A share of fewer answers is chance. */
const FEWEST_ANSWERS = 200;

function scaleOut(record: RunRecord, asked: Omit<Asked, "stage" | "seed">, find: () => Finding): Criterion | undefined {
  if (!isAsked(record, "scale-out")) return undefined;
  return criterion({ ...asked, stage: "scale-out", seed: SEED }, find());
}

/** The customer's address stays. */
export function scaleOutUri(record: RunRecord): Criterion | undefined {
  const { connectionUri } = record.head;
  return scaleOut(
    record,
    {
      id: "scale-out-uri",
      title: "The connectionUri stays when a core is added",
      target: connectionUri,
      how: "The inventory, read again and again while the core was added; load went to this address throughout.",
    },
    () => {
      const other = record.connectionUris.find(({ uri }) => uri !== connectionUri);
      if (other !== undefined) return unmet(`it became ${other.uri}`);
      const missing = whyNoCore(record);
      if (missing !== undefined) return untold(missing);
      return record.connectionUris.length === 0
        ? untold("the inventory was not read while the core was added")
        : met("the same, before and after");
    },
  );
}

/** Nobody notices. */
export function scaleOutErrors(record: RunRecord): Criterion | undefined {
  return scaleOut(
    record,
    {
      id: "scale-out-errors",
      title: "No request fails while a core is added",
      target: "no failed request",
      how: "All arrivals of the stage, from before the core was asked for until it carried its share.",
    },
    () => {
      const found = errorsWithin(record, "scale-out", 0);
      const missing = whyNoCore(record);
      return found.outcome === "pass" && missing !== undefined ? untold(missing) : found;
    },
  );
}

/** The new core takes its part. */
export function scaleOutShare(record: RunRecord): Criterion | undefined {
  const { shareOfEven } = record.head.thresholds;
  return scaleOut(
    record,
    {
      id: "scale-out-share",
      title: "The added core takes its share",
      target: `at least ${percent(shareOfEven)} of an even share`,
      how: areAnswersNamed(record)
        ? `Answers by their header ${record.head.coreHeader}, in windows after the target group called the new core healthy.`
        : "Whole minutes of every core's own count (/requests/stats, all callers) after the target group called the new core healthy.",
    },
    () => {
      const missing = whyNoCore(record);
      if (missing !== undefined) return untold(missing);
      return worst(addedCores(record).map((core) => judgeShare(core, shareOf(record, core), shareOfEven, record)));
    },
  );
}

function judgeShare({ id }: AddedCore, share: Share | NoShare, limit: number, record: RunRecord): Finding {
  if ("why" in share) return share.never ? unmet(`${id}: ${share.why}`) : untold(`${id}: ${share.why}`);
  const { own, all, cores, from } = share;
  if (all < FEWEST_ANSWERS)
    return untold(`${id}: ${number(all)} requests, and at least ${number(FEWEST_ANSWERS)} are needed`);
  const even = 1 / cores;
  const words = `${id}: ${percent(own / all)} of ${number(all)} requests ${from}; even among ${cores} cores: ${percent(even)}`;
  const found = judged(own / all >= limit * even, words);
  // Answers are counted by when they were due: a generator at fault has counted something else.
  return share.isOfShots ? timed(record, "scale-out", () => found) : found;
}

/** How long until it carries anything. */
export function scaleOutFirstShare(record: RunRecord): Criterion | undefined {
  const { firstShareMs } = record.head.thresholds;
  return scaleOut(
    record,
    {
      id: "scale-out-first-share",
      title: "The added core is soon in use",
      target: `first traffic within ${formatDuration(firstShareMs)}`,
      how: areAnswersNamed(record)
        ? "From the scale request to the end of the first window with answers of the new core (to the window's length)."
        : "From the scale request to the core's first traffic, reckoned from its own count: its first minute's part of a steady one.",
    },
    () => {
      const scale = scaleOf(record);
      const stage = record.stages.find((one) => one.plan.kind === "scale-out");
      const waited = scale === undefined ? 0 : (stage?.endedAt ?? scale.at) - scale.at;
      const isLate = scale?.ok === true && waited >= firstShareMs;
      if (isLate && addedCores(record).length === 0)
        return unmet(`no new core appeared within ${formatDuration(waited)}`);
      const missing = whyNoCore(record);
      if (missing !== undefined || scale === undefined) return untold(missing ?? "no core was asked for");
      const found = worst(addedCores(record).map(({ id }) => judgeFirst(record, id, scale.at, isLate, waited)));
      // Answers are placed by when they were due: a generator at fault has placed them wrongly.
      return areAnswersNamed(record) ? timed(record, "scale-out", () => found) : found;
    },
  );
}

function judgeFirst(record: RunRecord, id: string, askedAt: number, isLate: boolean, waited: number): Finding {
  const first = firstShareOf(record, id);
  if (first === undefined) {
    return isLate
      ? unmet(`${id} took no traffic within ${formatDuration(waited)}`)
      : untold(`${id} took no traffic that could be seen, in ${formatDuration(waited)}`);
  }
  const ms = Math.max(0, first.at - askedAt);
  const words = `${id}: ${formatDuration(ms)}, to within ${formatDuration(first.resolutionMs)}`;
  return judged(ms <= record.head.thresholds.firstShareMs, words);
}

/** Why there is no added core to judge; `undefined`: there is one. */
function whyNoCore(record: RunRecord): string | undefined {
  const scale = scaleOf(record);
  if (scale === undefined) return whyUndone(record, "scale-out") ?? "no core was asked for";
  if (!scale.ok) return `the core could not be added: ${scale.detail}`;
  if (addedCores(record).length === 0) return whyUndone(record, "scale-out") ?? "the inventory showed no new core";
  return whyUndone(record, "scale-out");
}

/** All must be well; of several the gravest stands for all. */
function worst(found: readonly Finding[]): Finding {
  const first = found.find(({ outcome }) => outcome === "fail") ?? found.find(({ outcome }) => outcome === "invalid");
  return first ?? met(found.map(({ measured }) => measured).join("; "));
}
