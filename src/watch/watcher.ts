import { planTasks } from "../../checks/index.ts";
import type { ProbePorts } from "../../checks/run.ts";
import { SweepEngine } from "../../checks/sweep.ts";
import type { SweepOptions, SweepStats } from "../../checks/sweep.ts";
import { isBad, scopeKey, seriesKey } from "../domain/index.ts";
import type {
  CheckKind,
  CheckSettings,
  Clock,
  DecisionInput,
  DecisionOutput,
  Diagnosis,
  FiringAlarm,
  Fleet,
  Health,
  Log,
  Observation,
  SeriesKey,
  Service,
  Store,
  Target,
  Ticker,
  Timer,
} from "../domain/index.ts";
import { diagnose } from "../incidents/diagnose.ts";
import { activeWindows } from "../incidents/maintenance.ts";
import type { SeriesView } from "../incidents/picture.ts";
import { reconcile } from "../incidents/reconcile.ts";
import { Decider } from "./decider.ts";
import type { Decided } from "./decider.ts";
import type { LoopLag } from "./event-loop.ts";
import { ProberHealth } from "./prober-health.ts";
import { Recorder } from "./recorder.ts";
import { SeriesBook } from "./series.ts";
import type { Series } from "./series.ts";
import { WitnessDesk } from "./witness-desk.ts";
import { createWitnesses } from "./witnesses.ts";

/** The part of {@link SweepEngine} that the watcher uses. */
export type Engine = Pick<SweepEngine, "setTasks" | "probeNow" | "start" | "stop" | "stats">;

/** What the watcher is built from. */
export interface WatcherOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly store: Store;
  readonly ports: ProbePorts;
  readonly fleet: Fleet;
  readonly loop?: LoopLag;
  /** Makes the engine; the real one unless given. */
  readonly engine?: (options: SweepOptions) => Engine;
  /** Called after each committed decision. */
  readonly onDecided?: (decided: Decided) => void;
  /** CloudWatch alarms that are in ALARM now; none unless given. */
  readonly alarms?: () => readonly FiringAlarm[];
  /** Called when a series that was well fails for the first time. */
  readonly onFirstBad?: (target: Target) => void;
}

/** What the watcher counts, since the start. */
export interface WatcherStats {
  readonly sweep: SweepStats;
  readonly observations: Readonly<Record<Health, number>>;
  /** From the first failing observation to the diagnosis that opened an incident, ms. */
  readonly toDiagnosis: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From that diagnosis to its commit, ms. */
  readonly toCommit: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly openIncidents: number;
  /** Observations in memory, not yet stored. */
  readonly unstored: number;
  readonly dropped: number;
}

const SECOND_MS = 1_000;
/** How often time alone (reminders, escalation, ends of silences) is looked at, in seconds. */
const TICK_SECONDS = 5;

/**
 * The running platform: sweeps the fleet, judges what comes, asks witnesses of a first failure, concludes causes, and
 * takes what follows to the store in one transaction. It keeps probing and judging while the store is out of reach.
 */
export class Watcher implements Service {
  readonly #options: WatcherOptions;
  readonly #book = new SeriesBook();
  readonly #prober = new ProberHealth();
  readonly #recorder: Recorder;
  readonly #decider: Decider;
  readonly #desk: WitnessDesk;
  readonly #engine: Engine;
  readonly #extra = new Map<string, Diagnosis>();
  readonly #counts: Record<Health, number> = { up: 0, degraded: 0, down: 0, unknown: 0 };
  #fleet: Fleet;
  #listening: { stop(): void } | undefined;
  #timer: Timer | undefined;
  #seconds = 0;
  #degraded = "";
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#fleet = options.fleet;
    const { clock, log, store, ticker, ports } = options;
    const onStore = (reachable: boolean): void => this.#prober.store(reachable, clock.monotonic());
    this.#recorder = new Recorder({ clock, log, store, onStore });
    this.#decider = new Decider({
      clock,
      log,
      store,
      book: this.#book,
      onStore,
      reopenWithinMs: () => this.#fleet.incidents.reopenWithinMs,
      diagnose: () => this.#diagnose(),
      reconcile: (input, diagnoses, states) => this.#reconcile(input, diagnoses, states),
      onDecided: (decided) => this.#decided(decided),
    });
    this.#engine = (options.engine ?? ((engine) => new SweepEngine(engine)))({
      clock,
      ticker,
      ports,
      log,
      onObservation: (observation) => this.#observe(observation),
      onMissed: (missed) => this.#recorder.addMissed(missed),
    });
    this.#desk = new WitnessDesk({ clock, book: this.#book, probeNow: (keys) => this.#engine.probeNow(keys) });
    this.#plan(options.fleet);
  }

  async start(): Promise<void> {
    if (this.#state !== "new") return;
    this.#state = "running";
    this.#listening = this.#options.store.onChange((what) => this.#changed(what));
    await this.#decider.start();
    await this.#engine.start();
    this.#arm();
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#timer?.clear();
    this.#desk.close();
    this.#listening?.stop();
    await this.#engine.stop();
    await this.#decider.stop();
    await this.#recorder.stop();
    this.#options.loop?.stop();
  }

  /** Follows a reload: moments of probing, states and incidents stay; what left the fleet is forgotten. @throws RangeError for a bad schedule, and nothing has changed. */
  setFleet(fleet: Fleet): void {
    if (this.#state === "stopped") return;
    this.#plan(fleet);
    this.#decider.reload();
    this.#decider.request("soon");
  }

  /** Adds what the shell itself has to tell (a rejected configuration, notices that do not arrive), until {@link untell}. */
  tell(diagnosis: Diagnosis): void {
    this.#extra.set(scopeKey(diagnosis.scope), diagnosis);
    this.#decider.request("soon");
  }

  /** Takes back what was told about a scope. */
  untell(scope: Diagnosis["scope"]): void {
    if (this.#extra.delete(scopeKey(scope))) this.#decider.request("soon");
  }

  /** Other witnesses (CloudWatch alarms) say something else than before. */
  look(): void {
    this.#decider.request("soon");
  }

  /** What is settled of a series, and what was seen of it last. */
  series(key: SeriesKey): SeriesView | undefined {
    return this.#book.get(key);
  }

  /** What is wrong with corewatch itself, one sentence each; empty: it is fit. */
  problems(): readonly string[] {
    return this.#prober.state(this.#options.clock.monotonic()).reasons;
  }

  /** What is concluded now. */
  get diagnoses(): readonly Diagnosis[] {
    return this.#decider.diagnoses;
  }

  stats(): WatcherStats {
    return {
      sweep: this.#engine.stats(),
      observations: { ...this.#counts },
      ...this.#decider.stats(),
      openIncidents: this.#decider.openIncidents,
      unstored: this.#recorder.waiting,
      dropped: this.#recorder.dropped,
    };
  }

  #plan(fleet: Fleet): void {
    const { ticker, clock } = this.#options;
    for (const { schedule, timezone } of Object.values(fleet.checks)) ticker.next(schedule, timezone, clock.now(), 1);
    const tasks = planTasks(fleet);
    const settingsOf = (kind: CheckKind): CheckSettings => fleet.checks[kind];
    this.#fleet = fleet;
    this.#book.plan(tasks, settingsOf, clock.now());
    this.#prober.plan(fleet, tasks);
    this.#desk.plan(createWitnesses(fleet, tasks));
    this.#engine.setTasks(tasks, settingsOf);
  }

  #observe(found: Observation): void {
    const now = this.#options.clock.monotonic();
    const observation = this.#prober.weigh(found, now);
    this.#counts[observation.health]++;
    this.#recorder.add(observation);
    const series = this.#book.get(seriesKey(observation.target, observation.check));
    if (series === undefined) return;
    const { latest: before, health } = series;
    const { changed, turned, firstBad } = series.take(observation, now);
    if (firstBad && this.#state === "running") {
      this.#decider.hold(this.#desk.ask(series));
      this.#options.onFirstBad?.(series.target);
    }
    if (turned !== null || (changed && isBad(series.health) && series.health !== health)) this.#decider.request("soon");
    else if (changed || this.#isNewEvidence(before, observation)) this.#decider.request("lazy");
  }

  /** Whether a newest observation says something else than the one before, while something is wrong. */
  #isNewEvidence(before: Observation | undefined, now: Observation): boolean {
    if (before === undefined || this.#decider.diagnoses.length === 0) return false;
    if (before.health !== now.health || before.reason !== now.reason) return true;
    return now.findings !== undefined && JSON.stringify(now.findings) !== JSON.stringify(before.findings ?? []);
  }

  #diagnose(): readonly Diagnosis[] {
    const { clock } = this.#options;
    const prober = this.#prober.state(clock.monotonic());
    const series: ReadonlyMap<string, Series> = this.#book.all;
    const alarms = this.#options.alarms?.() ?? [];
    return [...diagnose({ fleet: this.#fleet, now: clock.now(), series, prober, alarms }), ...this.#extra.values()];
  }

  #reconcile(input: DecisionInput, diagnoses: readonly Diagnosis[], states: DecisionOutput["states"]): DecisionOutput {
    const { clock, ticker } = this.#options;
    const now = clock.now();
    const { incidents, silences } = input;
    return reconcile({
      fleet: this.#fleet,
      now,
      diagnoses,
      incidents,
      silences,
      windows: activeWindows(this.#fleet, now, ticker),
      newIncidentId: () => input.newIncidentId(),
      states,
    });
  }

  #decided(decided: Decided): void {
    const { log, onDecided } = this.#options;
    for (const { incident, kind, text } of decided.output.events) log.info(`${incident} ${kind}: ${text}`);
    onDecided?.(decided);
  }

  #changed(what: "states" | "incidents" | "silences"): void {
    if (what === "states") this.#decider.reload();
    else this.#decider.request(what === "silences" ? "soon" : "lazy");
  }

  #arm(): void {
    if (this.#state !== "running") return;
    this.#timer = this.#options.clock.after(SECOND_MS, () => {
      this.#second();
      this.#arm();
    });
  }

  #second(): void {
    const { clock, loop, log } = this.#options;
    const now = clock.monotonic();
    this.#prober.lag(loop?.worst() ?? 0, now);
    const { degraded, reasons } = this.#prober.state(now);
    const kinds = degraded ? String(reasons.length) : "";
    if (kinds !== this.#degraded) {
      this.#degraded = kinds;
      if (degraded) log.warn(`corewatch itself is degraded: ${reasons.join(" ")}`);
      else log.info("corewatch itself is fit again");
      this.#decider.request("soon");
    }
    this.#seconds++;
    if (this.#seconds % TICK_SECONDS === 0 && (this.#decider.isBusy || degraded)) this.#decider.request("soon");
  }
}
