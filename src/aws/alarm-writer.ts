import { CloudError, type AlarmWriter, type CloudCall, type CloudOperation, type CloudPlace } from "../domain/index.ts";
import { alarmClients, send } from "./alarm-clients.ts";
import type { AwsOverrides } from "./clients.ts";
import { named } from "./cloudwatch.ts";
import { apiDimensions, putCompositeAlarmInput, putMetricAlarmInput } from "./cloudwatch-definitions.ts";
import { topicNamed } from "./sns.ts";
import { isTopic } from "./tags.ts";

type CloudWatchSdk = typeof import("@aws-sdk/client-cloudwatch");
type SnsSdk = typeof import("@aws-sdk/client-sns");
type CloudWatch = Awaited<ReturnType<ReturnType<typeof alarmClients>["cloudwatch"]["for"]>>;
type Sns = Awaited<ReturnType<ReturnType<typeof alarmClients>["sns"]["for"]>>;

const MINUTE_MS = 60_000;

/** Writes to CloudWatch and SNS. Each service's SDK is loaded at its first write. */
export function createAlarmWriter(overrides: AwsOverrides): AlarmWriter {
  const clients = alarmClients(overrides);
  const cloudwatch = <T>(
    place: CloudPlace,
    call: CloudCall,
    operation: CloudOperation,
    subject: string,
    work: (client: CloudWatch, sdk: CloudWatchSdk, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> =>
    send({ place, call, operation, subject, writes: true }, async () => {
      const sdk = await import("@aws-sdk/client-cloudwatch");
      return work(await clients.cloudwatch.for(place), sdk, { abortSignal: call.signal });
    });
  const sns = <T>(
    place: CloudPlace,
    call: CloudCall,
    operation: CloudOperation,
    subject: string,
    work: (client: Sns, sdk: SnsSdk, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> =>
    send({ place, call, operation, subject, writes: true }, async () => {
      const sdk = await import("@aws-sdk/client-sns");
      return work(await clients.sns.for(place), sdk, { abortSignal: call.signal });
    });

  return {
    putMetricAlarm: (place, definition, tags, call) =>
      cloudwatch(place, call, "cloudwatch:PutMetricAlarm", `alarm ${definition.name}`, async (client, sdk, options) => {
        await client.send(new sdk.PutMetricAlarmCommand(putMetricAlarmInput(definition, tags)), options);
      }),
    putCompositeAlarm: (place, definition, tags, call) =>
      cloudwatch(
        place,
        call,
        "cloudwatch:PutCompositeAlarm",
        `alarm ${definition.name}`,
        async (client, sdk, options) => {
          await client.send(new sdk.PutCompositeAlarmCommand(putCompositeAlarmInput(definition, tags)), options);
        },
      ),
    deleteAlarms: (place, names, call) =>
      cloudwatch(place, call, "cloudwatch:DeleteAlarms", `alarm ${named(names)}`, async (client, sdk, options) => {
        await client.send(new sdk.DeleteAlarmsCommand({ AlarmNames: [...names] }), options);
      }),
    setAlarmState: (place, name, state, reason, data, call) =>
      cloudwatch(place, call, "cloudwatch:SetAlarmState", `alarm ${name}`, async (client, sdk, options) => {
        const input = { AlarmName: name, StateValue: state, StateReason: reason, StateReasonData: data };
        await client.send(new sdk.SetAlarmStateCommand(input), options);
      }),
    setActionsEnabled: (place, names, enabled, call) => {
      const operation = enabled ? "cloudwatch:EnableAlarmActions" : "cloudwatch:DisableAlarmActions";
      return cloudwatch(place, call, operation, `actions of alarm ${named(names)}`, async (client, sdk, options) => {
        const input = { AlarmNames: [...names] };
        if (enabled) await client.send(new sdk.EnableAlarmActionsCommand(input), options);
        else await client.send(new sdk.DisableAlarmActionsCommand(input), options);
      });
    },
    putMetricData: (place, datum, call) =>
      cloudwatch(place, call, "cloudwatch:PutMetricData", `metric ${datum.namespace}`, async (client, sdk, options) => {
        const { namespace, metric, dimensions, value, at } = datum;
        const one = {
          MetricName: metric,
          Dimensions: apiDimensions(dimensions),
          Value: value,
          Timestamp: new Date(at),
        };
        await client.send(new sdk.PutMetricDataCommand({ Namespace: namespace, MetricData: [one] }), options);
      }),
    putMuteRule: (place, rule, call) =>
      cloudwatch(place, call, "cloudwatch:PutAlarmMuteRule", `mute rule ${rule.name}`, async (client, sdk, options) => {
        // Whole minutes, and never shorter than asked for.
        const from = Math.floor(rule.from / MINUTE_MS) * MINUTE_MS;
        const minutes = Math.max(1, Math.ceil((rule.from + rule.durationMs - from) / MINUTE_MS));
        const expression = `at(${new Date(from).toISOString().slice(0, 16)})`;
        const input = {
          Name: rule.name,
          Description: rule.description,
          Rule: { Schedule: { Expression: expression, Duration: `PT${minutes}M`, Timezone: "UTC" } },
          MuteTargets: { AlarmNames: [...rule.alarms] },
          Tags: Object.entries(rule.tags).map(([Key, Value]) => ({ Key, Value })),
        };
        await client.send(new sdk.PutAlarmMuteRuleCommand(input), options);
      }),
    deleteMuteRule: (place, name, call) =>
      goneIsDone(
        cloudwatch(place, call, "cloudwatch:DeleteAlarmMuteRule", `mute rule ${name}`, async (client, sdk, options) => {
          await client.send(new sdk.DeleteAlarmMuteRuleCommand({ AlarmMuteRuleName: name }), options);
        }),
      ),

    tag: (place, arn, tags, call) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      if (isTopic(arn))
        return sns(place, call, "sns:TagResource", `tags of ${topicNamed(arn)}`, async (client, sdk, options) => {
          await client.send(new sdk.TagResourceCommand({ ResourceArn: arn, Tags }), options);
        });
      const subject = `tags of alarm ${alarmNamed(arn)}`;
      return cloudwatch(place, call, "cloudwatch:TagResource", subject, async (client, sdk, options) => {
        await client.send(new sdk.TagResourceCommand({ ResourceARN: arn, Tags }), options);
      });
    },
    untag: (place, arn, keys, call) => {
      const TagKeys = [...keys];
      if (isTopic(arn))
        return sns(place, call, "sns:UntagResource", `tags of ${topicNamed(arn)}`, async (client, sdk, options) => {
          await client.send(new sdk.UntagResourceCommand({ ResourceArn: arn, TagKeys }), options);
        });
      const subject = `tags of alarm ${alarmNamed(arn)}`;
      return cloudwatch(place, call, "cloudwatch:UntagResource", subject, async (client, sdk, options) => {
        await client.send(new sdk.UntagResourceCommand({ ResourceARN: arn, TagKeys }), options);
      });
    },

    createTopic: (place, name, tags, call) =>
      sns(place, call, "sns:CreateTopic", `topic ${name}`, async (client, sdk, options) => {
        const input = { Name: name, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
        const { TopicArn: arn } = await client.send(new sdk.CreateTopicCommand(input), options);
        if (arn === undefined) throw new CloudError("unreachable", `AWS answered without the ARN of topic ${name}`);
        return arn;
      }),
    deleteTopic: (place, arn, call) =>
      sns(place, call, "sns:DeleteTopic", topicNamed(arn), async (client, sdk, options) => {
        await client.send(new sdk.DeleteTopicCommand({ TopicArn: arn }), options);
      }),
    setTopicPolicy: (place, arn, policy, call) =>
      sns(place, call, "sns:SetTopicAttributes", `policy of ${topicNamed(arn)}`, async (client, sdk, options) => {
        const input = { TopicArn: arn, AttributeName: "Policy", AttributeValue: policy };
        await client.send(new sdk.SetTopicAttributesCommand(input), options);
      }),
    subscribe: (place, topicArn, wish, call) =>
      sns(place, call, "sns:Subscribe", `subscription to ${topicNamed(topicArn)}`, async (client, sdk, options) => {
        const input = { TopicArn: topicArn, Protocol: wish.protocol, Endpoint: wish.endpoint };
        const { SubscriptionArn: arn } = await client.send(new sdk.SubscribeCommand(input), options);
        return { confirmed: arn?.startsWith("arn:") === true };
      }),
    unsubscribe: (place, subscriptionArn, call) =>
      goneIsDone(
        sns(place, call, "sns:Unsubscribe", `subscription ${subscriptionArn}`, async (client, sdk, options) => {
          await client.send(new sdk.UnsubscribeCommand({ SubscriptionArn: subscriptionArn }), options);
        }),
      ),
  };
}

function alarmNamed(arn: string): string {
  return arn.split(":").slice(6).join(":");
}

/** What is gone already need not be deleted. */
async function goneIsDone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof CloudError) || error.failure !== "not-found") throw error;
  }
}
