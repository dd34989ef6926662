import type { RunEvent } from "../src/domain/index.ts";
import type { RunRecord, StageRecord } from "./figures.ts";

const MINUTE_MS = 60_000;
/** What a core counts without being in use (health checks, corewatch's own look) is below this part of a steady minute. */
const NOISE = 0.01;

/** A core that came in the scale-out stage. */
export interface AddedCore {
  readonly id: string;
  /** Epoch ms at which the target group first called it healthy; `undefined`: never, or it was not asked. */
  readonly healthyAt: number | undefined;
}

/** An added core's traffic beside that of all cores. */
export interface Share {
  readonly own: number;
  readonly all: number;
  /** How many cores took part in it. */
  readonly cores: number;
  /** Where it was seen, to stand after "requests". */
  readonly from: string;
  /** Counted from shots, not by the cores. */
  readonly isOfShots: boolean;
}

/** No share can be told. `never`: the target group was asked, and never took the core. */
export interface NoShare {
  readonly why: string;
  readonly never: boolean;
}

/** The request for a core, if there was one. */
export function scaleOf(record: RunRecord): (RunEvent & { readonly type: "action" }) | undefined {
  return record.actions.find((action) => action.what === "scale");
}

/** Cores that the inventory showed after the request. */
export function addedCores({ added, targetHealth }: RunRecord): readonly AddedCore[] {
  return added.map(({ core: id }) => ({
    id,
    healthyAt: targetHealth.find(({ core, state }) => core === id && state === "healthy")?.at,
  }));
}

/** What an added core took of all traffic while it was in service. */
export function shareOf(record: RunRecord, { id, healthyAt }: AddedCore): Share | NoShare {
  const stage = record.stages.find((one) => one.plan.kind === "scale-out");
  if (healthyAt === undefined || stage === undefined) {
    const last = record.targetHealth.findLast(({ core }) => core === id);
    return last === undefined
      ? { why: "the target group did not say whether it is healthy", never: false }
      : { why: `the target group never called it healthy: its last word is ${last.state}`, never: true };
  }
  const end = serviceEnd(record, stage);
  return areAnswersNamed(record) ? byAnswers(record, stage, id, healthyAt, end) : byMinutes(record, id, healthyAt, end);
}

/** Do answers of the scale-out stage say which core gave them? Otherwise the cores' own counts are what there is. */
export function areAnswersNamed(record: RunRecord): boolean {
  if (record.head.coreHeader === null) return false;
  const stage = record.stages.find((one) => one.plan.kind === "scale-out");
  const { windows = [] } = stage?.figures ?? {};
  return windows.some(({ byCore }) => record.cores.some((_, core) => (byCore[core] ?? 0) > 0));
}

function byAnswers(record: RunRecord, stage: StageRecord, id: string, from: number, to: number): Share | NoShare {
  const index = record.cores.indexOf(id);
  const counts = record.cores.map(() => 0);
  for (const window of stage.figures?.windows ?? []) {
    if (stage.beganAt + window.fromMs < from || stage.beganAt + window.toMs > to) continue;
    for (const core of counts.keys()) counts[core] = (counts[core] ?? 0) + (window.byCore[core] ?? 0);
  }
  return shareIn(counts, index, "whose answers name their core", true);
}

function byMinutes(record: RunRecord, id: string, from: number, to: number): Share | NoShare {
  const whole = record.coreMinutes.filter(({ minute }) => minute >= from && minute + MINUTE_MS <= to);
  // Only minutes that every counting core told: a share of half the cores is none.
  const names = new Set(whole.map(({ core }) => core));
  const told = (minute: number): number => whole.filter((one) => one.minute === minute).length;
  const minutes = [...new Set(whole.map(({ minute }) => minute))].filter((minute) => told(minute) === names.size);
  if (minutes.length === 0 || !names.has(id) || names.size < 2)
    return { why: "no whole minute in service was counted by it and by others", never: false };
  const counts = record.cores.map((core) =>
    whole.reduce((sum, one) => sum + (one.core === core && minutes.includes(one.minute) ? one.requests : 0), 0),
  );
  const length = minutes.length === 1 ? "one whole minute" : `${minutes.length} whole minutes`;
  return shareIn(counts, record.cores.indexOf(id), `that the cores counted in ${length}`, false);
}

function shareIn(counts: readonly number[], index: number, from: string, isOfShots: boolean): Share {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const cores = counts.filter((count, core) => count > 0 || core === index).length;
  return { own: counts[index] ?? 0, all, cores, from, isOfShots };
}

/** When an added core's first traffic came, and how exactly that is known; `undefined`: it was not seen. */
export function firstShareOf(
  record: RunRecord,
  id: string,
): { readonly at: number; readonly resolutionMs: number } | undefined {
  const stage = record.stages.find((one) => one.plan.kind === "scale-out");
  if (stage === undefined) return undefined;
  if (areAnswersNamed(record)) {
    const index = record.cores.indexOf(id);
    const first = stage.figures?.windows.find((window) => (window.byCore[index] ?? 0) > 0);
    return first && { at: stage.beganAt + first.toMs, resolutionMs: first.toMs - first.fromMs };
  }
  const end = serviceEnd(record, stage);
  const own = record.coreMinutes
    .filter(({ core, minute }) => core === id && minute + MINUTE_MS <= end)
    .sort((a, b) => a.minute - b.minute);
  const most = Math.max(0, ...own.map(({ requests }) => requests));
  const index = own.findIndex(({ requests }) => requests > NOISE * most);
  const first = own[index];
  if (first === undefined) return undefined;
  const later = own
    .slice(index + 1)
    .map(({ requests }) => requests)
    .sort((a, b) => a - b);
  const steady = later[Math.floor(later.length / 2)];
  // Without a later minute to compare with, the traffic may have begun as late as the minute's end.
  if (steady === undefined || steady === 0) return { at: first.minute + MINUTE_MS, resolutionMs: MINUTE_MS };
  return { at: first.minute + MINUTE_MS * (1 - Math.min(1, first.requests / steady)), resolutionMs: NOISE * MINUTE_MS };
}

/** Until when an added core was in service: it may be taken away again within the stage. */
function serviceEnd(record: RunRecord, stage: StageRecord): number {
  const removed = record.actions.filter(({ what, at }) => what === "remove" && at >= stage.beganAt).map(({ at }) => at);
  return Math.min(stage.endedAt ?? Number.POSITIVE_INFINITY, ...removed);
}
