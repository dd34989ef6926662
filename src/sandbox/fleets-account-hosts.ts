import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import { eventQueuePolicy, instanceStateChange, sendNotice, spotInterruptionNotice } from "./aws-ec2-notices.ts";
import type { AwsHappening, AwsModel } from "./aws-model.ts";
import { REGION } from "./fleets-network.ts";

const QUEUE = "corewatch-hosts";

/** The queue that a person made for EventBridge's notices of hosts before corewatch came. */
export function hostQueueArn({ account }: Pick<AwsModel, "account">): string {
  return `arn:aws:sqs:${REGION}:${account}:${QUEUE}`;
}

/** Makes that queue, to which EventBridge may send. */
export function createHostQueue(model: AwsModel, { queues }: AlarmServices): void {
  queues.create(REGION, QUEUE, { Policy: eventQueuePolicy(hostQueueArn(model)) });
}

/** Sends what EventBridge sends of an instance's life. */
export function tellHosts(model: AwsModel, { queues }: AlarmServices): (happening: AwsHappening) => void {
  return (happening) => {
    if (happening.kind !== "instance") return;
    sendNotice(queues, hostQueueArn(model), instanceStateChange(model, happening.id, happening.at, happening.state));
  };
}

/** Sends the two minutes' warning. */
export function tellInterruption(model: AwsModel, { queues }: AlarmServices, instance: string, at: number): void {
  sendNotice(queues, hostQueueArn(model), spotInterruptionNotice(model, instance, at));
}
