import type { Fleet } from "../src/domain/index.ts";
import { watchesItself } from "./dead-man.ts";
import { DEFAULT_TOPIC, partitionOf } from "./names.ts";
import { placesOf } from "./places.ts";
import { EMPTY_RECORD } from "./record.ts";

/** Commands that talk to CloudWatch and SNS; `start` is the daemon. */
export const IAM_COMMANDS = ["plan", "apply", "adopt", "drill", "status", "start"] as const;
/** One of {@link IAM_COMMANDS}. */
export type IamCommand = (typeof IAM_COMMANDS)[number];

interface Grant {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly on: "anything" | "alarms" | "topics" | "mute-rules" | "queues" | "roles";
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
  // The API knows no resource for it that a policy could name.
  { sid: "Unsubscribe", on: "anything", actions: ["sns:Unsubscribe"] },
];
const DRILL: Grant = { sid: "Drill", on: "alarms", actions: ["cloudwatch:SetAlarmState"] };
/** A drill of a real alarm leaves out what is muted; the daemon keeps its own rules in order. */
const LIST_MUTES: Grant = { sid: "ListMuteRules", on: "anything", actions: ["cloudwatch:ListAlarmMuteRules"] };
const MUTE: readonly Grant[] = [
  {
    sid: "Mute",
    on: "alarms",
    actions: ["cloudwatch:DisableAlarmActions", "cloudwatch:EnableAlarmActions", "cloudwatch:PutAlarmMuteRule"],
  },
  {
    sid: "MuteRules",
    on: "mute-rules",
    actions: ["cloudwatch:PutAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule", "cloudwatch:TagResource"],
  },
  LIST_MUTES,
];
const CONFIRM: Grant = { sid: "ConfirmSubscriptions", on: "topics", actions: ["sns:ConfirmSubscription"] };
const HEARTBEAT: Grant = {
  sid: "Heartbeat",
  on: "anything",
  actions: ["cloudwatch:PutMetricData"],
  namespace: "corewatch",
};
const ASSUME: Grant = { sid: "AssumeRoles", on: "roles", actions: ["sts:AssumeRole"] };

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
  drill: [...READ, ...TAG_THEM, ...WRITE_ALARMS, WRITE_TOPICS, DRILL, LIST_MUTES],
  start: READ,
};

/**
 * The least policy that a command needs for a fleet, as JSON text. The daemon writes alarms only with `autoApply: safe`,
 * drills and mutes only where that is scheduled. Topics are those of the fleet's template, in any region. Where roles
 * lead into other accounts, the caller needs to assume exactly those, and each role the rest.
 */
export function iamPolicy(command: IamCommand, fleet: Fleet): string {
  const grants = [...GRANTS[command], ...(command === "start" ? daemonGrants(fleet) : [])];
  if (rolesOf(fleet).length > 0) grants.push(ASSUME);
  const statements = grants.map((one) => ({
    Sid: one.sid,
    Effect: "Allow",
    Action: one.actions,
    Resource: resourceOf(one, fleet),
    ...(one.namespace === undefined ? {} : { Condition: { StringEquals: { "cloudwatch:namespace": one.namespace } } }),
  }));
  return `${JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2)}\n`;
}

function daemonGrants(fleet: Fleet): Grant[] {
  const { autoApply, drillSchedule } = fleet.alarms ?? {};
  const mutes = fleet.maintenance.length > 0;
  const writes = autoApply === "safe" || drillSchedule !== undefined;
  return [
    ...(mutes ? MUTE : []),
    // Where there are no mute rules, a tag says until when the actions are off.
    ...(mutes || writes ? [TAG_ALARMS] : []),
    ...(fleet.web.publicUrl?.startsWith("https:") === true ? [CONFIRM] : []),
    ...(watchesItself(fleet) ? [HEARTBEAT] : []),
    ...(writes ? [TAG_TOPICS, ...WRITE_ALARMS, WRITE_TOPICS] : []),
    ...(drillSchedule === undefined ? [] : [DRILL]),
    ...(queuesOf(fleet).length > 0 ? [READ_QUEUES] : []),
  ];
}

function queuesOf({ alarms }: Fleet): string[] {
  return (alarms?.subscriptions ?? []).flatMap((one) => (one.protocol === "sqs" ? one.endpoint : []));
}

function rolesOf(fleet: Fleet): string[] {
  return [...new Set(placesOf(fleet, EMPTY_RECORD).flatMap((one) => one.place.roleArn ?? []))].sort();
}

/** Every partition that the fleet stands in; `aws` where only the environment knows the region. */
function partitionsOf(fleet: Fleet): string[] {
  return [...new Set(placesOf(fleet, EMPTY_RECORD).map(({ place }) => partitionOf(place.region ?? "")))].sort();
}

function resourceOf({ on }: Grant, fleet: Fleet): string | string[] {
  if (on === "anything") return "*";
  if (on === "queues") return queuesOf(fleet);
  if (on === "roles") return rolesOf(fleet);
  const partitions = partitionsOf(fleet);
  const arns = (partitions.length === 0 ? ["aws"] : partitions).map((one) => `arn:${one}:${patternOf(on, fleet)}`);
  const [first = ""] = arns;
  return arns.length === 1 ? first : arns;
}

function patternOf(on: "alarms" | "topics" | "mute-rules", fleet: Fleet): string {
  if (on === "alarms") return "cloudwatch:*:*:alarm:*";
  if (on === "mute-rules") return "cloudwatch:*:*:alarm-mute-rule:corewatch-*";
  const template = (fleet.alarms?.topic ?? DEFAULT_TOPIC).replace(/\{\{(Region|Service)\}\}/g, "*");
  return `sns:*:*:${template.endsWith("_ELB") ? `${template.slice(0, -"ELB".length)}*` : template}`;
}
