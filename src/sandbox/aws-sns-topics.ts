import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../domain/index.ts";
import { defaultTopicPolicy, isPolicy, policyAllows } from "./aws-sns-policy.ts";
import type { Poster } from "./aws-sns-post.ts";
import type { Signer, Unsigned } from "./aws-sns-sign.ts";
import type { SandboxQueues } from "./aws-sqs.ts";
import { AwsFault } from "./aws-server.ts";

/** A topic. */
export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly attributes: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly subscriptions: Subscription[];
}

/** A subscription; pending until it is confirmed. */
export interface Subscription {
  readonly arn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly token: string;
  confirmed: boolean;
  raw: boolean;
}

const NAME = /^[\w-]{1,256}$/;
const PROTOCOLS: readonly string[] = ["http", "https", "email", "email-json", "sqs", "lambda", "sms"];
/** Kept for looking at what was sent. */
const MAX_PUBLISHED = 1_000;

/** All topics of the account, and what is sent through them. */
export class Topics {
  readonly all = new Map<string, Topic>();
  readonly published: { readonly topicArn: string; readonly subject: string | undefined; readonly message: string }[] =
    [];
  readonly #ports: {
    readonly clock: Clock;
    readonly account: string;
    readonly signer: Signer;
    readonly poster: Poster;
    readonly queues: SandboxQueues;
  };

  constructor(ports: {
    readonly clock: Clock;
    readonly account: string;
    readonly signer: Signer;
    readonly poster: Poster;
    readonly queues: SandboxQueues;
  }) {
    this.#ports = ports;
  }

  /** The same name gives the same topic; other attributes or tags than it has are refused. @throws AwsFault */
  create(
    region: string,
    name: string,
    attributes: ReadonlyMap<string, string>,
    tags: ReadonlyMap<string, string>,
  ): Topic {
    if (!NAME.test(name)) throw new AwsFault("InvalidParameter", "Invalid parameter: Topic Name");
    const arn = `arn:aws:sns:${region}:${this.#ports.account}:${name}`;
    const existing = this.all.get(arn);
    if (existing !== undefined) {
      const same = (held: Map<string, string>, given: ReadonlyMap<string, string>): boolean =>
        [...given].every(([key, value]) => held.get(key) === value);
      if (!same(existing.attributes, attributes))
        throw new AwsFault(
          "InvalidParameter",
          "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
        );
      if (tags.size > 0 && !(same(existing.tags, tags) && existing.tags.size === tags.size))
        throw new AwsFault(
          "InvalidParameter",
          "Invalid parameter: Tags Reason: Topic already exists with different tags",
        );
      return existing;
    }
    const own = new Map([["Policy", defaultTopicPolicy(arn, this.#ports.account)], ...attributes]);
    const topic: Topic = { arn, name, region, attributes: own, tags: new Map(tags), subscriptions: [] };
    this.all.set(arn, topic);
    return topic;
  }

  /** @throws AwsFault NotFound */
  get(arn: string): Topic {
    const found = this.all.get(arn);
    if (found === undefined) throw new AwsFault("NotFound", "Topic does not exist", 404);
    return found;
  }

  /** @throws AwsFault */
  setAttribute(arn: string, name: string, value: string): void {
    const topic = this.get(arn);
    if (name === "Policy" && !isPolicy(value))
      throw new AwsFault("InvalidParameter", "Invalid parameter: Policy Reason: Policy is not valid JSON");
    if (name === "SignatureVersion" && value !== "1" && value !== "2")
      throw new AwsFault("InvalidParameter", "Invalid parameter: SignatureVersion");
    topic.attributes.set(name, value);
  }

  /** A queue is confirmed at once, an https endpoint when it answers with its token, a mailbox never here. @throws AwsFault */
  subscribe(arn: string, protocol: string, endpoint: string, attributes: ReadonlyMap<string, string>): Subscription {
    const topic = this.get(arn);
    if (!PROTOCOLS.includes(protocol))
      throw new AwsFault("InvalidParameter", "Invalid parameter: Does not support this protocol string");
    if (/^https?$/.test(protocol) && !endpoint.startsWith(`${protocol}://`))
      throw new AwsFault("InvalidParameter", "Invalid parameter: Endpoint must match the specified protocol");
    const existing = topic.subscriptions.find((one) => one.protocol === protocol && one.endpoint === endpoint);
    if (existing !== undefined) {
      if (!existing.confirmed) this.#askToConfirm(topic, existing);
      return existing;
    }
    const subscription: Subscription = {
      arn: `${topic.arn}:${randomUUID()}`,
      protocol,
      endpoint,
      token: randomBytes(64).toString("hex"),
      confirmed: protocol === "sqs" || protocol === "lambda",
      raw: attributes.get("RawMessageDelivery") === "true",
    };
    topic.subscriptions.push(subscription);
    if (!subscription.confirmed) this.#askToConfirm(topic, subscription);
    return subscription;
  }

  /** @throws AwsFault for a token that was never sent */
  confirm(arn: string, token: string): Subscription {
    const found = this.get(arn).subscriptions.find((one) => one.token === token);
    if (found === undefined) throw new AwsFault("InvalidParameter", "Invalid parameter: Token");
    found.confirmed = true;
    return found;
  }

  unsubscribe(arn: string): void {
    for (const { subscriptions } of this.all.values()) {
      const index = subscriptions.findIndex((one) => one.arn === arn);
      if (index >= 0) subscriptions.splice(index, 1);
    }
  }

  /** Sends to every confirmed subscription; the message's id. @throws AwsFault */
  publish(arn: string, subject: string | undefined, message: string): string {
    const topic = this.get(arn);
    if (message === "") throw new AwsFault("InvalidParameter", "Invalid parameter: Empty message");
    if (subject !== undefined && (subject === "" || subject.length > 100))
      throw new AwsFault("InvalidParameter", "Invalid parameter: Subject");
    this.published.push({ topicArn: arn, subject, message });
    if (this.published.length > MAX_PUBLISHED) this.published.shift();
    const id = randomUUID();
    for (const subscription of topic.subscriptions) {
      if (!subscription.confirmed) continue;
      const unsigned: Unsigned = {
        Type: "Notification",
        MessageId: id,
        TopicArn: arn,
        ...(subject === undefined ? {} : { Subject: subject }),
        Message: message,
        Timestamp: new Date(this.#ports.clock.now()).toISOString(),
        UnsubscribeURL: `https://sns.${topic.region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
      };
      this.#send(topic, subscription, unsigned);
    }
    return id;
  }

  /** As a service of the account; a sentence when it may not or there is no such topic. */
  publishAs(service: string, arn: string, subject: string, message: string): string | undefined {
    const topic = this.all.get(arn);
    if (topic === undefined) return `the topic ${arn} does not exist`;
    if (!policyAllows(topic.attributes.get("Policy"), service, "sns:Publish"))
      return `the topic's policy does not let ${service} publish`;
    this.publish(arn, subject, message);
    return undefined;
  }

  #askToConfirm(topic: Topic, subscription: Subscription): void {
    const query = new URLSearchParams({
      Action: "ConfirmSubscription",
      TopicArn: topic.arn,
      Token: subscription.token,
    });
    this.#send(topic, subscription, {
      Type: "SubscriptionConfirmation",
      MessageId: randomUUID(),
      TopicArn: topic.arn,
      Token: subscription.token,
      Message: `You have chosen to subscribe to the topic ${topic.arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
      SubscribeURL: `https://sns.${topic.region}.amazonaws.com/?${query.toString()}`,
      Timestamp: new Date(this.#ports.clock.now()).toISOString(),
    });
  }

  #send(topic: Topic, subscription: Subscription, unsigned: Unsigned): void {
    const { signer, poster, queues } = this.#ports;
    const version = topic.attributes.get("SignatureVersion") === "2" ? "2" : "1";
    const whole = signer.signed(unsigned, version, topic.region);
    const body = subscription.raw && unsigned.Type === "Notification" ? unsigned.Message : whole;
    if (subscription.protocol === "sqs") queues.deliver(subscription.endpoint, body, "sns.amazonaws.com");
    else if (/^https?$/.test(subscription.protocol))
      poster.post(subscription.endpoint, {
        type: unsigned.Type,
        messageId: unsigned.MessageId,
        topicArn: topic.arn,
        subscriptionArn: unsigned.Type === "Notification" ? subscription.arn : undefined,
        body,
      });
  }
}
