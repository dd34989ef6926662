import { createTicker } from "../cron/ticker.ts";
import type { Clock } from "../domain/index.ts";
import { createAlarmServices } from "./aws-cloudwatch-services.ts";
import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import type { AwsModel } from "./aws-model.ts";
import { REGION } from "./fleets-network.ts";

/** Five minutes of an alarm pass in five seconds: what the load balancer does shows while one looks on. */
const SPEED = 60;
const QUEUE = "corewatch-alarms";

/** The queue that a person made for alarms before corewatch came. */
export function alarmQueueArn({ account }: Pick<AwsModel, "account">): string {
  return `arn:aws:sqs:${REGION}:${account}:${QUEUE}`;
}

/** CloudWatch, SNS and SQS of the sandbox's account, with a queue that SNS may send to. */
export async function createFleetAlarms(model: AwsModel, clock: Clock): Promise<AlarmServices> {
  const services = await createAlarmServices({ clock, ticker: createTicker({ clock }), model, speed: SPEED });
  services.queues.create(REGION, QUEUE, {
    Policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: alarmQueueArn(model),
        },
      ],
    }),
  });
  return services;
}
