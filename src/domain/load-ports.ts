import type { CapacityFacts, ClosedLevel, FillFacts, ObserverFacts } from "./certify-record.ts";
import type { Hook } from "./certify.ts";
import type { Deployment } from "./fleet.ts";
import type { Arrivals, GeneratorHealth, LoadTarget, ScenarioSpec, WireRequest } from "./load.ts";
import type { Secret } from "./secret.ts";

/** Ports of certification. Adapters in `src/load` and `src/aws`; `main-certify.ts` joins them. */

/** What a generator works with for a whole run. */
export interface LoadSetup {
  readonly target: LoadTarget;
  readonly scenario: ScenarioSpec;
  /** Threads; arrival i is sent by thread i mod `workers`. */
  readonly workers: number;
  /** Seed of everything random; the same seed gives the same arrivals and the same choices. */
  readonly seed: number;
  /** Over all threads; an arrival beyond it is dropped, and counted. */
  readonly maxInFlight: number;
  /** Of one request, ms. */
  readonly timeoutMs: number;
}

/** Puts open-model load on a target from threads of its own, so that reporting never disturbs pacing. */
export interface LoadGenerator {
  /** Starts the threads and has the scenario prepare (make its sessions). @throws Error that says what could not be prepared */
  start(setup: LoadSetup, signal: AbortSignal): Promise<void>;
  /**
   * Runs one stage; `onShots` gets shot records (see `loadtests/shots.ts`) at least every 250 ms. Resolves when every
   * arrival has its outcome. When `signal` aborts, no further request is sent, what is in flight is waited for (bounded by
   * the time limit of a request), and it resolves.
   */
  stage(arrivals: Arrivals, onShots: (records: Uint8Array) => void, signal: AbortSignal): Promise<GeneratorHealth>;
  /** The target's cores from now on: known ones keep their index, new ones stand at the end. */
  setCores(cores: readonly string[]): void;
  stop(): Promise<void>;
}

/** The closed model: `connections` callers, each sending its next request when it has an answer. */
export interface ClosedLoad {
  /**
   * One level; resolves early when `signal` aborts. `expected`: text that every good answer holds.
   * @throws Error when nothing could be measured
   */
  level(
    target: LoadTarget,
    request: WireRequest,
    connections: number,
    durationMs: number,
    signal: AbortSignal,
    expected?: string,
  ): Promise<Omit<ClosedLevel, "stage">>;
}

/** The database behind the cores, as capacity needs it. Works on SuperTokens's tables; every method throws Error with a sentence for people. */
export interface CapacityDatabase {
  /** Reads only. */
  look(moment: CapacityFacts["moment"], signal: AbortSignal): Promise<CapacityFacts>;
  /**
   * Adds sessions and users until the tables hold `sessions` and `users` rows in all. What it adds bears corewatch's tag, so
   * that exactly that can be removed; an earlier, unfinished fill is gone on with.
   */
  fill(
    want: { readonly sessions: number; readonly users: number; readonly seed: number },
    onProgress: (done: number, of: number) => void,
    signal: AbortSignal,
  ): Promise<FillFacts>;
  /** Removes every row that bears the tag, in batches; run again after a kill it goes on. */
  clean(
    onProgress: (removed: number) => void,
    signal: AbortSignal,
  ): Promise<{
    readonly sessions: number;
    readonly users: number;
    /** What became of the space, or what the owner should run, for people. */
    readonly advice?: string;
  }>;
  close(): Promise<void>;
}

/** What came of calling a hook. `detail` for people, without secrets. */
export interface HookResult {
  readonly ok: boolean;
  readonly detail: string;
}

/** Calls hooks. Never throws. */
export interface HookRunner {
  /** `values` fill the placeholders. `verb` is for `target-group` hooks: take out, or bring back. */
  call(
    hook: Hook,
    verb: "away" | "back" | "scale" | "remove",
    values: Readonly<Record<string, string>>,
    deployment: Deployment,
    signal: AbortSignal,
  ): Promise<HookResult>;
}

/** corewatch's own eyes during a run: a daemon that watches, and the store that it writes to. */
export interface RunObserver {
  /** What was seen of `deployment` from `from` to `to` (epoch ms). */
  facts(deployment: string, from: number, to: number): Promise<ObserverFacts>;
  /** Resolves when `isThere` holds of the facts since `from`, or after `ms`; gives the last facts. */
  until(
    deployment: string,
    from: number,
    isThere: (facts: ObserverFacts) => boolean,
    ms: number,
    signal: AbortSignal,
  ): Promise<ObserverFacts>;
  stop(): Promise<void>;
}

/** What the cores count of themselves: `GET /requests/stats` of each, directly. */
export interface CoreCounters {
  /** Whole minutes since `since` (epoch ms) of one core. @throws Error when the core does not say */
  minutes(
    core: { readonly id: string; readonly url: string; readonly apiKey: Secret | undefined },
    deployment: Deployment,
    since: number,
    signal: AbortSignal,
  ): Promise<readonly { readonly minute: number; readonly requests: number }[]>;
}

/** Where a run is written: frames of a shots file, in order. */
export interface ShotsSink {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}
