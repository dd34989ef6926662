import type { Clock } from "../domain/index.ts";
import { checkTags } from "./aws-cloudwatch-alarm.ts";
import { queryService, type QueryParameters, type Xml } from "./aws-query.ts";
import { AwsFault, type AwsService } from "./aws-server.ts";
import { Poster, type Delivery, type PosterOptions } from "./aws-sns-post.ts";
import { createSigner, type Signer } from "./aws-sns-sign.ts";
import { Topics, type Subscription, type Topic } from "./aws-sns-topics.ts";
import type { SandboxQueues } from "./aws-sqs.ts";

const NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/";
const PAGE = 100;

/** The simulated SNS. */
export interface SandboxSns {
  readonly service: AwsService;
  readonly topics: Topics;
  readonly signer: Signer;
  /** The newest tries of delivering over HTTP(S). */
  readonly deliveries: readonly Delivery[];
  stop(): Promise<void>;
}

/** Makes an SNS with a signing key of its own. Its certificate is served without a signature at `signer.path`. */
export async function createSns(
  options: { readonly clock: Clock; readonly account: string; readonly queues: SandboxQueues } & Omit<
    PosterOptions,
    "clock"
  >,
): Promise<SandboxSns> {
  const { clock, account, queues } = options;
  const signer = await createSigner();
  const poster = new Poster(options);
  const topics = new Topics({ clock, account, signer, poster, queues });
  return {
    service: snsService(topics, signer, account),
    topics,
    signer,
    deliveries: poster.deliveries,
    stop: () => poster.stop(),
  };
}

function snsService(topics: Topics, signer: Signer, account: string): AwsService {
  const inRegion = (region: string): Topic[] => [...topics.all.values()].filter((topic) => topic.region === region);
  const service = queryService("sns", NAMESPACE, {
    CreateTopic: (parameters, { region }) => {
      const tags = tagsOf(parameters);
      checkTags(tags);
      return { TopicArn: topics.create(region, parameters.required("Name"), attributesOf(parameters), tags).arn };
    },
    DeleteTopic: (parameters) => {
      topics.all.delete(parameters.required("TopicArn"));
      return {};
    },
    ListTopics: (parameters, { region }) =>
      paged("Topics", inRegion(region), parameters, (topic) => ({ TopicArn: topic.arn })),
    GetTopicAttributes: (parameters) => {
      const topic = topics.get(parameters.required("TopicArn"));
      const confirmed = topic.subscriptions.filter((one) => one.confirmed).length;
      const computed: [string, string][] = [
        ["TopicArn", topic.arn],
        ["Owner", account],
        ["SubscriptionsConfirmed", String(confirmed)],
        ["SubscriptionsPending", String(topic.subscriptions.length - confirmed)],
        ["SubscriptionsDeleted", "0"],
      ];
      return { Attributes: new Map([...topic.attributes, ...computed]) };
    },
    SetTopicAttributes: (parameters) => {
      const name = parameters.required("AttributeName");
      topics.setAttribute(parameters.required("TopicArn"), name, parameters.get("AttributeValue") ?? "");
      return {};
    },
    Subscribe: (parameters) => {
      const subscription = topics.subscribe(
        parameters.required("TopicArn"),
        parameters.required("Protocol"),
        parameters.required("Endpoint"),
        attributesOf(parameters),
      );
      const shown = subscription.confirmed || parameters.get("ReturnSubscriptionArn") === "true";
      return { SubscriptionArn: shown ? subscription.arn : "pending confirmation" };
    },
    ConfirmSubscription: (parameters) => ({
      SubscriptionArn: topics.confirm(parameters.required("TopicArn"), parameters.required("Token")).arn,
    }),
    ListSubscriptionsByTopic: (parameters) => {
      const topic = topics.get(parameters.required("TopicArn"));
      return paged("Subscriptions", topic.subscriptions, parameters, (one) => subscriptionXml(one, topic, account));
    },
    Unsubscribe: (parameters) => {
      topics.unsubscribe(parameters.required("SubscriptionArn"));
      return {};
    },
    Publish: (parameters) => {
      const arn = parameters.get("TopicArn") ?? parameters.required("TargetArn");
      return { MessageId: topics.publish(arn, parameters.get("Subject"), parameters.required("Message")) };
    },
    ListTagsForResource: (parameters) => ({
      Tags: [...taggedTopic(topics, parameters).tags].map(([Key, Value]) => ({ Key, Value })),
    }),
    TagResource: (parameters) => {
      const { tags } = taggedTopic(topics, parameters);
      const more = tagsOf(parameters);
      checkTags(new Map([...tags, ...more]));
      for (const [key, value] of more) tags.set(key, value);
      return {};
    },
    UntagResource: (parameters) => {
      const { tags } = taggedTopic(topics, parameters);
      for (const key of parameters.list("TagKeys") ?? []) tags.delete(key);
      return {};
    },
  });
  return { ...service, open: (url) => openPage(url, topics, signer) };
}

/** What anyone may fetch: the signing certificate, and the link that confirms a subscription. */
function openPage(url: URL, topics: Topics, signer: Signer) {
  if (url.pathname === signer.path)
    return { status: 200, contentType: "application/x-pem-file", body: signer.certificate };
  if (url.pathname !== "/" || url.searchParams.get("Action") !== "ConfirmSubscription") return undefined;
  try {
    topics.confirm(url.searchParams.get("TopicArn") ?? "", url.searchParams.get("Token") ?? "");
    return { status: 200, contentType: "text/xml", body: "<ConfirmSubscriptionResponse/>" };
  } catch (error) {
    if (error instanceof AwsFault) return { status: error.status, contentType: "text/plain", body: error.message };
    throw error;
  }
}

function taggedTopic(topics: Topics, parameters: QueryParameters): Topic {
  const found = topics.all.get(parameters.required("ResourceArn"));
  if (found === undefined) throw new AwsFault("ResourceNotFound", "Resource does not exist", 404);
  return found;
}

function paged<T>(key: string, items: readonly T[], parameters: QueryParameters, render: (item: T) => Xml): Xml {
  const from = Number(parameters.get("NextToken") ?? 0);
  if (!Number.isInteger(from) || from < 0) throw new AwsFault("InvalidParameter", "Invalid parameter: NextToken");
  const next = from + PAGE < items.length ? String(from + PAGE) : undefined;
  return { [key]: items.slice(from, from + PAGE).map(render), NextToken: next };
}

function subscriptionXml(one: Subscription, topic: Topic, account: string): Xml {
  return {
    SubscriptionArn: one.confirmed ? one.arn : "PendingConfirmation",
    Owner: account,
    Protocol: one.protocol,
    Endpoint: one.endpoint,
    TopicArn: topic.arn,
  };
}

function attributesOf(parameters: QueryParameters): Map<string, string> {
  const found = new Map<string, string>();
  for (let index = 1; ; index++) {
    const key = parameters.get(`Attributes.entry.${index}.key`);
    if (key === undefined) return found;
    found.set(key, parameters.get(`Attributes.entry.${index}.value`) ?? "");
  }
}

function tagsOf(parameters: QueryParameters): Map<string, string> {
  const found = new Map<string, string>();
  for (let index = 1; ; index++) {
    const key = parameters.get(`Tags.member.${index}.Key`);
    if (key === undefined) return found;
    found.set(key, parameters.get(`Tags.member.${index}.Value`) ?? "");
  }
}
