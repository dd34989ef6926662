import { wait, type Core, type ObserverFacts, type PlannedStage } from "../src/domain/index.ts";
import { bringBack, hookLimit, takeAway } from "./hook-calls.ts";
import { within } from "./deadline.ts";
import { sentenceOf, undone, type Run, type StageEnd } from "./run-state.ts";
import { durationOf, lasting } from "./arrivals.ts";
import { startLoad, type Load } from "./stage-load.ts";
import { WATCH_END_MS, watchTargets } from "./watch-targets.ts";

/** Load with all cores there, before any goes and after all are back, ms. */
const LEAD_MS = 10_000;
/** How long the service is held on one core once the load balancer has had its time, ms. */
const HELD_MS = 20_000;
/** Over and above everything that is waited for, ms. */
const SLACK_MS = 60_000;

/** `acme-2` before `acme-10`. */
const BY_ID = new Intl.Collator("en", { numeric: true });

/**
 * All cores but the last one by id are taken away under load and brought back. Cores are never left away: whatever ends
 * the stage, each that was taken, or may have been, is brought back.
 */
export async function survivalStage(run: Run, stage: number, plan: PlannedStage): Promise<StageEnd> {
  const { deployment } = run.input;
  const hooks = deployment.certify?.survival;
  if (plan.arrivals === undefined) return undone("the plan has no arrivals for it");
  if (hooks === undefined)
    return undone("fleet.yaml does not say how a core is taken away and brought back: set certify.survival");
  const cores = [...deployment.cores].sort((a, b) => BY_ID.compare(a.id, b.id));
  const stays = cores.at(-1);
  const going = cores.slice(0, -1);
  if (stays === undefined || going.length === 0) return undone("there is one core only: none can be taken away");
  run.note(`${stays.id} stays, ${going.map((core) => core.id).join(", ")} ${going.length === 1 ? "goes" : "go"} away`);

  const limits = hookLimit(hooks.away) + 3 * hookLimit(hooks.back);
  const load = startLoad(run, stage, lasting(plan.arrivals, longest(run) + (limits * going.length + SLACK_MS)));
  const watching = watchTargets(run, load.over);
  const began = run.ports.clock.monotonic();
  let trouble: string | undefined;
  try {
    await wait(run.ports.clock, LEAD_MS, load.over);
    if (!load.over.aborted) trouble = await outage(run, stage, going, load, began + durationOf(plan.arrivals));
  } catch (error) {
    trouble = sentenceOf(error);
  } finally {
    await bringBack(run, stage, run.ports.giveUp);
    load.stop();
  }
  const end = await load.end;
  await within(run.ports.clock, WATCH_END_MS, watching);
  if (run.away.size > 0) {
    const detail = `${[...run.away.keys()].join(", ")} could not be brought back`;
    return { ...end, cut: end.cut ?? "failed", detail: joined(end.detail, trouble, detail), isFatal: true };
  }
  if (trouble !== undefined) return { ...end, cut: end.cut ?? "failed", detail: joined(end.detail, trouble) };
  return end;
}

/** From the cores' going to their recovery. Gives a sentence when it could not be done. */
async function outage(
  run: Run,
  stage: number,
  going: readonly Core[],
  load: Load,
  plannedEnd: number,
): Promise<string | undefined> {
  const { clock, giveUp } = run.ports;
  const { thresholds } = run.input.head;
  const hooks = run.input.deployment.certify?.survival;
  if (hooks === undefined) return undefined;
  const awayAt = clock.now();
  load.breaker.relax(thresholds.survivalSettleMs);
  const trouble = await takeAway(run, stage, hooks.away, going, load.over);
  if (trouble !== undefined || load.over.aborted) return trouble;
  run.hadOutage = true;
  // The cores stay away until the outage was held, seen, told, and an alarm fired: each for as long as it may take.
  await Promise.all([
    wait(clock, thresholds.survivalSettleMs + HELD_MS, load.over),
    see(run, awayAt, isTold(awayAt), thresholds.detectionMs + thresholds.toSlackMs, load.over),
    see(run, awayAt, hasFired(awayAt), thresholds.alarmMs, load.over),
  ]);
  await bringBack(run, stage, giveUp);
  load.breaker.tighten(thresholds.survivalSettleMs);
  if (run.away.size > 0) return undefined;
  await Promise.all([
    wait(clock, Math.max(LEAD_MS, plannedEnd - clock.monotonic()), load.over),
    see(run, awayAt, isResolved, thresholds.recoveryMs, load.over),
  ]);
  return undefined;
}

/** Waits until corewatch has seen it; its silence is recorded with the facts, and stops nothing. */
async function see(
  run: Run,
  from: number,
  isThere: (facts: ObserverFacts) => boolean,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await run.ports.observer.until(run.input.deployment.id, from, isThere, ms, signal);
  } catch (error) {
    if (!signal.aborted) run.warn(`what corewatch saw could not be read: ${sentenceOf(error)}`);
  }
}

function isTold(awayAt: number): (facts: ObserverFacts) => boolean {
  return ({ watching, incidents }) =>
    !watching || incidents.some(({ openedAt, toldAt }) => openedAt >= awayAt && toldAt !== null);
}

function hasFired(awayAt: number): (facts: ObserverFacts) => boolean {
  return ({ alarms, alarmChanges }) =>
    alarms === null || alarms.length === 0 || alarmChanges.some(({ at, state }) => at >= awayAt && state === "ALARM");
}

/** Nobody watches, or every incident is over. */
export function isResolved({ watching, incidents }: ObserverFacts): boolean {
  return !watching || incidents.every((incident) => incident.resolvedAt !== null);
}

/** How long the stage can take beside its hooks, ms. */
function longest(run: Run): number {
  const { survivalSettleMs, detectionMs, toSlackMs, alarmMs, recoveryMs } = run.input.head.thresholds;
  return LEAD_MS + Math.max(survivalSettleMs + HELD_MS, detectionMs + toSlackMs, alarmMs) + LEAD_MS + recoveryMs;
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join("; ");
}
