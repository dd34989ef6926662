import { placesOf } from "../../alarms/places.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import { paceAccount } from "../../alarms/read.ts";
import type { AlarmEvent, AlarmReader, CloudPlace, Clock, Fleet, Log } from "../domain/index.ts";
import type { AlarmHub } from "./alarm-hub.ts";
import { placeOf } from "./alarm-receiver.ts";

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
  /** What a message in a queue says; `undefined` when it is no alarm's. `topicArn` is `null` for raw delivery. */
  read(
    body: string,
  ): { readonly event: AlarmEvent; readonly topicArn: string | null; readonly publishedAt: number | null } | undefined;
}

const LONG_POLL_MS = 20_000;

/** Takes what waits in one queue: a message is done with when it is taken, or when it is nothing for us. @throws CloudError */
export async function emptyQueue(
  queueArn: string,
  { queues, hub, fleet, log }: { queues: QueueReader; hub: AlarmHub; fleet: Fleet; log: Log },
  isOurs: (topicArn: string) => boolean,
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
    const found = queues.read(body);
    if (found === undefined) log.debug(`a message in ${queueArn} is no alarm's`);
    // Who may write into the queue is the queue's policy; a topic of somebody else may all the same be subscribed to it.
    else if (found.topicArn !== null && !(await belongs(found.topicArn)))
      log.warn(`a message in ${queueArn} is of a topic that is not the fleet's`);
    else await hub.receive(found.event, found.publishedAt);
    await queues.done(place, queueArn, receipt, signal);
  }
}

/** Asks CloudWatch for the state of every alarm wherever the fleet is. @throws the first failure, after every place was asked */
export async function pollAlarms(
  fleet: Fleet,
  { reader, pacer, hub, clock }: { reader: AlarmReader; pacer: CloudPacer; hub: AlarmHub; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  let first: unknown;
  for (const { place } of placesOf(fleet, hub.record)) {
    try {
      const region = await reader.region(place);
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
