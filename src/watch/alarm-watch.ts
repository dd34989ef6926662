import type { ApplyPorts } from "../../alarms/apply.ts";
import { watchesItself } from "../../alarms/dead-man.ts";
import { runDrill } from "../../alarms/drill-run.ts";
import { wishedSubscriptions } from "../../alarms/plan-subscriptions.ts";
import type { AlarmEvent, Clock, Diagnosis, FiringAlarm, Fleet, Log, Service, Store, Ticker } from "../domain/index.ts";
import { DrillDesk, lastDrill, pathBroken, recordDrill, type Told } from "./alarm-drills.ts";
import { AlarmEars } from "./alarm-ears.ts";
import { ALARM_DRIFT, alarmsWanted } from "./alarm-facts.ts";
import { AlarmHub } from "./alarm-hub.ts";
import { AlarmMutes, openWindows } from "./alarm-mutes.ts";
import { AlarmPlanner, keptDrift } from "./alarm-planner.ts";
import { AlarmReceiver, isFleetTopic, type Receipt } from "./alarm-receiver.ts";
import { startTasks, type AlarmWorld, type Tasks } from "./alarm-tasks.ts";

/** What {@link AlarmWatch} needs. */
export interface AlarmWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly world: () => Promise<AlarmWorld>;
  /** Tells people of a drill; `undefined` where there is no chat. */
  readonly tell: (text: string, nonce: string) => Promise<Told | undefined>;
  readonly newNonce: () => string;
  /** The platform that incidents are made by. */
  readonly platform: () => {
    tell(diagnosis: Diagnosis): void;
    untell(scope: Diagnosis["scope"]): void;
    look(): void;
    problems(): readonly string[];
  };
  /** Between two polls of CloudWatch where alarms do not arrive by themselves, ms; 30 s unless set. */
  readonly pollMs?: number;
}

interface Running {
  readonly key: string;
  readonly world: AlarmWorld;
  readonly receiver: AlarmReceiver;
  readonly tasks: Tasks;
  readonly stopping: AbortController;
}

/** All that the daemon does about CloudWatch alarms; nothing at all while the fleet has none. */
export class AlarmWatch implements Service {
  readonly #options: AlarmWatchOptions;
  readonly #hub: AlarmHub;
  readonly #drills: DrillDesk;
  readonly #mutes: AlarmMutes;
  readonly #planner: AlarmPlanner;
  readonly #ears: AlarmEars;
  #fleet: Fleet;
  #running: Running | undefined;
  #changing: Promise<void> = Promise.resolve();
  #started = false;
  #restored = false;

  constructor(options: AlarmWatchOptions) {
    this.#options = options;
    this.#fleet = options.fleet;
    this.#ears = new AlarmEars(options.log);
    const { clock, log, store, ticker, platform } = options;
    const fleet = (): Fleet => this.#fleet;
    this.#drills = new DrillDesk({ clock, log, store, tell: (text, nonce) => options.tell(text, nonce) });
    const drills = this.#drills;
    this.#hub = new AlarmHub({ clock, log, store, fleet, drills, onChange: () => platform().look() });
    const hub = this.#hub;
    this.#mutes = new AlarmMutes({ clock, log, ticker, store, hub, fleet });
    this.#planner = new AlarmPlanner({
      clock,
      log,
      store,
      hub,
      fleet,
      onDrift: (drift) => this.#say({ kind: "alarms", id: this.#fleet.name }, drift),
      onWorld: async (world, ports) => {
        this.#ears.learn(this.#fleet, world);
        await this.#mutes.lookOver(world, ports);
      },
    });
  }

  /** Takes up what an earlier process knew, before anything is decided. @throws StoreUnavailable */
  async restore(): Promise<void> {
    if (!alarmsWanted(this.#fleet)) return;
    this.#restored = true;
    const { store } = this.#options;
    await this.#hub.restore();
    const drift = keptDrift(await store.getFact(ALARM_DRIFT), this.#fleet);
    if (drift !== undefined) this.#say(drift.scope, drift);
    await this.#tellPath();
  }

  async start(): Promise<void> {
    this.#started = true;
    await this.#adjust();
  }

  async stop(): Promise<void> {
    this.#started = false;
    await this.#adjust();
    await this.#hub.stop();
  }

  /** Follows a reload of the configuration. */
  follow(fleet: Fleet): void {
    this.#fleet = fleet;
    if (this.#started) void this.#adjust();
    this.#options.platform().look();
  }

  /** CloudWatch alarms that are witnesses now. */
  firing(): readonly FiringAlarm[] {
    return this.#hub.firing();
  }

  /** Whether messages of SNS are taken at all. */
  get takesMessages(): boolean {
    return this.#running !== undefined && this.#fleet.web.publicUrl?.startsWith("https:") === true;
  }

  /** A message of SNS as it was posted. Never throws. */
  async take(body: string): Promise<Receipt> {
    return (await this.#running?.receiver.take(body)) ?? { code: 404, text: "there are no alarms to take" };
  }

  /** For /readyz: AWS out of reach makes corewatch no less ready. */
  facts(): Record<string, number | string> {
    const running = this.#running;
    if (running === undefined) return {};
    const trouble = running.tasks.troubles();
    const { plannedAt } = this.#planner;
    return {
      alarmsFiring: this.firing().length,
      alarmsRefused: running.receiver.refused,
      ...(plannedAt === undefined ? {} : { alarmsPlannedAt: new Date(plannedAt).toISOString() }),
      ...(trouble.length === 0 ? {} : { alarmsTrouble: trouble.join("; ") }),
    };
  }

  /** Drills the path, and keeps how it went. */
  async #drill(ports: ApplyPorts): Promise<void> {
    const { clock, store, newNonce, log, ticker } = this.#options;
    const fleet = this.#fleet;
    const trace = (nonce: string): ReturnType<DrillDesk["trace"]> => this.#drills.trace(nonce);
    const deliver = (event: AlarmEvent): Promise<void> => this.#hub.receive(event, null);
    const result = await runDrill(
      fleet,
      {
        ...ports,
        clock,
        store,
        newNonce,
        trace,
        deliver,
        windows: () => openWindows(fleet, clock.now(), ticker),
        receives: () => Promise.resolve(true),
      },
      { chat: fleet.slack !== undefined },
    );
    log.info(`drill: ${result.outcome}`, { problems: result.problems, hops: result.hops });
    await recordDrill(store, result);
    await this.#tellPath();
  }

  #say(scope: Diagnosis["scope"], diagnosis: Diagnosis | undefined): void {
    if (diagnosis === undefined) this.#options.platform().untell(scope);
    else this.#options.platform().tell(diagnosis);
  }

  async #tellPath(): Promise<void> {
    this.#say(
      { kind: "alarm-path", id: this.#fleet.name },
      pathBroken(this.#fleet, await lastDrill(this.#options.store)),
    );
  }

  /** Runs what the fleet asks for; one change after the other. */
  async #adjust(): Promise<void> {
    const before = this.#changing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changing = promise;
    await before;
    try {
      await this.#follow();
    } catch (error) {
      this.#options.log.error("the watch over CloudWatch alarms could not be begun", { error });
    } finally {
      resolve();
    }
  }

  async #follow(): Promise<void> {
    const key = this.#started && alarmsWanted(this.#fleet) ? settingsKey(this.#fleet) : undefined;
    if (this.#running?.key === key) return;
    await this.#halt();
    if (key !== undefined) await this.#begin(key);
    else if (this.#started)
      for (const kind of ["alarms", "alarm-path"] as const) this.#say({ kind, id: this.#fleet.name }, undefined);
  }

  async #halt(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.stopping.abort();
    await running.tasks.stop();
    running.world.close();
  }

  async #begin(key: string): Promise<void> {
    const { clock, log, ticker, store } = this.#options;
    const fleet = (): Fleet => this.#fleet;
    const hub = this.#hub;
    this.#ears.forget();
    if (!this.#restored) await this.restore();
    const stopping = new AbortController();
    const world = await this.#options.world();
    const isOurs = (arn: string): boolean => isFleetTopic(arn, this.#fleet, (account) => hub.knows(account));
    const receiver = new AlarmReceiver({
      clock,
      log,
      fleet,
      verify: world.verifier(isOurs),
      confirm: world.confirm,
      parse: world.parse,
      isReady: () => hub.knowsAccounts,
      receive: (event, at) => hub.receive(event, at),
      signal: stopping.signal,
    });
    const isWell = (): boolean => this.#options.platform().problems().length === 0;
    const tasks = startTasks({
      clock,
      log,
      ticker,
      world,
      hub,
      ears: this.#ears,
      store,
      fleet,
      isOurs,
      isWell,
      ...(this.#options.pollMs === undefined ? {} : { pollMs: this.#options.pollMs }),
      plan: (ports) => this.#planner.run(ports),
      mute: (ports) => this.#mutes.check(ports),
      drill: (ports) => this.#drill(ports),
      lookAtDrills: () => this.#tellPath(),
    });
    this.#running = { key, world, receiver, tasks, stopping };
  }
}

/** What decides how alarms are watched; a change of anything else is followed without beginning anew. */
function settingsKey(fleet: Fleet): string {
  const { schedule, drillSchedule } = fleet.alarms ?? {};
  return JSON.stringify([schedule, drillSchedule, wishedSubscriptions(fleet), watchesItself(fleet)]);
}
