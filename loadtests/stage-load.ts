import { durationOf } from "./arrivals.ts";
import { SHOT_OUTCOMES } from "../src/domain/index.ts";
import type { Arrivals, Cut, GeneratorHealth, PlannedStage } from "../src/domain/index.ts";
import { Breaker } from "./breaker.ts";
import { deadline, within } from "./deadline.ts";
import { sentenceOf, undone, type Run, type StageEnd } from "./run-state.ts";
import { forEachShot } from "./shots.ts";

/** Load that is running. */
export interface Load {
  /** Aborts when the load is over, for whatever reason: waiting beside it is pointless then. */
  readonly over: AbortSignal;
  readonly breaker: Breaker;
  /** Ends it as planned. Safe to call again. */
  stop(): void;
  /** How it ended, after what was in flight has its outcome. Never rejects. */
  readonly end: Promise<StageEnd>;
}

const OK = SHOT_OUTCOMES.indexOf("ok");
/** A generator that has not ended its stage this long after it should have is taken for dead. */
const GRACE_MS = 30_000;

/** Puts open-model load on the target. The stage's begin must have been recorded just before. */
export function startLoad(
  run: Run,
  stage: number,
  arrivals: Arrivals,
  onShots: (records: Uint8Array) => void = () => undefined,
): Load {
  const { clock, generator, ...ports } = run.ports;
  const { breakerErrors: errors, breakerMs: windowMs } = run.input.head.thresholds;
  const stopping = new AbortController();
  const over = new AbortController();
  let cut: { readonly cut: Cut; readonly detail: string } | undefined;
  const breakOff = (why: Cut, detail: string): void => {
    cut ??= { cut: why, detail };
    stopping.abort();
  };
  const breaker = new Breaker(clock, { errors, windowMs }, (why) => breakOff("circuit-breaker", why));
  const onInterrupt = (): void => breakOff("interrupted", "interrupted");
  run.signal.addEventListener("abort", onInterrupt, { once: true });
  if (run.isInterrupted) onInterrupt();

  const work = async (): Promise<GeneratorHealth> => {
    const done = generator.stage(
      arrivals,
      (records) => {
        ports.onShots(stage, records);
        onShots(records);
        let total = 0;
        let ok = 0;
        forEachShot(records, (_scheduled, _lateness, _service, outcome) => {
          total++;
          if (outcome === OK) ok++;
        });
        breaker.take(total, ok);
      },
      stopping.signal,
    );
    const late = deadline(clock, durationOf(arrivals) + run.input.setup.timeoutMs + GRACE_MS, stopping.signal);
    const stopped = new Promise<undefined>((resolve) => {
      if (late.signal.aborted) resolve(undefined);
      late.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    try {
      const inTime = await Promise.race([done, stopped]);
      if (inTime !== undefined) return inTime;
      stopping.abort();
      const drained = await within(clock, run.input.setup.timeoutMs + GRACE_MS, done);
      if (drained !== undefined) return drained;
      throw new Error("the load generator did not end the stage: its threads do not answer");
    } finally {
      late.clear();
    }
  };

  const finish = async (): Promise<StageEnd> => {
    try {
      const health = await work();
      return { generator: health, cut: cut?.cut ?? null, detail: cut?.detail ?? "", isFatal: cut !== undefined };
    } catch (error) {
      const detail = [cut?.detail, sentenceOf(error)].filter((part) => part !== undefined).join("; ");
      return { generator: null, cut: cut?.cut ?? "failed", detail, isFatal: true };
    } finally {
      run.signal.removeEventListener("abort", onInterrupt);
      over.abort();
    }
  };
  const goesOn = AbortSignal.any([over.signal, stopping.signal]);
  return { over: goesOn, breaker, stop: () => stopping.abort(), end: finish() };
}

/** A stage that is nothing but load. */
export async function loadStage(run: Run, stage: number, plan: PlannedStage): Promise<StageEnd> {
  if (plan.arrivals === undefined) return undone("the plan has no arrivals for it");
  return startLoad(run, stage, plan.arrivals).end;
}
