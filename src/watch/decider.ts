import { createLateness } from "../../checks/lateness.ts";
import { StoreUnavailable } from "../domain/index.ts";
import type {
  Clock,
  DecisionInput,
  DecisionOutput,
  Diagnosis,
  Incident,
  Log,
  Service,
  Store,
  Timer,
} from "../domain/index.ts";
import type { Series, SeriesBook } from "./series.ts";

/** What a decision needs of the platform around it. */
export interface DeciderOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "decide" | "states">;
  readonly book: SeriesBook;
  /** Incidents resolved this long ago may be reopened, ms. */
  readonly reopenWithinMs: () => number;
  /** All that is wrong now. */
  readonly diagnose: () => readonly Diagnosis[];
  /** Makes incidents follow. Pure. */
  readonly reconcile: (
    input: DecisionInput,
    diagnoses: readonly Diagnosis[],
    states: DecisionOutput["states"],
  ) => DecisionOutput;
  readonly onStore: (reachable: boolean) => void;
  readonly onDecided?: (decided: Decided) => void;
}

/** A decision that was committed. Times are monotonic ms. */
export interface Decided {
  readonly output: DecisionOutput;
  readonly diagnoses: readonly Diagnosis[];
  readonly diagnosedAt: number;
  readonly committedAt: number;
}

/** Changes that come together are decided together. */
const BATCH_MS = 20;
/** Counts that did not reach a threshold: kept for one-shot sweeps, in no hurry. */
const LAZY_MS = 1_000;
/** From the first failing observation a decision waits this long for witnesses. */
const WITNESS_MS = 900;
const RETRY_MS = 1_000;
const FAULT_RETRY_MS = 5_000;

/**
 * Takes decisions to the store, one at a time: what changed, what is concluded from it, and which incidents and notices
 * follow, in one transaction. When another process has written a state since, what was judged here is judged again on top
 * of it. While the store is out of reach it tries again, with the picture as it is by then.
 */
export class Decider implements Service {
  readonly #options: DeciderOptions;
  #timer: { readonly due: number; readonly timer: Timer } | undefined;
  #running: Promise<void> | undefined;
  #again: number | undefined;
  #stopped = false;
  #loaded = false;
  #held: { readonly until: number; waiting: number } | undefined;
  #diagnoses: readonly Diagnosis[] = [];
  #open = new Map<string, Incident>();
  #knowsOpen = false;
  readonly #toDiagnosis = createLateness();
  readonly #toCommit = createLateness();

  constructor(options: DeciderOptions) {
    this.#options = options;
  }

  /** Reads all stored states again before the next decision: series came that may have one. */
  reload(): void {
    this.#loaded = false;
    this.request("lazy");
  }

  /** What was concluded last. */
  get diagnoses(): readonly Diagnosis[] {
    return this.#diagnoses;
  }

  /** Incidents that are open or acknowledged, as far as this process knows. */
  get openIncidents(): number {
    return this.#open.size;
  }

  /** Milliseconds from the first failing observation to the diagnosis, and from the diagnosis to its commit. */
  stats(): {
    readonly toDiagnosis: ReturnType<ReturnType<typeof createLateness>["summary"]>;
    readonly toCommit: ReturnType<ReturnType<typeof createLateness>["summary"]>;
  } {
    return { toDiagnosis: this.#toDiagnosis.summary(), toCommit: this.#toCommit.summary() };
  }

  /** Reads the stored states, so that what is observed first is judged on top of them; if that fails, it is done later. */
  async start(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#options.log.warn("the stored states could not be read yet: probing begins without them", { error });
      this.#options.onStore(false);
    }
    this.request("soon");
  }

  /** Decides within the last bit of work in hand; what is left is in the store's last state, or judged again after a start. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.timer.clear();
    await this.#running;
    if (this.#loaded && this.#options.book.unstored().length > 0) await this.#decide();
  }

  /** Asks for a decision. */
  request(when: "soon" | "lazy"): void {
    this.#arm(when === "soon" ? BATCH_MS : LAZY_MS);
  }

  /** Whether time alone can change something: there is an incident, a diagnosis, or something unsaid. */
  get isBusy(): boolean {
    return !this.#knowsOpen || this.#open.size > 0 || this.#diagnoses.length > 0;
  }

  /** A first failure was seen: decisions wait until `witnesses` have spoken, but no longer than 0.9 s from now. */
  hold(witnesses: Promise<unknown>): void {
    const held = (this.#held ??= { until: this.#options.clock.monotonic() + WITNESS_MS, waiting: 0 });
    held.waiting++;
    void witnesses.finally(() => {
      held.waiting--;
      if (held.waiting > 0 || this.#held !== held) return;
      this.#held = undefined;
      this.#release();
    });
  }

  #release(): void {
    if (this.#timer === undefined) return;
    this.#timer.timer.clear();
    const { due } = this.#timer;
    this.#timer = undefined;
    this.#arm(Math.max(0, due - this.#options.clock.monotonic()));
  }

  #arm(ms: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const due = clock.monotonic() + ms;
    if (this.#running !== undefined) {
      this.#again = Math.min(this.#again ?? Infinity, due);
      return;
    }
    if (this.#timer !== undefined && this.#timer.due <= due) return;
    this.#timer?.timer.clear();
    const until = Math.max(due, this.#held?.until ?? 0);
    this.#timer = { due, timer: clock.after(Math.max(0, until - clock.monotonic()), () => this.#run()) };
  }

  #run(): void {
    this.#timer = undefined;
    if (this.#held !== undefined && this.#held.until <= this.#options.clock.monotonic()) this.#held = undefined;
    this.#running = this.#decideOnce();
  }

  async #decideOnce(): Promise<void> {
    const retryMs = await this.#decide();
    this.#running = undefined;
    const again = this.#again === undefined ? undefined : Math.max(0, this.#again - this.#options.clock.monotonic());
    this.#again = undefined;
    if (retryMs !== undefined) this.#arm(Math.max(retryMs, again ?? 0));
    else if (again !== undefined) this.#arm(again);
  }

  /** Gives when to try again, ms; `undefined` when it is done. */
  async #decide(): Promise<number | undefined> {
    const { clock, log, store, book, onStore, onDecided, reopenWithinMs } = this.#options;
    try {
      await this.#load();
      const unstored = book.unstored();
      let written: { readonly series: Series; readonly mark: number }[] = [];
      let diagnosedAt = 0;
      let diagnoses: readonly Diagnosis[] = [];
      let incidents: readonly Incident[] = [];
      const keys = unstored.map(({ key }) => key);
      const output = await store.decide(keys, clock.now() - reopenWithinMs(), (input) => {
        for (const series of unstored) series.adoptFrom(input.states);
        written = unstored.filter(({ pending }) => pending.length > 0).map((series) => ({ series, mark: series.mark }));
        diagnoses = this.#options.diagnose();
        diagnosedAt = clock.monotonic();
        incidents = input.incidents;
        return this.#options.reconcile(
          input,
          diagnoses,
          written.map(({ series }) => series.state),
        );
      });
      const committedAt = clock.monotonic();
      for (const { series, mark } of written) series.stored(mark);
      this.#diagnoses = diagnoses;
      this.#keepOpen(incidents, output.incidents);
      this.#measure(output, book, diagnosedAt, committedAt);
      onStore(true);
      onDecided?.({ output, diagnoses, diagnosedAt, committedAt });
      return undefined;
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        onStore(false);
        return RETRY_MS;
      }
      log.error("a decision failed: it is tried again", { error });
      return FAULT_RETRY_MS;
    }
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#options.book.adopt(await this.#options.store.states());
    this.#loaded = true;
  }

  #keepOpen(read: readonly Incident[], written: readonly Incident[]): void {
    const all = new Map([...read, ...written].map((incident) => [incident.id, incident]));
    this.#open = new Map([...all].filter(([, { state }]) => state !== "resolved"));
    this.#knowsOpen = true;
  }

  #measure(output: DecisionOutput, book: SeriesBook, diagnosedAt: number, committedAt: number): void {
    const opened = new Set(
      output.events.filter(({ kind }) => kind === "opened" || kind === "reopened").map((one) => one.incident),
    );
    for (const incident of output.incidents) {
      if (!opened.has(incident.id)) continue;
      const first = earliest(book, incident);
      if (first !== undefined) this.#toDiagnosis.record(diagnosedAt - first);
      this.#toCommit.record(committedAt - diagnosedAt);
    }
  }
}

/** When the first of the failures that made an incident was seen. */
function earliest(book: SeriesBook, incident: Incident): number | undefined {
  const targets = new Set(incident.affected.map(({ target }) => `${target.kind}:${target.id}`));
  const since = [...book.all.values()]
    .filter(
      (series: Series) => series.failingSince !== undefined && targets.has(`${series.target.kind}:${series.target.id}`),
    )
    .map((series) => series.failingSince ?? Infinity);
  return since.length === 0 ? undefined : Math.min(...since);
}
