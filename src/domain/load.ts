/**
 * Load: what is sent, when it should be sent, and what came of it. Times within a stage are milliseconds on the monotonic
 * clock since the stage began; wall-clock times are epoch milliseconds.
 */

/**
 * What came of one arrival. Every arrival has exactly one: `offered` is their sum.
 * `lost`: the connection ended before the answer did. `refused`: no connection could be made. `timed-out`: no whole answer
 * within the time limit. `dropped`: never sent, since too many were in flight. `business-failure`: a 200 whose body says
 * that it failed (SuperTokens puts failures into `status`).
 */
export const SHOT_OUTCOMES = [
  "ok",
  "non-2xx",
  "wrong-body",
  "business-failure",
  "lost",
  "timed-out",
  "refused",
  "dropped",
] as const;
/** One of {@link SHOT_OUTCOMES}. */
export type ShotOutcome = (typeof SHOT_OUTCOMES)[number];

/** How many of each. */
export type OutcomeCounts = Readonly<Record<ShotOutcome, number>>;

/** The target itself answered with errors of its own (5xx) to what had to be done before the load: no fault of the generator. */
export class TargetFailure extends Error {
  override readonly name = "TargetFailure";
}

/** When requests are due, in an open model: whatever the target does, the next one is due at its time. Rates are requests a second. */
export type Arrivals =
  | { readonly kind: "constant"; readonly rate: number; readonly durationMs: number }
  /** Rises or falls evenly. */
  | { readonly kind: "ramp"; readonly from: number; readonly to: number; readonly durationMs: number }
  | { readonly kind: "step"; readonly steps: readonly { readonly rate: number; readonly durationMs: number }[] }
  /** Independent arrivals with this mean rate; the same for the same seed. */
  | { readonly kind: "poisson"; readonly rate: number; readonly durationMs: number };

/** One arrival and what came of it. Response time, the time that is certified, is `latenessMs + serviceMs`. */
export interface Shot {
  /** When it was due. */
  readonly scheduledMs: number;
  /** How much later than due it was sent: the generator's own fault. 0 for a dropped one. */
  readonly latenessMs: number;
  /** From sending to the end of the answer, or to the failure. 0 for a dropped one. */
  readonly serviceMs: number;
  readonly outcome: ShotOutcome;
  /** Index into the stage's endpoints. */
  readonly endpoint: number;
  /** Index into the stage's cores, or {@link NO_CORE} where the answer did not say which core gave it. */
  readonly core: number;
  /** HTTP status, 0 without one. */
  readonly status: number;
}

/** The answer did not say which core gave it. */
export const NO_CORE = 255;

/** Where load goes, resolved from the inventory. Crosses to worker threads: plain data; the key is a secret and never written. */
export interface LoadTarget {
  /** The connectionUri: `https://host:port[/base-path]`. */
  readonly url: string;
  readonly host: string;
  readonly apiKey: string | undefined;
  readonly tls: { readonly ca: string | undefined; readonly verify: boolean; readonly serverName: string };
  /** Response header that names the core which answered, lower case; `undefined`: answers do not say. */
  readonly coreHeader: string | undefined;
  /** Core ids in the order of shot indices; a name in {@link coreHeader} that is not among them counts as {@link NO_CORE}. */
  readonly cores: readonly string[];
  /** Name servers to ask instead of the system's, `address:port`. */
  readonly resolvers?: readonly string[];
}

/** One HTTP request of a scenario, relative to the target. */
export interface WireRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD";
  /** Path with query below the target's base path, beginning with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What came back. `lost`, `timed-out` and `refused` are as in {@link ShotOutcome}. */
export type WireResult =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** Cut at the transport's bound. */
      readonly body: string;
      /** Value of the target's `coreHeader`, if it came. */
      readonly core: string | undefined;
    }
  | { readonly kind: "lost" | "timed-out" | "refused"; readonly detail: string };

/** Sends requests of an attack. `done` is called exactly once for each `send`, never before `send` returned. */
export interface LoadTransport {
  send(request: WireRequest, done: (result: WireResult) => void): void;
  close(): Promise<void>;
}

/** What a scenario wants sent next, and how it takes the answer. */
export interface ScenarioStep {
  /** Index into the scenario's endpoints. */
  readonly endpoint: number;
  /** What a step that is none of the endpoints is called in sentences (a step of `prepare` or `cleanup`). */
  readonly label?: string;
  readonly request: WireRequest;
  /** Judges an answer and remembers what it needs of it (a new token). */
  readonly judge: (status: number, body: string) => "ok" | "non-2xx" | "wrong-body" | "business-failure";
  /** No answer came, or it was never sent: what the step had taken is given back. */
  readonly abandon: () => void;
}

/** A scenario at work in one thread: holds its sessions. */
export interface ScenarioRun {
  /**
   * Steps that must be done before the first arrival (making sessions), a batch at a time; `undefined` when ready: it ends a
   * batch, and a scenario is ready when it is `undefined` again after every answer of that batch has been judged.
   */
  prepare(): ScenarioStep | undefined;
  next(): ScenarioStep;
  /** After the last arrival: steps that take away what the run made, in batches as with {@link prepare}; they are no arrivals. */
  cleanup?(): ScenarioStep | undefined;
}

/** Which scenario, and with which settings: plain data that crosses to worker threads and stands in the certificate. */
export interface ScenarioSpec {
  /** Name in the registry, or `http` for a scenario file. */
  readonly name: string;
  /** Settings of that scenario (mix, sizes, steps of a file); its schema is the scenario's own. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How a generator fared in one stage: certified beside the target's figures. */
export interface GeneratorHealth {
  readonly workers: number;
  /** CPU of the generator's threads, seconds. */
  readonly cpuSeconds: number;
  /** Of one core, 0–1 and above, on average over the stage. */
  readonly cpuShare: number;
  /** Longest stall of a generator thread's event loop, ms, and the 99th percentile. */
  readonly eventLoopMaxMs: number;
  readonly eventLoopP99Ms: number;
  /** Resident memory of the whole process at its highest, bytes. */
  readonly memoryBytes: number;
  /** By how much the wall clock moved against the monotonic one during the stage, ms. */
  readonly clockStepMs: number;
  /** Most requests in flight at once, over all threads. */
  readonly maxInFlight: number;
}
