/**
 * Glossary. An alarm's *definition* is everything that PutMetricAlarm or PutCompositeAlarm is given; a *series* is one
 * metric with one exact set of dimensions; a *place* is a region seen with one role; a *receipt* is the arrival of an
 * alarm's change of state here. An alarm is *owned* when it bears our tags and the very name that they speak of.
 */

/** The families of alarms, each one file in `alarms/`. Ids stand in tags and in fleet.yaml's overrides. */
export const ALARM_FAMILIES = [
  "elb-5xx",
  "target-response-time",
  "unhealthy-hosts",
  "healthy-hosts",
  "target-5xx-ratio",
  "deployment",
  "rds-freeable-memory",
  "rds-free-storage",
  "rds-cpu",
  "rds-read-iops",
  "lambda-errors",
  "dead-man",
  "drill",
] as const;
/** One of {@link ALARM_FAMILIES}. */
export type AlarmFamily = (typeof ALARM_FAMILIES)[number];

/** `seed`: the three alarms of the runbook; `recommended`: percentiles, M of N, ratios, and a composite per deployment. */
export const ALARM_PROFILES = ["seed", "recommended"] as const;
/** One of {@link ALARM_PROFILES}. */
export type AlarmProfile = (typeof ALARM_PROFILES)[number];

/** What a deployment changes in one family. Absent fields keep the profile's value. */
export interface AlarmOverride {
  /** `false`: no alarm of this family for this deployment. */
  readonly enabled?: boolean;
  readonly threshold?: number;
  /** 10, 20, 30 or a multiple of 60. */
  readonly periodSeconds?: number;
  /** N of "M of N". */
  readonly evaluationPeriods?: number;
  /** M of "M of N". */
  readonly datapointsToAlarm?: number;
  /** `Sum`, `Average`, `Maximum`, `Minimum`, `SampleCount`, or a percentile such as `p99`. */
  readonly statistic?: string;
  readonly treatMissingData?: TreatMissingData;
}

/** Overrides by family. */
export type AlarmOverrides = { readonly [Family in AlarmFamily]?: AlarmOverride };

/** `deployments[].alarms` of fleet.yaml. */
export interface DeploymentAlarms {
  /** `false`: no alarms for this deployment. */
  readonly enabled?: boolean;
  readonly profile?: AlarmProfile;
  readonly overrides?: AlarmOverrides;
}

/** A subscription that every topic of ours shall have, besides the platform's own https endpoint. */
export interface SubscriptionWish {
  readonly protocol: "https" | "sqs" | "email";
  /** URL, queue ARN or address. */
  readonly endpoint: string;
}

/** An RDS instance or a Lambda function to be watched by CloudWatch. */
export interface WatchedResource {
  readonly kind: "rds" | "lambda";
  /** DB instance identifier or function name. */
  readonly name: string;
  /** Ids of the deployments that depend on it. */
  readonly deployments: readonly string[];
  readonly region?: string;
  readonly roleArn?: string;
  readonly overrides?: AlarmOverrides;
}

/** `alarms` of fleet.yaml. Absent: profile `seed`, autoApply `off`, the runbook's topic. */
export interface AlarmSettings {
  readonly profile?: AlarmProfile;
  /** Name of the topic: `{{Region}}` is `US_East_1`, `{{Service}}` is ELB, RDS or Lambda. */
  readonly topic?: string;
  readonly autoApply?: "off" | "safe";
  readonly subscriptions?: readonly SubscriptionWish[];
  readonly resources?: readonly WatchedResource[];
  /** The alarm on corewatch's own heartbeat metric; with profile `recommended` unless set. */
  readonly deadMan?: boolean;
  /** Cron (6 fields) at which the daemon plans and looks for drift; every 15 minutes unless set. */
  readonly schedule?: string;
  /** Cron at which the daemon drills the path from alarm to Slack; never unless set. */
  readonly drillSchedule?: string;
}

/** Name and value; of ELB metrics the values are ARN suffixes (`app/name/id`). */
export interface Dimension {
  readonly name: string;
  readonly value: string;
}

/** What a missing data point counts as; CloudWatch's own default is `missing`. */
export type TreatMissingData = "missing" | "notBreaching" | "breaching" | "ignore";

/** One metric as an alarm reads it. */
export interface MetricStat {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: readonly Dimension[];
  /** `Sum`, `Maximum` … or a percentile (`p99`), which the API calls an extended statistic. */
  readonly statistic: string;
  readonly periodSeconds: number;
  readonly unit?: string;
}

/** One line of metric math: either a metric or an expression. */
export interface MetricQuery {
  readonly id: string;
  readonly metric?: MetricStat;
  readonly expression?: string;
  readonly label?: string;
  readonly periodSeconds?: number;
  /** Exactly one query of an alarm returns data. Absent is `true`, as in the API. */
  readonly returnData?: boolean;
}

interface AlarmCommon {
  readonly name: string;
  readonly description: string;
  readonly actionsEnabled: boolean;
  readonly alarmActions: readonly string[];
  readonly okActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  /** What the API told over and above these fields (ThresholdMetricId, ActionsSuppressor …), by its name there, as JSON text. */
  readonly others?: Readonly<Record<string, string>>;
}

/** What PutMetricAlarm is given: `metric`, or `queries` for metric math. */
export interface MetricAlarmDefinition extends AlarmCommon {
  readonly kind: "metric";
  readonly metric?: MetricStat;
  readonly queries?: readonly MetricQuery[];
  /** `GreaterThanThreshold`, `GreaterThanOrEqualToThreshold`, `LessThanThreshold` … */
  readonly comparison: string;
  readonly threshold?: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm?: number;
  readonly treatMissingData?: string;
  readonly evaluateLowSampleCountPercentile?: string;
}

/** What PutCompositeAlarm is given. */
export interface CompositeAlarmDefinition extends AlarmCommon {
  readonly kind: "composite";
  /** `ALARM("a") OR ALARM("b")` */
  readonly rule: string;
}

/** A kind of alarm that corewatch never makes (a log alarm); it holds its name all the same. */
export interface OtherAlarmDefinition extends AlarmCommon {
  readonly kind: "other";
}

/** Any alarm's definition. */
export type AlarmDefinition = MetricAlarmDefinition | CompositeAlarmDefinition | OtherAlarmDefinition;

/** State of an alarm. */
export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** An alarm as DescribeAlarms tells it (never with tags). */
export interface ObservedAlarm {
  readonly arn: string;
  readonly definition: AlarmDefinition;
  readonly state: AlarmState;
  readonly stateReason: string;
  /** Epoch ms of the last change of state. */
  readonly stateAt: number;
}

/** Tags by key. */
export type Tags = Readonly<Record<string, string>>;

/** A resource as the Resource Groups Tagging API lists it: eventually consistent, confirm before writing. */
export interface TaggedResource {
  readonly arn: string;
  readonly tags: Tags;
}

/** A subscription of a topic. */
export interface ObservedSubscription {
  /** `undefined` while it is pending. */
  readonly arn: string | undefined;
  readonly protocol: string;
  readonly endpoint: string;
  readonly confirmed: boolean;
}

/** A topic with what it may be used for. */
export interface ObservedTopic {
  readonly arn: string;
  /** The policy document as the API tells it (JSON text); empty when there is none. */
  readonly policy: string;
  readonly subscriptions: readonly ObservedSubscription[];
}

/** A load balancer and its target groups, without their health. */
export interface BalancerSummary {
  readonly arn: string;
  readonly name: string;
  readonly targetGroups: readonly { readonly arn: string; readonly name: string }[];
}

/** A change of an alarm's state as it was received: from SNS, SQS, or by polling. */
export interface AlarmEvent {
  readonly arn: string;
  readonly account: string;
  /** From the ARN: the notification's own `Region` is a long name. */
  readonly region: string;
  readonly name: string;
  readonly state: AlarmState;
  /** `null` where the source does not say. */
  readonly previous: AlarmState | null;
  readonly reason: string;
  /** Epoch ms of the change. */
  readonly at: number;
  /** Namespace, metric and dimensions of a plain metric alarm; `null` for composites and metric math. */
  readonly metric: {
    readonly namespace: string;
    readonly metric: string;
    readonly dimensions: readonly Dimension[];
  } | null;
  readonly via: "sns" | "sqs" | "poll";
}

/** A CloudWatch alarm that is in ALARM, as a witness of an incident. */
export interface FiringAlarm {
  readonly arn: string;
  readonly name: string;
  /** `null`: made by hand, on a metric of no family. */
  readonly family: AlarmFamily | null;
  /** Ids of the deployments that it is about, at least one. */
  readonly deployments: readonly string[];
  /** Epoch ms since when it is in ALARM. */
  readonly since: number;
  /** One sentence for people. */
  readonly evidence: string;
}

/** One thing that apply made or found its own: kept in the store, so that its absence later is seen as a deletion by hand. */
export interface MadeItem {
  readonly kind: "alarm" | "topic" | "subscription" | "policy";
  readonly name: string;
  readonly identity: string;
  readonly account: string;
  /** Where it stands and how it was reached: looked at even when no deployment is there any more. */
  readonly region: string;
  readonly roleArn: string | null;
  /** Epoch ms. */
  readonly at: number;
}

/** What apply made, per fleet; JSON, kept as one fact of the store. */
export interface AlarmRecord {
  readonly items: readonly MadeItem[];
}
