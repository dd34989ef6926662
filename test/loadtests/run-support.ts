import { runPlan } from "../../loadtests/run.ts";
import type { RunInput, RunPorts } from "../../loadtests/run-ports.ts";
import { RecordBuffer } from "../../loadtests/shots.ts";
import { DEFAULT_THRESHOLDS } from "../../loadtests/thresholds.ts";
import { wait } from "../../src/domain/index.ts";
import type {
  Arrivals,
  CapacityDatabase,
  CapacityFacts,
  CertifyPlan,
  CertifySettings,
  CertifyThresholds,
  Core,
  Deployment,
  GeneratorHealth,
  HookResult,
  ObserverFacts,
  PlannedStage,
  RunEvent,
  RunHead,
  StageKind,
} from "../../src/domain/index.ts";
import { core, deployment } from "../checks/small-fleet.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";

const SECOND = 1_000;

/** Thresholds with times that pass soon. */
export const thresholds: CertifyThresholds = {
  ...DEFAULT_THRESHOLDS,
  survivalSettleMs: 20 * SECOND,
  detectionMs: 30 * SECOND,
  toSlackMs: 10 * SECOND,
  recoveryMs: 60 * SECOND,
  firstShareMs: 120 * SECOND,
  breakerMs: 5 * SECOND,
  alarmMs: 60 * SECOND,
};

/** Settings of a deployment that may be certified. */
export function certify(extra: Partial<CertifySettings> = {}): CertifySettings {
  return {
    allowed: true,
    targets: [],
    scenario: undefined,
    coreHeader: undefined,
    thresholds,
    survival: { away: { kind: "target-group" }, back: { kind: "target-group" } },
    passwordRounds: undefined,
    ...extra,
  };
}

/** A stage of 30 s at 100 requests a second, or of two levels. */
export function planned(kind: StageKind): PlannedStage {
  const isClosed = kind === "ceiling" || kind === "tune";
  const isOpen = !isClosed && kind !== "fill";
  return {
    kind,
    arrivals: isOpen ? { kind: "constant", rate: 100, durationMs: 30 * SECOND } : undefined,
    levels: isClosed ? [1, 2] : [],
    levelMs: 5 * SECOND,
  };
}

/** Every stage of the launch. */
export const LAUNCH: readonly StageKind[] = [
  "warm-up",
  "ceiling",
  "tune",
  "empty",
  "fill",
  "full",
  "sustained",
  "survival",
  "scale-out",
];

/** The world that a run acts on, in virtual time. Tests change its fields to have things go wrong. */
export class RunWorld {
  readonly clock = new FakeClock();
  readonly log = recordingLog();
  readonly events: RunEvent[] = [];
  /** `away c1`, `back c1`, `clean`, `start`, `stop` … in order. */
  readonly done: string[] = [];
  readonly away = new Set<string>();
  readonly gone: { core: string; at: number }[] = [];
  cores: Core[];
  /** Rows that were added. */
  rows = 0;
  deployment: Deployment;
  kinds: readonly StageKind[] = LAUNCH;
  thresholds = thresholds;
  /** Share of requests that fail now, 0–1. */
  failing: () => number = () => 0;
  /** What a hook says, instead of what it would do. */
  hook: (verb: string, core: string) => HookResult | undefined = () => undefined;
  /** Thrown by the generator when it is asked to run a stage, after 2 s. */
  generatorDies: () => boolean = () => false;
  startFails = false;
  fillFails = false;
  /** Stages that the generator was asked for. */
  readonly loads: Arrivals[] = [];
  readonly names: (readonly string[])[] = [];
  hasAlarms = true;
  alarmsFire = true;
  watching = true;
  /** How long the scaled core takes to show in the inventory, ms; `undefined`: for ever. */
  appearsAfterMs: number | undefined = 20 * SECOND;
  shots = 0;
  #running = 0;
  readonly interrupt = new AbortController();
  readonly giveUp = new AbortController();

  constructor() {
    this.deployment = deployment({
      cores: [core(1), core(2), core(10)],
      certify: certify(),
      scale: {
        request: { kind: "command", argv: ["scale"], timeoutMs: 5_000 },
        remove: { kind: "command", argv: ["remove"], timeoutMs: 5_000 },
      },
    });
    this.cores = [...this.deployment.cores];
  }

  /** Kind of the stage that runs now. */
  get stage(): StageKind | undefined {
    const last = this.events.findLast(({ type }) => type === "stage-began" || type === "stage-ended");
    return last?.type === "stage-began" ? last.plan.kind : undefined;
  }

  /** Whether load is running. */
  get isLoaded(): boolean {
    return this.#running > 0;
  }

  /** Starts the run. */
  start(): Promise<void> {
    return runPlan(this.#input(), this.#ports(), this.interrupt.signal);
  }

  /** Runs to the end, calling `each` every second of virtual time. @throws Error after three hours */
  async run(each: () => void = () => undefined): Promise<void> {
    const state = { over: false };
    const run = this.start().finally(() => (state.over = true));
    for (let second = 0; !state.over; second++) {
      if (second > 10_800) throw new Error(`the run does not end: ${this.done.join(", ")}`);
      each();
      await this.clock.advance(SECOND);
    }
    await run;
  }

  of<Type extends RunEvent["type"]>(type: Type): (RunEvent & { readonly type: Type })[] {
    return this.events.filter((event): event is RunEvent & { readonly type: Type } => event.type === type);
  }

  /** Kinds of stages with how they were cut. */
  get ended(): string[] {
    return this.of("stage-ended").map(({ stage, cut }) => `${this.kinds[stage] ?? ""}${cut === null ? "" : ` ${cut}`}`);
  }

  get notes(): string[] {
    return this.of("note").map(({ text }) => text);
  }

  #input(): RunInput {
    const plan: CertifyPlan = {
      name: "launch",
      stages: this.kinds.map(planned),
      sessions: 1_000,
      users: 1_000,
      capacity: "fill",
      deviations: [],
    };
    const cores = this.deployment.cores.map(({ id }) => id);
    const head: RunHead = {
      version: 1,
      fleet: "acme",
      deployment: "acme",
      kind: "production",
      app: "acme",
      connectionUri: this.deployment.connectionUri,
      addresses: ["10.0.0.1"],
      plan,
      scenario: { name: "hello", settings: {} },
      scenarioTells: [],
      endpoints: ["hello"],
      cores,
      coreHeader: null,
      thresholds: this.thresholds,
      spread: { cores: [] },
      poolSize: 10,
      environment: {
        corewatch: "1",
        node: "24",
        platform: "linux",
        cpus: 2,
        memoryBytes: 1,
        hostname: "h",
        versions: {},
      },
      seed: 7,
      startedAt: this.clock.now(),
    };
    return {
      head,
      deployment: this.deployment,
      target: {
        url: this.deployment.connectionUri,
        host: this.deployment.host,
        apiKey: undefined,
        tls: this.deployment.tls,
        coreHeader: undefined,
        cores,
      },
      setup: { workers: 1, maxInFlight: 100, timeoutMs: 10 * SECOND },
      closedRequest: async () => ({ method: "GET", path: "/hello", headers: {}, body: undefined }),
      closedExpected: undefined,
    };
  }

  #ports(): RunPorts {
    const { clock, log } = this;
    return {
      clock,
      log,
      generator: {
        start: async (_setup, signal) => {
          this.done.push("start");
          await wait(clock, 2 * SECOND, signal);
          if (this.startFails) throw new Error("no session could be made: 401");
        },
        stage: (arrivals, onShots, signal) => this.#load(arrivals, onShots, signal),
        setCores: (names) => void this.names.push(names),
        stop: async () => void this.done.push("stop"),
      },
      closed: {
        level: async (_target, _request, connections, durationMs, signal) => {
          await wait(clock, durationMs, signal);
          const latencies = { meanMs: 1, p50Ms: 1, p90Ms: 1, p99Ms: 1 };
          return {
            connections,
            durationMs,
            requests: 10,
            throughput: 10 * connections,
            ...latencies,
            non2xx: 0,
            errors: 0,
            timeouts: 0,
          };
        },
      },
      capacity: async () => this.#database(),
      hooks: { call: async (_hook, verb, values, _of, signal) => this.#call(verb, values["core"] ?? "", signal) },
      observer: {
        facts: async () => this.#facts(),
        until: async (_id, _from, isThere, ms, signal) => {
          const end = clock.monotonic() + ms;
          for (;;) {
            const facts = this.#facts();
            if (isThere(facts) || clock.monotonic() >= end || signal.aborted) return facts;
            await wait(clock, SECOND, signal);
          }
        },
        stop: async () => undefined,
      },
      counters: {
        minutes: async (of, _deployment, since) => {
          const minutes: { minute: number; requests: number }[] = [];
          for (let minute = Math.ceil(since / 60_000) * 60_000; minute + 60_000 <= clock.now(); minute += 60_000)
            minutes.push({ minute, requests: of.id === "c11" ? 1_400 : 1_500 });
          return minutes;
        },
      },
      reloadDeployment: async () => ({ ...this.deployment, cores: this.cores }),
      targetHealth: async (of) =>
        of.cores.map(({ id }) => ({ core: id, state: this.away.has(id) ? "draining" : "healthy" })),
      emit: (event) => void this.events.push(event),
      onShots: () => void this.shots++,
      onProgress: () => undefined,
      giveUp: this.giveUp.signal,
    };
  }

  async #load(
    arrivals: Arrivals,
    onShots: (records: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<GeneratorHealth> {
    this.loads.push(arrivals);
    this.#running++;
    try {
      const durationMs = arrivals.kind === "step" ? 0 : arrivals.durationMs;
      const began = this.clock.monotonic();
      while (!signal.aborted && this.clock.monotonic() - began < durationMs) {
        await wait(this.clock, 500, signal);
        if (this.generatorDies() && this.clock.monotonic() - began > 2 * SECOND)
          throw new Error("a worker thread ended");
        const records = new RecordBuffer(50);
        const failed = Math.round(this.failing() * 50);
        for (let shot = 0; shot < 50; shot++) records.add(0, 0, 1, shot < failed ? 4 : 0, 0);
        const taken = records.take();
        if (taken !== undefined) onShots(taken);
      }
      return HEALTH;
    } finally {
      this.#running--;
    }
  }

  async #call(verb: string, id: string, signal: AbortSignal): Promise<HookResult> {
    this.done.push(id === "" ? verb : `${verb} ${id}`);
    const said = this.hook(verb, id);
    await wait(this.clock, SECOND, signal);
    // One that was called off may have done its work all the same.
    if (said?.ok !== false || verb === "away") this.#act(verb, id);
    if (signal.aborted) return { ok: false, detail: "called off" };
    return said ?? { ok: true, detail: "done" };
  }

  #act(verb: string, id: string): void {
    if (verb === "away") {
      this.away.add(id);
      this.gone.push({ core: id, at: this.clock.now() });
    }
    if (verb === "back") this.away.delete(id);
    if (verb === "remove") this.cores = this.cores.filter((one) => one.id !== id);
    if (verb === "scale" && this.appearsAfterMs !== undefined)
      this.clock.after(this.appearsAfterMs, () => void (this.cores = [...this.cores, core(11)]));
  }

  #facts(): ObserverFacts {
    const first = this.gone[0];
    const back = this.of("action").findLast(({ what }) => what === "back");
    const now = this.clock.now();
    const openedAt = (first?.at ?? 0) + 8 * SECOND;
    const endAt = back === undefined || this.away.size > 0 ? Number.POSITIVE_INFINITY : back.at + 15 * SECOND;
    const isSeen = this.watching && first !== undefined && now >= openedAt;
    return {
      watching: this.watching,
      daemon: this.watching ? "own" : "none",
      probes: [],
      incidents: isSeen
        ? [
            {
              id: "INC-1",
              cause: "one-core-left",
              deployment: "acme",
              openedAt,
              resolvedAt: now >= endAt ? endAt : null,
              toldAt: now >= openedAt + 2 * SECOND ? openedAt + 2 * SECOND : null,
              events: [],
              affected: [],
            },
          ]
        : [],
      alarms: this.hasAlarms ? ["healthy-hosts"] : [],
      alarmChanges: [
        ...(this.alarmsFire && this.hasAlarms && first !== undefined && now >= first.at + 45 * SECOND
          ? [{ name: "healthy-hosts", at: first.at + 45 * SECOND, state: "ALARM" as const }]
          : []),
        ...(this.alarmsFire && this.hasAlarms && now >= endAt + 30 * SECOND
          ? [{ name: "healthy-hosts", at: endAt + 30 * SECOND, state: "OK" as const }]
          : []),
      ],
      troubles: [],
    };
  }

  #database(): CapacityDatabase {
    const { clock } = this;
    const facts = (moment: CapacityFacts["moment"]): CapacityFacts => ({
      moment,
      at: clock.now(),
      sessions: this.rows,
      users: this.rows,
      sessionBytes: 0,
      userBytes: 0,
      databaseBytes: 0,
      maxConnections: 100,
      statements: [],
    });
    return {
      look: async (moment) => facts(moment),
      fill: async (want, onProgress, signal) => {
        for (let step = 0; step < 10 && !signal.aborted; step++) {
          await wait(clock, 2 * SECOND, signal);
          this.rows += want.sessions / 10;
          onProgress(this.rows, want.sessions);
          if (this.fillFails && step === 4) throw new Error("the disk of the database is full");
        }
        if (signal.aborted) throw new Error("filling was called off");
        return { sessions: want.sessions, users: want.users, sessionsMs: 1, usersMs: 1, resumed: 0 };
      },
      clean: async (_onProgress, signal) => {
        this.done.push("clean");
        await wait(clock, 3 * SECOND, signal);
        if (signal.aborted) throw new Error("cleaning was called off");
        const removed = this.rows;
        this.rows = 0;
        return { sessions: removed, users: removed };
      },
      close: async () => void this.done.push("close"),
    };
  }
}

const HEALTH: GeneratorHealth = {
  workers: 1,
  cpuSeconds: 1,
  cpuShare: 0.1,
  eventLoopMaxMs: 1,
  eventLoopP99Ms: 1,
  memoryBytes: 1,
  clockStepMs: 0,
  maxInFlight: 1,
};
