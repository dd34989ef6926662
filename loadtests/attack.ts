import { NO_CORE, SHOT_OUTCOMES } from "../src/domain/index.ts";
import type {
  Arrivals,
  Clock,
  LoadTransport,
  ScenarioRun,
  ScenarioStep,
  ShotOutcome,
  Timer,
  WireResult,
} from "../src/domain/index.ts";
import { durationOf } from "./arrivals.ts";
import { createPacer } from "./pacer.ts";
import { RecordBuffer } from "./shots.ts";

/** What one thread attacks with. */
export interface AttackOptions {
  readonly arrivals: Arrivals;
  /** This thread takes the arrivals i with i mod `threads` = `thread`. */
  readonly thread: number;
  readonly threads: number;
  readonly seed: number;
  readonly clock: Clock;
  /** When the stage begins, on `clock.monotonic()`: the same moment for all threads. */
  readonly beginAt: number;
  readonly transport: LoadTransport;
  readonly scenario: ScenarioRun;
  /** Of this thread. An arrival beyond it is dropped. */
  readonly maxInFlight: number;
  /** Index of the core with this name, or `NO_CORE`. */
  readonly coreIndex: (name: string) => number;
  /** Gets records (`shots.ts`) in a buffer that is the caller's from then on. */
  readonly onShots: (records: Uint8Array<ArrayBuffer>) => void;
  /** How long a record waits at most until `onShots`, ms. */
  readonly flushMs: number;
  readonly signal: AbortSignal;
}

/** What one thread did. */
export interface AttackSummary {
  readonly offered: number;
  readonly maxInFlight: number;
}

/**
 * Requests sent in one go, and for how long, ms. After a stall there may be thousands overdue; between batches answers are read, so
 * that what was answered long ago is not counted as slow because of the sending.
 */
const BATCH = 128;
const BATCH_MS = 5;
/** What fell due so shortly before an abort, ms, is no backlog: it waited for the timer that the abort forestalled, and is sent. */
const PROMPT_MS = 20;
/** Records in a buffer: 64 KiB. */
const BUFFER_RECORDS = 4096;

const INDEX = new Map<ShotOutcome, number>(SHOT_OUTCOMES.map((outcome, index) => [outcome, index]));
const DROPPED = indexOf("dropped");
const LOST = indexOf("lost");
const TIMED_OUT = indexOf("timed-out");
const REFUSED = indexOf("refused");

/**
 * Sends each arrival when it is due, whatever became of those before it. Overdue ones are sent at once, and how late they are is
 * recorded. Every arrival that fell due gets exactly one record. What is due after `signal` aborts does not exist; what was overdue
 * then is dropped where the attack was behind, and sent where it was not. Resolves when the stage's time is over and all requests have their outcome.
 * @throws Error what the scenario threw
 */
export function runAttack(options: AttackOptions): Promise<AttackSummary> {
  const { clock, transport, scenario, maxInFlight, signal, beginAt } = options;
  const pacer = createPacer(options.arrivals, options.seed, options);
  const durationMs = durationOf(options.arrivals);
  const records = new RecordBuffer(BUFFER_RECORDS);
  let due = pacer.next();
  let inFlight = 0;
  let highest = 0;
  let offered = 0;
  let over = false;
  let failure: unknown;
  let wake: Timer | undefined;
  let flushing: Timer | undefined;

  return new Promise((resolve, reject) => {
    const elapsed = (): number => clock.monotonic() - beginAt;
    const isOpen = (): boolean => !over;
    const isSound = (): boolean => failure === undefined;

    function flush(): void {
      const taken = records.take();
      if (taken !== undefined) options.onShots(taken);
    }

    function record(
      dueMs: number,
      sentMs: number | undefined,
      endedMs: number,
      outcome: number,
      endpoint: number,
      core = NO_CORE,
      status = 0,
    ): void {
      records.add(dueMs, sentMs, endedMs, outcome, endpoint, core, status);
      if (records.isFull) flush();
    }

    function drop(dueMs: number, step: ScenarioStep): void {
      offered++;
      step.abandon();
      record(dueMs, undefined, 0, DROPPED, step.endpoint);
    }

    function send(dueMs: number): void {
      const step = scenario.next();
      if (inFlight >= maxInFlight) {
        drop(dueMs, step);
        return;
      }
      offered++;
      inFlight++;
      if (inFlight > highest) highest = inFlight;
      const sentMs = elapsed();
      transport.send(step.request, (result) => {
        const endedMs = elapsed();
        inFlight--;
        if (result.kind === "answer") {
          const core = result.core === undefined ? NO_CORE : options.coreIndex(result.core);
          record(dueMs, sentMs, endedMs, judged(step, result), step.endpoint, core, result.status);
        } else {
          record(dueMs, sentMs, endedMs, OF_FAILURE[result.kind], step.endpoint);
          guarded(step.abandon);
        }
        if (over && inFlight === 0) finish();
      });
    }

    function judged(step: ScenarioStep, answer: WireResult & { readonly kind: "answer" }): number {
      let outcome: ShotOutcome = "wrong-body";
      guarded(() => {
        outcome = step.judge(answer.status, answer.body);
      });
      return indexOf(outcome);
    }

    /** A scenario that throws is broken: the attack ends, and says why, when what is in flight has come back. */
    function guarded(work: () => void): void {
      try {
        work();
      } catch (error) {
        failure ??= error;
        stop();
      }
    }

    function pump(): void {
      if (over) return;
      const now = elapsed();
      guarded(() => {
        for (let sent = 0; due <= now && sent < BATCH && isOpen() && elapsed() - now <= BATCH_MS; sent++) {
          const dueMs = due;
          due = pacer.next();
          send(dueMs);
        }
      });
      if (over) return;
      if (due === Number.POSITIVE_INFINITY && now >= durationMs) stop();
      // A timer of no time would run before what has come in is read: while it is behind, the attack takes turns with answers.
      else if (due <= now) setImmediate(pump);
      else wake = clock.after(Math.max(0, Math.min(due, durationMs) - elapsed()), pump);
    }

    function stop(): void {
      if (over) return;
      over = true;
      wake?.clear();
      // Only an abort (or a broken scenario) leaves arrivals that are due already.
      const now = elapsed();
      const isPrompt = due >= now - PROMPT_MS && isSound();
      guarded(() => {
        for (; due < now && isSound(); due = pacer.next()) {
          if (isPrompt) send(due);
          else drop(due, scenario.next());
        }
      });
      if (inFlight === 0) finish();
    }

    function finish(): void {
      flushing?.clear();
      signal.removeEventListener("abort", stop);
      flush();
      if (failure === undefined) resolve({ offered, maxInFlight: highest });
      else reject(failure instanceof Error ? failure : new Error("the scenario failed", { cause: failure }));
    }

    const tick = (): void => {
      flush();
      flushing = clock.after(options.flushMs, tick);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    else {
      flushing = clock.after(options.flushMs, tick);
      wake = clock.after(Math.max(0, Math.min(due, durationMs) - elapsed()), pump);
    }
  });
}

const OF_FAILURE: Readonly<Record<Exclude<WireResult["kind"], "answer">, number>> = {
  lost: LOST,
  "timed-out": TIMED_OUT,
  refused: REFUSED,
};

function indexOf(outcome: ShotOutcome): number {
  return INDEX.get(outcome) ?? 0;
}
