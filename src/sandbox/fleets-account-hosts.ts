import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import { instanceStateChange, eventQueuePolicy, sendNotice } from "./aws-ec2-notices.ts";
import type { AwsHappening, AwsModel } from "./aws-model.ts";
import { REGION } from "./fleets-network.ts";

const QUEUE = "corewatch-hosts";

/** The queue that a person made for EventBridge's notices of hosts before corewatch came. */
export function hostQueueArn({ account }: Pick<AwsModel, "account">): string {
  return `arn:aws:sqs:${REGION}:${account}:${QUEUE}`;
}

/** Makes that queue, to which EventBridge may send. Gives its ARN. */
export function createHostQueue(model: AwsModel, { queues }: AlarmServices): string {
  const arn = hostQueueArn(model);
  queues.create(REGION, QUEUE, { Policy: eventQueuePolicy(arn) });
  return arn;
}

/** Sends what EventBridge sends of an instance's life. */
export function tellHosts(
  model: AwsModel,
  { queues }: AlarmServices,
  queue: string,
): (happening: AwsHappening) => void {
  return (happening) => {
    if (happening.kind !== "instance") return;
    sendNotice(queues, queue, instanceStateChange(model, happening.id, happening.at, happening.state));
  };
}
