import type {
  CapacityDatabase,
  ClosedLoad,
  Clock,
  CoreCounters,
  Deployment,
  HookRunner,
  LoadGenerator,
  LoadSetup,
  LoadTarget,
  Log,
  RunEvent,
  RunHead,
  RunObserver,
  WireRequest,
} from "../src/domain/index.ts";

/** What a run is about. */
export interface RunInput {
  readonly head: RunHead;
  readonly deployment: Deployment;
  readonly target: LoadTarget;
  /** How the generator works, beside what the head says. */
  readonly setup: Pick<LoadSetup, "workers" | "maxInFlight" | "timeoutMs">;
  /** The one request that closed-model stages repeat; made when it is needed, since it may hold a fresh token. */
  readonly closedRequest: (signal: AbortSignal) => Promise<WireRequest>;
  /** Text that every good answer to it holds: failures of business are answered 200 as well. */
  readonly closedExpected: string | undefined;
}

/** What the load balancer says of a core: `healthy`, `draining` … */
export interface CoreState {
  readonly core: string;
  readonly state: string;
}

/** How far a run is within a stage, for people who watch it; none of it is recorded. */
export interface RunProgress {
  /** Index of the stage; `null`: before the first or after the last. */
  readonly stage: number | null;
  /** What is being done, for people. */
  readonly doing: string;
  /** Rows, or whatever `doing` counts; `null`: it can not be counted. */
  readonly done: number | null;
  readonly of: number | null;
}

/** Everything a run does is done through these. */
export interface RunPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly generator: LoadGenerator;
  readonly closed: ClosedLoad;
  /** `undefined`: the database behind the cores is not known, or none that can be filled. */
  readonly capacity: (() => Promise<CapacityDatabase>) | undefined;
  readonly hooks: HookRunner;
  readonly observer: RunObserver;
  readonly counters: CoreCounters;
  /** The deployment as the inventory has it now. @throws Error when it can not be read */
  readonly reloadDeployment: () => Promise<Deployment>;
  /** The load balancer's word on each core of the deployment as it is given; `undefined` where none is known. @throws Error when it can not be read */
  readonly targetHealth: ((deployment: Deployment, signal: AbortSignal) => Promise<readonly CoreState[]>) | undefined;
  readonly emit: (event: RunEvent) => void;
  /** Shot records of a stage, as they come. */
  readonly onShots: (stage: number, records: Uint8Array) => void;
  readonly onProgress: (progress: RunProgress) => void;
  /** Aborts at the second interruption: clean-up is given up then, and what is left is said. */
  readonly giveUp: AbortSignal;
}
