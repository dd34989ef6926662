import { placesOf } from "../../alarms/places.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import { paceAccount } from "../../alarms/read.ts";
import type { AlarmEvent, AlarmReader, CloudPlace, Clock, Fleet, Log } from "../domain/index.ts";
import type { AlarmEars } from "./alarm-ears.ts";
import type { AlarmHub } from "./alarm-hub.ts";
import { placeOf } from "./alarm-receiver.ts";
import type { Strangers } from "./alarm-strangers.ts";

/** Takes messages out of queues. */
export interface QueueReader {
  /** @throws CloudError */
  receive(
    place: CloudPlace,
    queueArn: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly { readonly body: string; readonly receipt: string }[]>;
  /** @throws CloudError */
  done(place: CloudPlace, queueArn: string, receipt: string, signal: AbortSignal): Promise<void>;
  /** What a message in a queue says. `event`: `undefined` when it is no alarm's; `topicArn`: `null` for raw delivery. */
  read(body: string): {
    readonly event: AlarmEvent | undefined;
    readonly topicArn: string | null;
    readonly publishedAt: number | null;
  };
}

const LONG_POLL_MS = 20_000;

/** What {@link emptyQueue} needs. */
export interface QueueWork {
  readonly queues: QueueReader;
  readonly hub: AlarmHub;
  readonly fleet: Fleet;
  readonly log: Log;
  readonly strangers: Strangers;
  /** Whether a topic is the fleet's. */
  readonly isOurs: (topicArn: string) => boolean;
}

/**
 * Takes what waits in one queue. What is of another topic, or of nobody that can be told, is left for whoever shares the
 * queue: it is named, and comes again. @throws CloudError; StoreUnavailable
 */
export async function emptyQueue(
  queueArn: string,
  { queues, hub, fleet, log, strangers, isOurs }: QueueWork,
  signal: AbortSignal,
): Promise<void> {
  const place = placeOf(queueArn, fleet) ?? { region: queueArn.split(":")[3], roleArn: undefined };
  // An apply beside this process may have made the first topic a moment ago: the record knows.
  const belongs = async (topicArn: string): Promise<boolean> => {
    if (isOurs(topicArn)) return true;
    await hub.reloadRecord();
    return isOurs(topicArn);
  };
  for (const { body, receipt } of await queues.receive(place, queueArn, LONG_POLL_MS, signal)) {
    const { event, topicArn, publishedAt } = queues.read(body);
    // Who may write into the queue is the queue's policy; a topic of somebody else may all the same be subscribed to it.
    const isTheirs = topicArn === null ? event === undefined : !(await belongs(topicArn));
    if (isTheirs) {
      strangers.note(queueArn, topicArn);
      continue;
    }
    if (event === undefined) log.debug(`a message in ${queueArn} is no alarm's`);
    else await hub.receive(event, publishedAt);
    await queues.done(place, queueArn, receipt, signal);
  }
}

/** What {@link pollAlarms} needs. */
export interface PollWork {
  readonly reader: AlarmReader;
  readonly pacer: CloudPacer;
  readonly hub: AlarmHub;
  readonly clock: Clock;
  readonly ears: AlarmEars;
}

/**
 * Asks CloudWatch for the state of every alarm wherever the fleet is and alarms do not surely arrive by themselves.
 * @throws the first failure, after every place was asked
 */
export async function pollAlarms(
  fleet: Fleet,
  { reader, pacer, hub, clock, ears }: PollWork,
  signal: AbortSignal,
): Promise<void> {
  let first: unknown;
  for (const { place } of placesOf(fleet, hub.record)) {
    try {
      const region = await reader.region(place);
      if (ears.hears(place, region)) continue;
      const askedAt = clock.now();
      const alarms = await reader.alarms(place, pacer.call(paceAccount(place), region, signal));
      const account = place.roleArn?.split(":")[4] ?? alarms[0]?.arn.split(":")[4];
      // No alarm at all: nothing is in ALARM, and nothing says whose account it is.
      if (account !== undefined) await hub.read({ account, region, alarms, askedAt });
    } catch (error) {
      first ??= error;
    }
  }
  if (first !== undefined) throw first;
}
