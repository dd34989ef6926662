import { randomUUID } from "node:crypto";
import { instanceOf, regionOfZone, type InstanceState } from "./aws-ec2-model.ts";
import type { AwsModel } from "./aws-model.ts";
import type { SandboxQueues } from "./aws-sqs.ts";

/** EventBridge's envelope of an event of EC2. */
export interface EventBridgeNotice {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: "aws.ec2";
  readonly account: string;
  /** To the second: `2026-11-21T08:00:00Z`. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, string>>;
}

/** Who sends to queues for EventBridge's rules: a queue's policy must let it. */
const SENDER = "events.amazonaws.com";

/** The two minutes' warning. @throws Error when there is no such instance */
export function spotInterruptionNotice(model: AwsModel, instance: string, at: number): EventBridgeNotice {
  const action = instanceOf(model, instance).interruption?.action ?? "terminate";
  const detail = { "instance-id": instance, "instance-action": action };
  return notice(model, instance, at, "EC2 Spot Instance Interruption Warning", detail);
}

/** The earlier signal. @throws Error when there is no such instance */
export function rebalanceNotice(model: AwsModel, instance: string, at: number): EventBridgeNotice {
  return notice(model, instance, at, "EC2 Instance Rebalance Recommendation", { "instance-id": instance });
}

/** A step of an instance's life, its present one unless told. @throws Error when there is no such instance */
export function instanceStateChange(
  model: AwsModel,
  instance: string,
  at: number,
  state: InstanceState = instanceOf(model, instance).state,
): EventBridgeNotice {
  return notice(model, instance, at, "EC2 Instance State-change Notification", { "instance-id": instance, state });
}

/** A policy that lets EventBridge send to a queue. */
export function eventQueuePolicy(queueArn: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "EventBridge",
        Effect: "Allow",
        Principal: { Service: SENDER },
        Action: "sqs:SendMessage",
        Resource: queueArn,
      },
    ],
  });
}

/** Puts a notice into a queue, as a rule of EventBridge with that target does; `false`: there is none, or its policy forbids. */
export function sendNotice(queues: Pick<SandboxQueues, "deliver">, queueArn: string, sent: EventBridgeNotice): boolean {
  return queues.deliver(queueArn, JSON.stringify(sent), SENDER);
}

function notice(
  model: AwsModel,
  instance: string,
  at: number,
  type: string,
  detail: Readonly<Record<string, string>>,
): EventBridgeNotice {
  const { zone } = instanceOf(model, instance);
  const region = regionOfZone(zone);
  // Spot's own events name the zone, and no account; the state change is an ordinary ARN.
  const owner = type.endsWith("State-change Notification") ? `${region}:${model.account}` : zone;
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": type,
    source: "aws.ec2",
    account: model.account,
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    region,
    resources: [`arn:aws:ec2:${owner}:instance/${instance}`],
    detail,
  };
}
