import type {
  CapacityDatabase,
  Core,
  Cut,
  Deployment,
  GeneratorHealth,
  PlannedStage,
  RunEvent,
} from "../src/domain/index.ts";
import { deadline, within } from "./deadline.ts";
import type { RunInput, RunPorts } from "./run-ports.ts";

/** How a stage ended. */
export interface StageEnd {
  readonly generator: GeneratorHealth | null;
  readonly cut: Cut | null;
  /** Why, for people; empty when it went as planned. */
  readonly detail: string;
  /** Nothing after it can be trusted or dared: the rest is skipped. */
  readonly isFatal: boolean;
  /** It failed by the target's own errors. */
  readonly byTarget?: boolean;
}

/** The stage could not be done, and nothing came to harm: others may follow. */
export function undone(detail: string): StageEnd {
  return { generator: null, cut: "failed", detail, isFatal: false };
}

/** An error's sentence. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Making sessions and starting threads takes seconds; longer, and the target does not answer. */
const START_MS = 300_000;
const CLOSE_MS = 30_000;

/** What is known in the middle of a run: above all, what has to be put back. */
export class Run {
  readonly input: RunInput;
  readonly ports: RunPorts;
  /** Aborts at the first interruption. */
  readonly signal: AbortSignal;
  /** Cores that were taken away, or may have been, and are not known to be back. */
  readonly away = new Map<string, Core>();
  /** Cores that the inventory did not have at the begin. */
  readonly added: Core[] = [];
  /** When the load balancer first called an added core healthy, epoch ms, by id. */
  readonly healthyAt = new Map<string, number>();
  /** Cores were away as planned: incidents and alarms are due. */
  hadOutage = false;
  /** A core was asked for and has not shown itself; it may until then, monotonic ms. `undefined`: none is owed. */
  coreDueBy: number | undefined;
  /** Rows may have been added that have to go again. */
  hasFilled = false;
  #isGeneratorReady = false;
  #capacity: CapacityDatabase | undefined;

  constructor(input: RunInput, ports: RunPorts, signal: AbortSignal) {
    this.input = input;
    this.ports = ports;
    this.signal = signal;
  }

  /** The deployment with the cores that were added. */
  get deployment(): Deployment {
    const { deployment } = this.input;
    return { ...deployment, cores: [...deployment.cores, ...this.added] };
  }

  get isInterrupted(): boolean {
    return this.signal.aborted;
  }

  emit(event: RunEvent): void {
    this.ports.emit(event);
  }

  /** Says something that stands in the record. */
  note(text: string): void {
    this.emit({ type: "note", at: this.ports.clock.now(), text });
    this.ports.log.info(text);
  }

  /** Says what went wrong, or is left to do by hand. */
  warn(text: string): void {
    this.emit({ type: "note", at: this.ports.clock.now(), text });
    this.ports.log.warn(text);
  }

  begin(stage: number, plan: PlannedStage): void {
    this.emit({ type: "stage-began", stage, at: this.ports.clock.now(), plan });
  }

  end(stage: number, { generator, cut, detail, byTarget }: StageEnd): void {
    const why = byTarget === true ? { byTarget } : {};
    this.emit({ type: "stage-ended", stage, at: this.ports.clock.now(), generator, cut, detail, ...why });
  }

  /** Starts the generator's threads, once. @throws Error that says what could not be prepared */
  async readyGenerator(): Promise<void> {
    if (this.#isGeneratorReady) return;
    const { input, ports } = this;
    const { target, setup, head } = input;
    ports.onProgress({ stage: null, doing: "preparing the load", done: null, of: null });
    const limit = deadline(ports.clock, START_MS, this.signal);
    try {
      await ports.generator.start({ target, scenario: head.scenario, seed: head.seed, ...setup }, limit.signal);
      this.#isGeneratorReady = true;
    } finally {
      limit.clear();
    }
  }

  /** The database behind the cores, opened at first use. @throws Error */
  async openCapacity(): Promise<CapacityDatabase | undefined> {
    return (this.#capacity ??= await this.ports.capacity?.());
  }

  /** Lets go of what was opened. Never throws. */
  async close(): Promise<void> {
    const closing = [this.ports.generator.stop(), this.#capacity?.close() ?? Promise.resolve()];
    const all = await within(this.ports.clock, CLOSE_MS, Promise.allSettled(closing));
    if (all === undefined) this.ports.log.warn("the load generator or the database did not close in time");
    for (const done of all ?? [])
      if (done.status === "rejected")
        this.ports.log.warn("something did not close", { error: sentenceOf(done.reason) });
  }

  /** What fills the placeholders of a hook; `cores`: how many there are to be. */
  values(core: Core | undefined, cores: number): Readonly<Record<string, string>> {
    const { id, app, connectionUri } = this.input.deployment;
    return {
      core: core?.id ?? "",
      instance: core?.instance ?? "",
      url: core?.url ?? connectionUri,
      app,
      deployment: id,
      cores: String(cores),
    };
  }
}
