import type {
  AlarmState,
  BalancerSummary,
  CompositeAlarmDefinition,
  Dimension,
  MetricAlarmDefinition,
  ObservedAlarm,
  ObservedTopic,
  SubscriptionWish,
  TaggedResource,
  Tags,
} from "./alarms.ts";
import type { CloudPlace } from "./ports.ts";

/** The API operations whose rate is kept; the names are the API's, and IAM's. */
export type CloudOperation =
  | "cloudwatch:DescribeAlarms"
  | "cloudwatch:ListTagsForResource"
  | "cloudwatch:TagResource"
  | "cloudwatch:UntagResource"
  | "cloudwatch:PutMetricAlarm"
  | "cloudwatch:PutCompositeAlarm"
  | "cloudwatch:DeleteAlarms"
  | "cloudwatch:SetAlarmState"
  | "cloudwatch:EnableAlarmActions"
  | "cloudwatch:DisableAlarmActions"
  | "cloudwatch:ListMetrics"
  | "cloudwatch:PutMetricData"
  | "cloudwatch:PutAlarmMuteRule"
  | "cloudwatch:DeleteAlarmMuteRule"
  | "cloudwatch:ListAlarmMuteRules"
  | "tag:GetResources"
  | "elasticloadbalancing:DescribeLoadBalancers"
  | "elasticloadbalancing:DescribeTargetGroups"
  | "sns:CreateTopic"
  | "sns:DeleteTopic"
  | "sns:GetTopicAttributes"
  | "sns:SetTopicAttributes"
  | "sns:ListSubscriptionsByTopic"
  | "sns:Subscribe"
  | "sns:Unsubscribe"
  | "sns:ListTagsForResource"
  | "sns:TagResource"
  | "sns:UntagResource"
  | "elasticloadbalancing:DescribeListeners"
  | "elasticloadbalancing:DescribeListenerCertificates"
  | "elasticloadbalancing:DescribeLoadBalancerAttributes"
  | "elasticloadbalancing:DescribeTags"
  | "elasticloadbalancing:DescribeTargetHealth"
  | "ec2:DescribeAddresses"
  | "ec2:DescribeAvailabilityZones"
  | "ec2:DescribeInstances"
  | "ec2:DescribeLaunchTemplateVersions"
  | "ec2:DescribeSecurityGroups"
  | "autoscaling:DescribeAutoScalingGroups"
  | "autoscaling:DescribeLaunchConfigurations"
  | "ecs:DescribeCapacityProviders"
  | "ecs:DescribeContainerInstances"
  | "ecs:DescribeServices"
  | "ecs:DescribeTaskDefinition"
  | "ecs:DescribeTasks"
  | "ecs:ListTasks"
  | "s3:GetBucketPublicAccessBlock"
  | "s3:GetBucketTagging"
  | "s3:GetBucketVersioning"
  | "s3:GetEncryptionConfiguration"
  | "s3:GetLifecycleConfiguration"
  | "s3:ListBucket"
  | "route53:ListHostedZonesByName"
  | "route53:ListResourceRecordSets"
  | "cloudfront:ListDistributions"
  | "acm:DescribeCertificate"
  | "logs:DescribeLogGroups";

/**
 * Paces calls to one account and region. Every single request goes through `send`, each page on its own; the request
 * throws {@link CloudError}, and `send` waits for the API's rate, backs off and repeats what was throttled or did not get
 * through. So the adapter's own client must not retry. Every request is safe to repeat.
 */
export interface CloudCall {
  readonly signal: AbortSignal;
  /** @throws CloudError */
  send<T>(operation: CloudOperation, request: () => Promise<T>): Promise<T>;
}

/** Reads CloudWatch, SNS and load balancers. All of it: every page, or a CloudError. Failing to read is never absence. */
export interface AlarmReader {
  /** The region that a place means. No request. @throws CloudError when none is configured anywhere */
  region(place: CloudPlace): Promise<string>;
  /** Every metric, composite and log alarm (DescribeAlarms with all AlarmTypes, 100 a page). @throws CloudError */
  alarms(place: CloudPlace, call: CloudCall): Promise<ObservedAlarm[]>;
  /** Those of at most 100 names that exist, in one request. @throws CloudError */
  alarmsNamed(place: CloudPlace, names: readonly string[], call: CloudCall): Promise<ObservedAlarm[]>;
  /** Alarms and topics (`cloudwatch:alarm`, `sns`) that bear this tag (GetResources, 100 a page). @throws CloudError */
  tagged(place: CloudPlace, key: string, value: string, call: CloudCall): Promise<TaggedResource[]>;
  /** Tags of one alarm or topic, by its ARN (CloudWatch's or SNS's ListTagsForResource). @throws CloudError, `not-found` when it is gone */
  tags(place: CloudPlace, arn: string, call: CloudCall): Promise<Tags>;
  /** A topic's policy and all its subscriptions; `undefined` when there is surely none. @throws CloudError */
  topic(place: CloudPlace, arn: string, call: CloudCall): Promise<ObservedTopic | undefined>;
  /** The dimension sets under which a metric has been published of late (ListMetrics, 500 a page). @throws CloudError */
  series(place: CloudPlace, namespace: string, metric: string, call: CloudCall): Promise<(readonly Dimension[])[]>;
  /** Every application load balancer with its target groups (400 a page each). @throws CloudError */
  balancers(place: CloudPlace, call: CloudCall): Promise<BalancerSummary[]>;
  /** Names of alarm mute rules that begin with `prefix`; `undefined` where mute rules are not to be had. @throws CloudError */
  muteRules(place: CloudPlace, prefix: string, call: CloudCall): Promise<string[] | undefined>;
}

/** A one-time mute rule; it ends by itself. */
export interface MuteRule {
  readonly name: string;
  readonly description: string;
  /** At most 100. */
  readonly alarms: readonly string[];
  /** Epoch ms; the rule counts whole minutes. */
  readonly from: number;
  readonly durationMs: number;
  readonly tags: Tags;
}

/** Writes to CloudWatch and SNS. Every method is one request, throws CloudError, and is safe to repeat. */
export interface AlarmWriter {
  /** Overwrites the whole definition and keeps the state. Tags are taken at creation only. */
  putMetricAlarm(place: CloudPlace, definition: MetricAlarmDefinition, tags: Tags, call: CloudCall): Promise<void>;
  /** As {@link AlarmWriter.putMetricAlarm}. */
  putCompositeAlarm(
    place: CloudPlace,
    definition: CompositeAlarmDefinition,
    tags: Tags,
    call: CloudCall,
  ): Promise<void>;
  /** Adds or overwrites tags of an alarm or topic. */
  tag(place: CloudPlace, arn: string, tags: Tags, call: CloudCall): Promise<void>;
  untag(place: CloudPlace, arn: string, keys: readonly string[], call: CloudCall): Promise<void>;
  /** At most 100 names; unknown ones are ignored. */
  deleteAlarms(place: CloudPlace, names: readonly string[], call: CloudCall): Promise<void>;
  /** Gives the ARN; of an existing topic with the same tags too. */
  createTopic(place: CloudPlace, name: string, tags: Tags, call: CloudCall): Promise<string>;
  deleteTopic(place: CloudPlace, arn: string, call: CloudCall): Promise<void>;
  setTopicPolicy(place: CloudPlace, arn: string, policy: string, call: CloudCall): Promise<void>;
  /** `confirmed: false`: the endpoint has to confirm first. */
  subscribe(
    place: CloudPlace,
    topicArn: string,
    wish: SubscriptionWish,
    call: CloudCall,
  ): Promise<{ readonly confirmed: boolean }>;
  /** One that is gone already is no error. */
  unsubscribe(place: CloudPlace, subscriptionArn: string, call: CloudCall): Promise<void>;
  /** Temporary: the alarm's real actions run, and it goes back to its true state. `data`: JSON text kept with the reason. */
  setAlarmState(
    place: CloudPlace,
    name: string,
    state: AlarmState,
    reason: string,
    data: string | undefined,
    call: CloudCall,
  ): Promise<void>;
  /** At most 100 names. */
  setActionsEnabled(place: CloudPlace, names: readonly string[], enabled: boolean, call: CloudCall): Promise<void>;
  putMetricData(
    place: CloudPlace,
    datum: {
      readonly namespace: string;
      readonly metric: string;
      readonly dimensions: readonly Dimension[];
      readonly value: number;
      readonly at: number;
    },
    call: CloudCall,
  ): Promise<void>;
  putMuteRule(place: CloudPlace, rule: MuteRule, call: CloudCall): Promise<void>;
  deleteMuteRule(place: CloudPlace, name: string, call: CloudCall): Promise<void>;
}
