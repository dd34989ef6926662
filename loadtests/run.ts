import { type Cut, type ObserverFacts, type PlannedStage, TargetFailure } from "../src/domain/index.ts";
import { cleanUp, putCoresBack } from "./clean-up.ts";
import { closedStage } from "./closed-stage.ts";
import { recordCoreMinutes } from "./core-minutes.ts";
import { deadline } from "./deadline.ts";
import { fillStage } from "./fill-stage.ts";
import type { RunInput, RunPorts } from "./run-ports.ts";
import { Run, sentenceOf, undone, type StageEnd } from "./run-state.ts";
import { scaleOutStage } from "./scale-out.ts";
import { loadStage } from "./stage-load.ts";
import { isResolved, survivalStage } from "./survival.ts";

/** What corewatch saw is read once more at the end; it must not hold up an interrupted run, ms. */
const LAST_LOOK_MS = 10_000;

/**
 * Runs a plan: its stages one after another, what corewatch itself saw, and then clean-up, whatever came before. Every
 * stage that began is ended in the record, and `ended` is its last event.
 *
 * A stage that could not be done (no hook, no database) does not keep the others from running. One that was cut by an
 * interruption or the breaker, whose generator failed, or that left a core away, is the last.
 *
 * `signal` aborts at an interruption; then the stage ends, and clean-up follows. Never rejects.
 */
export async function runPlan(input: RunInput, ports: RunPorts, signal: AbortSignal): Promise<void> {
  const run = new Run(input, ports, signal);
  let cut: Cut | null = null;
  try {
    cut = await runStages(run);
    // Before anything is waited for: nobody is served by a core that is away.
    await putCoresBack(run);
    await observe(run, cut === null);
    if (cut === null && run.isInterrupted) cut = "interrupted";
  } catch (error) {
    cut ??= "failed";
    run.warn(`the run failed: ${sentenceOf(error)}`);
  } finally {
    await cleanUp(run);
    await run.close();
    run.emit({ type: "ended", at: ports.clock.now(), cut });
  }
}

/** Gives why the rest was skipped, or `null` when every stage had its turn. */
async function runStages(run: Run): Promise<Cut | null> {
  const { stages } = run.input.head.plan;
  let isFilled = true;
  for (const [index, plan] of stages.entries()) {
    if (run.isInterrupted) return skip(run, index, "interrupted");
    if (plan.kind === "full" && !isFilled) {
      run.warn("the stage full was left out: the database was not filled");
      continue;
    }
    const end = await runStage(run, index, plan);
    run.end(index, end);
    if (plan.kind === "fill" && end.cut !== null) isFilled = false;
    if (end.isFatal) return skip(run, index + 1, end.cut ?? "failed");
    if (end.cut !== null) run.ports.log.warn(`stage ${plan.kind} could not be done`, { detail: end.detail });
  }
  return null;
}

function skip(run: Run, from: number, cut: Cut): Cut {
  const skipped = run.input.head.plan.stages.slice(from).map((stage) => stage.kind);
  if (skipped.length > 0) run.note(`not run: ${skipped.join(", ")}`);
  return cut;
}

/** Begins the stage in the record and runs it. Never throws. */
async function runStage(run: Run, index: number, plan: PlannedStage): Promise<StageEnd> {
  // Making sessions is no part of the stage: its shots are timed from its begin.
  const unready = plan.arrivals === undefined ? undefined : await ready(run);
  run.begin(index, plan);
  if (unready !== undefined) return unready;
  try {
    return await work(run, index, plan);
  } catch (error) {
    return { ...undone(sentenceOf(error)), isFatal: true };
  }
}

async function ready(run: Run): Promise<StageEnd | undefined> {
  try {
    await run.readyGenerator();
    return undefined;
  } catch (error) {
    if (run.isInterrupted) return { ...undone(sentenceOf(error)), cut: "interrupted", isFatal: true };
    return { ...undone(sentenceOf(error)), isFatal: true, byTarget: error instanceof TargetFailure };
  }
}

async function work(run: Run, index: number, plan: PlannedStage): Promise<StageEnd> {
  const { kind } = plan;
  if (kind === "ceiling" || kind === "tune") return closedStage(run, kind, plan);
  if (kind === "fill") return fillStage(run, index);
  if (kind === "survival") return survivalStage(run, index, plan);
  if (kind === "scale-out") return scaleOutStage(run, index, plan);
  return loadStage(run, index, plan);
}

/** Waits until incidents and alarms are over where cores were away (and the run is whole), and records what everybody saw. */
async function observe(run: Run, isWhole: boolean): Promise<void> {
  const { clock, observer, onProgress } = run.ports;
  const { head, deployment } = run.input;
  if (run.hadOutage && isWhole) {
    onProgress({ stage: null, doing: "waiting for incidents and alarms to be over", done: null, of: null });
    const { alarmMs } = head.thresholds;
    try {
      await observer.until(deployment.id, head.startedAt, isOver, alarmMs, run.signal);
    } catch (error) {
      run.warn(`what corewatch saw could not be read: ${sentenceOf(error)}`);
    }
  }
  await recordCoreMinutes(run);
  const limit = deadline(clock, LAST_LOOK_MS, run.ports.giveUp);
  try {
    const facts = await lastFacts(run, limit.signal);
    if (facts === undefined) run.warn("what corewatch saw could not be read in time");
    else run.emit({ type: "observed", facts });
  } catch (error) {
    run.warn(`what corewatch saw could not be read: ${sentenceOf(error)}`);
  } finally {
    limit.clear();
  }
}

function lastFacts(run: Run, signal: AbortSignal): Promise<ObserverFacts | undefined> {
  const { clock, observer } = run.ports;
  const { head, deployment } = run.input;
  return new Promise((resolve, reject) => {
    const late = (): void => resolve(undefined);
    if (signal.aborted) late();
    signal.addEventListener("abort", late, { once: true });
    observer.facts(deployment.id, head.startedAt, clock.now()).then(resolve, reject);
  });
}

/**
 * Every incident is resolved; an alarm fired, where there are any, and the last word of every one that did is that it is
 * back. That none fires is only known when they had all their time.
 */
function isOver(facts: ObserverFacts): boolean {
  const hasAlarms = facts.alarms !== null && facts.alarms.length > 0;
  if (hasAlarms && !facts.alarmChanges.some(({ state }) => state === "ALARM")) return false;
  const last = new Map<string, string>();
  for (const { name, state } of [...facts.alarmChanges].sort((a, b) => a.at - b.at)) last.set(name, state);
  return isResolved(facts) && [...last.values()].every((state) => state !== "ALARM");
}
