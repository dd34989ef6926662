import type { Arrivals, LoadSetup } from "../domain/index.ts";

/** What a thread of the generator is started with. Plain data; holds the target's key. */
export interface WorkerOrder {
  readonly setup: LoadSetup;
  readonly thread: number;
  /** Of this run, in the names that a scenario makes. */
  readonly tag: string;
}

/** To a thread. */
export type WorkerCommand =
  | {
      readonly type: "stage";
      readonly arrivals: Arrivals;
      readonly seed: number;
      /** When it begins, ms of {@link sharedNow}. */
      readonly beginAt: number;
    }
  | { readonly type: "abort" }
  | { readonly type: "cores"; readonly cores: readonly string[] }
  /** Cleans up within this time, ms, and ends. */
  | { readonly type: "stop"; readonly withinMs: number };

/** How one thread fared in one stage. */
export interface ThreadHealth {
  readonly offered: number;
  readonly maxInFlight: number;
  readonly cpuSeconds: number;
  readonly eventLoopMaxMs: number;
  readonly eventLoopP99Ms: number;
  /** The most frequent reasons for which requests got no answer, with their numbers. */
  readonly failures: readonly { readonly detail: string; readonly count: number }[];
}

/** From a thread. */
export type WorkerWord =
  | { readonly type: "ready" }
  | { readonly type: "shots"; readonly records: Uint8Array<ArrayBuffer> }
  | { readonly type: "ended"; readonly health: ThreadHealth }
  /** The stage, or preparing, failed; a sentence, and whether the target itself said so. */
  | { readonly type: "failed"; readonly detail: string; readonly byTarget: boolean }
  /** After `stop`; what could not be cleaned up, if anything. */
  | { readonly type: "stopped"; readonly detail: string | undefined };

/** Milliseconds on a clock that all threads of this process share: their own monotonic clocks begin with each thread. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
