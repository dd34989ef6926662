import type { ApplyPorts } from "../../alarms/apply.ts";
import { heartbeatMetric, watchesItself } from "../../alarms/dead-man.ts";
import { runDrill, type DrillResult } from "../../alarms/drill-run.ts";
import { placesOf } from "../../alarms/places.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import { paceAccount } from "../../alarms/read.ts";
import type {
  AlarmReader,
  AlarmWriter,
  Clock,
  Diagnosis,
  FiringAlarm,
  Fleet,
  Log,
  Service,
  Store,
  Ticker,
} from "../domain/index.ts";
import { DrillDesk, lastDrill, pathBroken, recordDrill, type Told } from "./alarm-drills.ts";
import { ALARM_DRIFT, alarmsWanted, hasIngress, queuesOf } from "./alarm-facts.ts";
import { AlarmHub } from "./alarm-hub.ts";
import { Loop } from "./alarm-loop.ts";
import { AlarmMutes } from "./alarm-mutes.ts";
import { AlarmPlanner, keptDrift } from "./alarm-planner.ts";
import { AlarmReceiver, isFleetTopic, type Receipt, type ReceiverOptions } from "./alarm-receiver.ts";
import { emptyQueue, pollAlarms, type QueueReader } from "./alarm-sources.ts";

/** AWS, loaded when there are alarms to look after. */
export interface AlarmWorld extends Pick<ReceiverOptions, "confirm" | "parse"> {
  readonly reader: AlarmReader;
  readonly writer: AlarmWriter;
  readonly pacer: CloudPacer;
  readonly queues: QueueReader;
  /** Makes the verifier of messages; `isOurs`: whether a topic is the fleet's. */
  verifier(isOurs: (topicArn: string) => boolean): ReceiverOptions["verify"];
  close(): void;
}

/** What {@link AlarmWatch} needs. */
export interface AlarmWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly world: () => Promise<AlarmWorld>;
  /** Tells people of a drill. */
  readonly tell: (text: string, nonce: string) => Promise<Told>;
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

/** As domain/alarms.ts says. */
const DEFAULT_SCHEDULE = "0 */15 * * * *";
const POLL_MS = 30_000;
const MINUTE_MS = 60_000;
const RETRY_MS = 15_000;
/** The first look, when the daemon has its sweeps under way. */
const FIRST_MS = 2_000;

interface Running {
  readonly key: string;
  readonly world: AlarmWorld;
  readonly receiver: AlarmReceiver;
  readonly loops: readonly Loop[];
  readonly tickers: readonly { stop(): void }[];
  readonly stopping: AbortController;
  readonly busy: Set<Promise<void>>;
}

/** All that the daemon does about CloudWatch alarms; nothing at all while the fleet has none. */
export class AlarmWatch implements Service {
  readonly #options: AlarmWatchOptions;
  readonly #hub: AlarmHub;
  readonly #drills: DrillDesk;
  readonly #mutes: AlarmMutes;
  readonly #planner: AlarmPlanner;
  #fleet: Fleet;
  #running: Running | undefined;
  #changing: Promise<void> = Promise.resolve();
  #started = false;

  constructor(options: AlarmWatchOptions) {
    this.#options = options;
    this.#fleet = options.fleet;
    const { clock, log, store, ticker, platform } = options;
    const fleet = (): Fleet => this.#fleet;
    const tell = (text: string, nonce: string): Promise<Told> => options.tell(text, nonce);
    this.#drills = new DrillDesk({ clock, log, store, tell: () => undefined, ...{ tell } });
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
      onWorld: (world, signal) => this.#withPorts(signal, (ports) => this.#mutes.lookOver(world, ports)),
    });
  }

  /** Takes up what an earlier process knew, before anything is decided. @throws StoreUnavailable */
  async restore(): Promise<void> {
    if (!alarmsWanted(this.#fleet)) return;
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
    const trouble = running.loops.flatMap((one) => one.trouble ?? []);
    const { plannedAt } = this.#planner;
    return {
      alarmsFiring: this.firing().length,
      alarmsRefused: running.receiver.refused,
      ...(plannedAt === undefined ? {} : { alarmsPlannedAt: new Date(plannedAt).toISOString() }),
      ...(trouble.length === 0 ? {} : { alarmsTrouble: trouble.join("; ") }),
    };
  }

  /** Drills the path, and keeps how it went. */
  async drill(signal: AbortSignal): Promise<DrillResult | undefined> {
    const { clock, store, newNonce, log } = this.#options;
    let result: DrillResult | undefined;
    await this.#withPorts(signal, async (ports) => {
      const fleet = this.#fleet;
      result = await runDrill(
        fleet,
        {
          ...ports,
          clock,
          store,
          newNonce,
          trace: (nonce) => this.#drills.trace(nonce),
          deliver: (event) => this.#hub.receive(event, null),
        },
        { ingress: hasIngress(fleet), chat: fleet.slack !== undefined },
      );
      log.info(`drill: ${result.outcome}`, { problems: result.problems, hops: result.hops });
      await recordDrill(store, result);
      await this.#tellPath();
    });
    return result;
  }

  #say(scope: Diagnosis["scope"], diagnosis: Diagnosis | undefined): void {
    if (diagnosis === undefined) this.#options.platform().untell(scope);
    else this.#options.platform().tell(diagnosis);
  }

  async #tellPath(): Promise<void> {
    this.#say({ kind: "alarm-path", id: this.#fleet.name }, pathBroken(this.#fleet, await lastDrill(this.#options.store)));
  }

  async #withPorts(signal: AbortSignal, work: (ports: ApplyPorts) => Promise<void>): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { reader, writer, pacer } = running.world;
    await work({ reader, writer, pacer, signal });
  }

  /** Runs what the fleet asks for; one change after the other. */
  #adjust(): Promise<void> {
    this.#changing = this.#changing.then(async () => {
      try {
        const wanted = this.#started && alarmsWanted(this.#fleet);
        const key = wanted ? settingsKey(this.#fleet) : undefined;
        if (this.#running?.key === key) return;
        await this.#halt();
        if (key !== undefined) await this.#begin(key);
        else if (this.#started) for (const kind of ["alarms", "alarm-path"] as const) this.#say({ kind, id: this.#fleet.name }, undefined);
      } catch (error) {
        this.#options.log.error("the watch over CloudWatch alarms could not be begun", { error });
      }
    });
    return this.#changing;
  }

  async #halt(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    for (const one of running.tickers) one.stop();
    running.stopping.abort();
    await Promise.all([...running.loops.map((one) => one.stop()), ...running.busy]);
    running.world.close();
  }

  async #begin(key: string): Promise<void> {
    const { clock, log, ticker } = this.#options;
    const fleet = (): Fleet => this.#fleet;
    const hub = this.#hub;
    const world = await this.#options.world();
    const isOurs = (arn: string): boolean => isFleetTopic(arn, this.#fleet, (account) => hub.knows(account));
    const receiver = new AlarmReceiver({
      log,
      fleet,
      verify: world.verifier(isOurs),
      confirm: world.confirm,
      parse: world.parse,
      isReady: () => hub.knowsAccounts,
      receive: (event, at) => hub.receive(event, at),
    });
    const loops: Loop[] = [];
    const stopping = new AbortController();
    const busy = new Set<Promise<void>>();
    const { reader, writer, pacer, queues } = world;
    const tickers: { stop(): void }[] = [];
    this.#running = { key, world, receiver, loops, tickers, stopping, busy };
    const loop = (name: string, firstMs: number, retryMs: number, work: (signal: AbortSignal) => Promise<number>): void => {
      const one = new Loop(name, clock, log);
      loops.push(one);
      one.start(work, firstMs, retryMs);
    };
    const portsOf = (signal: AbortSignal): ApplyPorts => ({ reader, writer, pacer, signal });

    // A look on schedule: the loop sleeps until the ticker wakes it.
    let wake: (() => void) | undefined;
    tickers.push(ticker.every(this.#fleet.alarms?.schedule ?? DEFAULT_SCHEDULE, undefined, () => wake?.()));
    loop("planning CloudWatch alarms", FIRST_MS, MINUTE_MS, async (signal) => {
      await this.#planner.run(portsOf(signal));
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      wake = undefined;
      return 0;
    });
    loop("muting alarms in maintenance", FIRST_MS, MINUTE_MS, async (signal) => {
      await this.#mutes.check(portsOf(signal));
      return MINUTE_MS;
    });
    loop("looking after drills", MINUTE_MS, MINUTE_MS, async () => {
      await this.#tellPath();
      return MINUTE_MS;
    });
    for (const arn of queuesOf(this.#fleet))
      loop(`reading queue ${arn}`, 0, RETRY_MS, async (signal) => {
        await emptyQueue(arn, { queues, hub, fleet: this.#fleet, log }, isOurs, signal);
        return 0;
      });
    if (!hasIngress(this.#fleet))
      loop("polling CloudWatch alarms", 0, this.#options.pollMs ?? POLL_MS, async (signal) => {
        await pollAlarms(this.#fleet, { reader, pacer, hub, clock }, signal);
        return this.#options.pollMs ?? POLL_MS;
      });
    if (watchesItself(this.#fleet))
      loop("publishing corewatch's heartbeat metric", FIRST_MS, MINUTE_MS, async (signal) => {
        await this.#beat(portsOf(signal));
        return MINUTE_MS;
      });
    const { drillSchedule } = this.#fleet.alarms ?? {};
    if (drillSchedule !== undefined)
      tickers.push(
        ticker.every(drillSchedule, undefined, () => {
          if (busy.size > 0) return;
          const drilling: Promise<void> = this.drill(stopping.signal)
            .then(() => undefined)
            .catch((error: unknown) => log.error("a drill failed", { error }))
            .finally(() => busy.delete(drilling));
          busy.add(drilling);
        }),
      );
  }

  /** Says to CloudWatch that corewatch watches; when it is ill itself, its silence is the message. */
  async #beat({ reader, writer, pacer, signal }: ApplyPorts): Promise<void> {
    if (this.#options.platform().problems().length > 0) return;
    const fleet = this.#fleet;
    const home = placesOf(fleet, this.#hub.record).find((one) => one.home)?.place;
    if (home === undefined) return;
    const region = await reader.region(home);
    const datum = { ...heartbeatMetric(fleet), value: 1, at: this.#options.clock.now() };
    await writer.putMetricData(home, datum, pacer.call(paceAccount(home), region, signal));
  }
}

/** What decides how alarms are watched; a change of anything else is followed without beginning anew. */
function settingsKey(fleet: Fleet): string {
  const { schedule, drillSchedule } = fleet.alarms ?? {};
  return JSON.stringify([schedule, drillSchedule, queuesOf(fleet), hasIngress(fleet), watchesItself(fleet)]);
}
