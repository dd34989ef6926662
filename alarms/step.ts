import {
  CloudError,
  type AlarmReader,
  type AlarmWriter,
  type CloudCall,
  type CloudPlace,
  type Tags,
} from "../src/domain/index.ts";
import type { Change, Retag } from "./change.ts";
import { isOwned, TAG, tagValue } from "./tags.ts";

/** Thrown by a step that found its work not to be done any more, or not ours to do. */
export class Skipped extends Error {
  override readonly name = "Skipped";
}

interface StepPorts {
  readonly reader: AlarmReader;
  readonly writer: AlarmWriter;
}

/**
 * Carries out one step. Before anything is written to what exists its tags are read again: only what still bears our tag
 * and the name that the tag speaks of is touched.
 * @throws CloudError, Skipped
 */
export async function runStep(
  { step, name, place }: Change,
  ports: StepPorts,
  call: CloudCall,
  fleet: string,
): Promise<void> {
  const { writer } = ports;
  switch (step.does) {
    case "create-topic":
      await writer.createTopic(place, lastPart(step.topicArn), step.tags, call);
      return;
    case "set-policy":
      await confirmThere(ports, place, step.topicArn, lastPart(step.topicArn), call, fleet);
      return writer.setTopicPolicy(place, step.topicArn, step.policy, call);
    case "subscribe":
      await confirmThere(ports, place, step.topicArn, lastPart(step.topicArn), call, fleet);
      await writer.subscribe(place, step.topicArn, step.wish, call);
      return;
    case "unsubscribe":
      if ((await confirmOwned(ports, place, step.topicArn, lastPart(step.topicArn), call, fleet)) === "gone") return;
      return writer.unsubscribe(place, step.arn, call);
    case "delete-topic":
      if ((await confirmOwned(ports, place, step.topicArn, name, call, fleet)) === "gone") return;
      return writer.deleteTopic(place, step.topicArn, call);
    case "delete-alarm":
      if ((await confirmOwned(ports, place, step.arn, name, call, fleet)) === "gone") return;
      return writer.deleteAlarms(place, [name], call);
    case "tag":
      if (step.adopts) await confirmFree(ports, place, step.arn, call, fleet);
      else await confirmThere(ports, place, step.arn, name, call, fleet);
      return retag(writer, place, step.arn, step.retag, call);
    case "put-alarm": {
      if (step.exists) await confirmThere(ports, place, step.arn, name, call, fleet);
      const { definition } = step;
      if (definition.kind === "composite") await writer.putCompositeAlarm(place, definition, step.tags, call);
      else await writer.putMetricAlarm(place, definition, step.tags, call);
      if (step.retag !== undefined) await retag(writer, place, step.arn, step.retag, call);
    }
  }
}

async function retag(
  writer: AlarmWriter,
  place: CloudPlace,
  arn: string,
  { set, remove }: Retag,
  call: CloudCall,
): Promise<void> {
  if (Object.keys(set).length > 0) await writer.tag(place, arn, set, call);
  if (remove.length > 0) await writer.untag(place, arn, remove, call);
}

async function confirmOwned(
  ports: StepPorts,
  place: CloudPlace,
  arn: string,
  name: string,
  call: CloudCall,
  fleet: string,
): Promise<"ours" | "gone"> {
  let tags: Tags;
  try {
    tags = await ports.reader.tags(place, arn, call);
  } catch (error) {
    if (error instanceof CloudError && error.failure === "not-found") return "gone";
    throw error;
  }
  if (!isOwned(tags, fleet, name))
    throw new Skipped("it no longer bears this fleet's tag, so it is not corewatch's to touch: plan again");
  return "ours";
}

async function confirmThere(...args: Parameters<typeof confirmOwned>): Promise<void> {
  if ((await confirmOwned(...args)) === "gone") throw new Skipped("it was deleted since the plan was made: plan again");
}

async function confirmFree(
  ports: StepPorts,
  place: CloudPlace,
  arn: string,
  call: CloudCall,
  fleet: string,
): Promise<void> {
  const owner = (await ports.reader.tags(place, arn, call))[TAG.fleet];
  if (owner !== undefined && owner !== tagValue(fleet))
    throw new Skipped(`it belongs to the fleet ${owner}: it is not taken over`);
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}
