import {
  CloudError,
  type CloudCall,
  type CloudPlace,
  type ObservedSubscription,
  type ObservedTopic,
} from "../domain/index.ts";
import { everyPage, send, snsClients, type AlarmClients } from "./alarm-clients.ts";
import type { AwsOverrides } from "./clients.ts";
import { toCloudError } from "./errors.ts";

/** A topic's policy and subscriptions; `undefined` when SNS says that there is none. @throws CloudError */
export async function readTopic(
  clients: AlarmClients,
  place: CloudPlace,
  arn: string,
  call: CloudCall,
): Promise<ObservedTopic | undefined> {
  try {
    const policy = await policyOf(clients, place, arn, call);
    return { arn, policy, subscriptions: await subscriptionsOf(clients, place, arn, call) };
  } catch (error) {
    if (error instanceof CloudError && error.failure === "not-found") return undefined;
    throw error;
  }
}

async function policyOf(clients: AlarmClients, place: CloudPlace, arn: string, call: CloudCall): Promise<string> {
  const { GetTopicAttributesCommand } = await import("@aws-sdk/client-sns");
  return send({ place, call, operation: "sns:GetTopicAttributes", subject: topicNamed(arn) }, async () => {
    const client = await clients.sns.for(place);
    const answer = await client.send(new GetTopicAttributesCommand({ TopicArn: arn }), { abortSignal: call.signal });
    // SNS tells a topic's own ARN with its attributes: without it this is no answer, and not a topic without policy.
    if (answer.Attributes?.["TopicArn"] === undefined)
      throw new CloudError("failed", `AWS answered without the attributes of ${topicNamed(arn)}`);
    return answer.Attributes["Policy"] ?? "";
  });
}

async function subscriptionsOf(
  clients: AlarmClients,
  place: CloudPlace,
  arn: string,
  call: CloudCall,
): Promise<ObservedSubscription[]> {
  const { ListSubscriptionsByTopicCommand } = await import("@aws-sdk/client-sns");
  const subject = `subscriptions of ${topicNamed(arn)}`;
  return everyPage({ place, call, operation: "sns:ListSubscriptionsByTopic", subject }, async (token) => {
    const client = await clients.sns.for(place);
    const command = new ListSubscriptionsByTopicCommand({
      TopicArn: arn,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return {
      items: answer.Subscriptions?.map((one): ObservedSubscription => {
        const confirmed = one.SubscriptionArn?.startsWith("arn:") === true;
        return {
          arn: confirmed ? one.SubscriptionArn : undefined,
          protocol: one.Protocol ?? "",
          endpoint: one.Endpoint ?? "",
          confirmed,
        };
      }),
      next: answer.NextToken,
    };
  });
}

/** Confirms the platform's own subscription with the token that SNS sent to it. */
export interface SubscriptionConfirmer {
  /** The subscription's ARN. @throws CloudError */
  confirm(place: CloudPlace, topicArn: string, token: string, signal: AbortSignal): Promise<string>;
}

/** Confirms through the API, so that no address out of a message is ever visited. The SDK is loaded at the first call. */
export function createSubscriptionConfirmer(overrides: AwsOverrides): SubscriptionConfirmer {
  const clients = snsClients(overrides);
  return {
    confirm: async (place, topicArn, token, signal) => {
      try {
        const { ConfirmSubscriptionCommand } = await import("@aws-sdk/client-sns");
        const client = await clients.for(place);
        const command = new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: token });
        const answer = await client.send(command, { abortSignal: signal });
        if (answer.SubscriptionArn === undefined)
          throw new CloudError("failed", "AWS confirmed a subscription without an ARN");
        return answer.SubscriptionArn;
      } catch (error) {
        const subject = `subscription to ${topicNamed(topicArn)}`;
        const { region } = place;
        throw toCloudError(error, { permission: "sns:ConfirmSubscription", subject, region, signal, writes: true });
      }
    },
  };
}

/** `topic NAME` */
export function topicNamed(arn: string): string {
  return `topic ${arn.split(":").at(-1) ?? arn}`;
}
