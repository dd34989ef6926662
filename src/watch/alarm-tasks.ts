import type { ApplyPorts } from "../../alarms/apply.ts";
import { heartbeatMetric, watchesItself } from "../../alarms/dead-man.ts";
import { placesOf } from "../../alarms/places.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import { paceAccount } from "../../alarms/read.ts";
import { wait } from "../domain/index.ts";
import type { AlarmReader, AlarmWriter, Clock, Fleet, Log, Ticker, TurnStore } from "../domain/index.ts";
import type { AlarmEars } from "./alarm-ears.ts";
import { hasIngress, queuesOf } from "./alarm-facts.ts";
import type { AlarmHub } from "./alarm-hub.ts";
import { Loop } from "./alarm-loop.ts";
import type { ReceiverOptions } from "./alarm-receiver.ts";
import { holdReceiving } from "./alarm-receiving.ts";
import { emptyQueue, pollAlarms, type QueueReader } from "./alarm-sources.ts";
import { Strangers } from "./alarm-strangers.ts";

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

/** What the tasks are made of. */
export interface TasksOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly world: AlarmWorld;
  readonly hub: AlarmHub;
  readonly ears: AlarmEars;
  readonly store: TurnStore;
  readonly fleet: () => Fleet;
  readonly isOurs: (topicArn: string) => boolean;
  /** Whether corewatch itself is fit. */
  readonly isWell: () => boolean;
  /** Between two polls, ms; 30 s unless set. */
  readonly pollMs?: number;
  plan(ports: ApplyPorts): Promise<void>;
  mute(ports: ApplyPorts): Promise<void>;
  drill(ports: ApplyPorts): Promise<void>;
  /** A command may have drilled. */
  lookAtDrills(): Promise<void>;
}

/** What runs. */
export interface Tasks {
  /** Why something does not get on, one sentence each. */
  troubles(): string[];
  stop(): Promise<void>;
}

/** As domain/alarms.ts says. */
const DEFAULT_SCHEDULE = "0 */15 * * * *";
const POLL_MS = 30_000;
const MINUTE_MS = 60_000;
const RETRY_MS = 15_000;
/** Until the turn of who receives is tried for again, ms: a command that asks has it for a moment, another daemon for long. */
const TURN_MS = 2_000;
/** Between two looks into a queue, each of which waits for messages itself: a queue that does not is not asked without end. */
const BETWEEN_MS = 50;
/** The first look, when the daemon has its sweeps under way. */
const FIRST_MS = 2_000;

/** Starts what the fleet asks for now: queues or polls, plans, mutes, the heartbeat metric, drills. */
export function startTasks(options: TasksOptions): Tasks {
  const { clock, log, ticker, world, hub, fleet } = options;
  const { reader, writer, pacer, queues } = world;
  const loops: Loop[] = [];
  const stops: (() => void)[] = [];
  const strangers = new Strangers(clock, log);
  const portsOf = (signal: AbortSignal): ApplyPorts => ({ reader, writer, pacer, signal });
  const every = (ms: number) => (signal: AbortSignal) => wait(clock, ms, signal);
  const at = (schedule: string) => {
    const slots = new EventTarget();
    const ticking = ticker.every(schedule, undefined, () => void slots.dispatchEvent(new Event("slot")));
    stops.push(() => ticking.stop());
    return (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const done = (): void => {
          slots.removeEventListener("slot", done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        slots.addEventListener("slot", done);
        signal.addEventListener("abort", done);
        if (signal.aborted) done();
      });
  };
  const run = (
    name: string,
    firstMs: number,
    next: (signal: AbortSignal) => Promise<void>,
    work: (signal: AbortSignal) => Promise<void>,
    retryMs = MINUTE_MS,
  ): void => {
    const loop = new Loop(name, clock, log);
    loops.push(loop);
    loop.start(work, { firstMs, retryMs, next });
  };

  const { schedule = DEFAULT_SCHEDULE, drillSchedule } = fleet().alarms ?? {};
  run("planning CloudWatch alarms", FIRST_MS, at(schedule), (signal) => options.plan(portsOf(signal)));
  run("muting alarms in maintenance", FIRST_MS, every(MINUTE_MS), (signal) => options.mute(portsOf(signal)));
  run("looking after drills", MINUTE_MS, every(MINUTE_MS), () => options.lookAtDrills());
  for (const arn of queuesOf(fleet()))
    run(
      `reading queue ${arn}`,
      0,
      every(BETWEEN_MS),
      (signal) => emptyQueue(arn, { queues, hub, fleet: fleet(), log, strangers, isOurs: options.isOurs }, signal),
      RETRY_MS,
    );
  const { pollMs = POLL_MS } = options;
  const poll = (signal: AbortSignal) => pollAlarms(fleet(), { reader, pacer, hub, clock, ears: options.ears }, signal);
  // Where alarms may arrive by themselves, the first plan finds out whether they do.
  run("polling CloudWatch alarms", hasIngress(fleet()) ? pollMs : 0, every(pollMs), poll, pollMs);
  run("telling other processes that alarms are received here", 0, every(TURN_MS), (signal) =>
    holdReceiving(options.store, signal),
  );
  if (watchesItself(fleet()))
    run("publishing corewatch's heartbeat metric", FIRST_MS, every(MINUTE_MS), (signal) =>
      beat(options, portsOf(signal)),
    );
  if (drillSchedule !== undefined) {
    const next = at(drillSchedule);
    // The first slot is waited for too: a start is no reason to drill.
    let first = true;
    run("drilling", 0, next, async (signal) => {
      if (!first) await options.drill(portsOf(signal));
      first = false;
    });
  }
  return {
    troubles: () => [...loops.flatMap((one) => one.trouble ?? []), ...strangers.troubles()],
    async stop() {
      for (const stop of stops) stop();
      await Promise.all(loops.map((one) => one.stop()));
    },
  };
}

/** Says to CloudWatch that corewatch watches; when it is ill itself, its silence is the message. */
async function beat({ fleet, hub, clock, isWell }: TasksOptions, ports: ApplyPorts): Promise<void> {
  if (!isWell()) return;
  const { reader, writer, pacer, signal } = ports;
  const home = placesOf(fleet(), hub.record).find((one) => one.home)?.place;
  if (home === undefined) return;
  const region = await reader.region(home);
  const datum = { ...heartbeatMetric(fleet()), value: 1, at: clock.now() };
  await writer.putMetricData(home, datum, pacer.call(paceAccount(home), region, signal));
}
