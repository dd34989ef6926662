import type { AlarmSettings } from "../src/domain/index.ts";
import { DEFAULT_TOPIC } from "./names.ts";

/** Commands that talk to CloudWatch and SNS; `start` is the daemon. */
export const IAM_COMMANDS = ["plan", "apply", "adopt", "drill", "status", "start"] as const;
/** One of {@link IAM_COMMANDS}. */
export type IamCommand = (typeof IAM_COMMANDS)[number];

interface Grant {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly on: "anything" | "alarms" | "topics" | "mute-rules" | "queues";
  /** Only into this CloudWatch namespace. */
  readonly namespace?: string;
}

const READ: readonly Grant[] = [
  {
    sid: "Read",
    on: "anything",
    actions: [
      "cloudwatch:DescribeAlarms",
      "cloudwatch:ListMetrics",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTargetGroups",
      "tag:GetResources",
    ],
  },
  { sid: "ReadAlarmTags", on: "alarms", actions: ["cloudwatch:ListTagsForResource"] },
  {
    sid: "ReadTopics",
    on: "topics",
    actions: ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"],
  },
];
const TAG_ALARMS: Grant = {
  sid: "TagAlarms",
  on: "alarms",
  actions: ["cloudwatch:TagResource", "cloudwatch:UntagResource"],
};
const TAG_TOPICS: Grant = { sid: "TagTopics", on: "topics", actions: ["sns:TagResource", "sns:UntagResource"] };
const TAG_THEM: readonly Grant[] = [TAG_ALARMS, TAG_TOPICS];
const WRITE_ALARMS: readonly Grant[] = [
  { sid: "WriteAlarms", on: "alarms", actions: ["cloudwatch:PutMetricAlarm"] },
  // With a narrower scope the API makes no composite at all, as its reference says.
  { sid: "WriteComposites", on: "anything", actions: ["cloudwatch:PutCompositeAlarm"] },
];
const WRITE_TOPICS: Grant = {
  sid: "WriteTopics",
  on: "topics",
  actions: ["sns:CreateTopic", "sns:SetTopicAttributes", "sns:Subscribe"],
};
const DELETE: readonly Grant[] = [
  { sid: "DeleteAlarms", on: "alarms", actions: ["cloudwatch:DeleteAlarms"] },
  { sid: "DeleteTopics", on: "topics", actions: ["sns:DeleteTopic"] },
];
const DRILL: Grant = { sid: "Drill", on: "alarms", actions: ["cloudwatch:SetAlarmState"] };
const DAEMON: readonly Grant[] = [
  {
    sid: "Mute",
    on: "alarms",
    actions: ["cloudwatch:DisableAlarmActions", "cloudwatch:EnableAlarmActions", "cloudwatch:PutAlarmMuteRule"],
  },
  // Where there are no mute rules, a tag says until when the actions are off.
  TAG_ALARMS,
  {
    sid: "MuteRules",
    on: "mute-rules",
    actions: ["cloudwatch:PutAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule", "cloudwatch:TagResource"],
  },
  { sid: "ListMuteRules", on: "anything", actions: ["cloudwatch:ListAlarmMuteRules"] },
  { sid: "ConfirmSubscriptions", on: "topics", actions: ["sns:ConfirmSubscription"] },
  { sid: "Heartbeat", on: "anything", actions: ["cloudwatch:PutMetricData"], namespace: "corewatch" },
];

const READ_QUEUES: Grant = {
  sid: "ReadQueues",
  on: "queues",
  actions: ["sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
};

const GRANTS: { readonly [Command in IamCommand]: readonly Grant[] } = {
  plan: READ,
  status: READ,
  adopt: [...READ, ...TAG_THEM],
  apply: [...READ, ...TAG_THEM, ...WRITE_ALARMS, WRITE_TOPICS, ...DELETE],
  drill: [...READ, ...TAG_THEM, ...WRITE_ALARMS, WRITE_TOPICS, DRILL],
  start: [...READ, ...DAEMON],
};

/**
 * The least policy that a command needs, as JSON text. The daemon writes alarms only with `autoApply: safe`, and drills
 * only where they are scheduled. Topics are those of the fleet's template, in any region.
 */
export function iamPolicy(command: IamCommand, settings: AlarmSettings = {}, partition = "aws"): string {
  const more: Grant[] = [];
  if (command === "start" && (settings.autoApply === "safe" || settings.drillSchedule !== undefined))
    more.push(TAG_TOPICS, ...WRITE_ALARMS, WRITE_TOPICS);
  if (command === "start" && settings.drillSchedule !== undefined) more.push(DRILL);
  if (command === "start" && queuesOf(settings).length > 0) more.push(READ_QUEUES);
  const statements = [...GRANTS[command], ...more].map((one) => ({
    Sid: one.sid,
    Effect: "Allow",
    Action: one.actions,
    Resource: resourceOf(one, settings, partition),
    ...(one.namespace === undefined ? {} : { Condition: { StringEquals: { "cloudwatch:namespace": one.namespace } } }),
  }));
  return `${JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2)}\n`;
}

function queuesOf({ subscriptions = [] }: AlarmSettings): string[] {
  return subscriptions.flatMap((one) => (one.protocol === "sqs" ? one.endpoint : []));
}

function resourceOf({ on }: Grant, settings: AlarmSettings, partition: string): string | string[] {
  if (on === "anything") return "*";
  if (on === "queues") return queuesOf(settings);
  if (on === "alarms") return `arn:${partition}:cloudwatch:*:*:alarm:*`;
  if (on === "mute-rules") return `arn:${partition}:cloudwatch:*:*:alarm-mute-rule:corewatch-*`;
  const template = (settings.topic ?? DEFAULT_TOPIC).replace(/\{\{(Region|Service)\}\}/g, "*");
  return `arn:${partition}:sns:*:*:${template.endsWith("_ELB") ? `${template.slice(0, -"ELB".length)}*` : template}`;
}
