import { createHash, randomUUID } from "node:crypto";
import { wait, type Clock } from "../domain/index.ts";
import { jsonService, type Input, type Json } from "./aws-json.ts";
import { policyAllows } from "./aws-sns-policy.ts";
import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";

interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  receipt: string;
  received: number;
  /** Epoch ms before which it is not given out. */
  visibleAt: number;
}

/** A queue. */
export interface Queue {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly attributes: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly messages: Message[];
}

/** The simulated SQS. */
export interface SandboxQueues {
  readonly service: AwsService;
  readonly all: ReadonlyMap<string, Queue>;
  /** Makes a queue, as a person does by hand; one that is there stays. */
  create(region: string, name: string, attributes: Readonly<Record<string, string>>): Queue;
  /** Puts a message into the queue of this ARN, if there is one and its policy lets `service` send. */
  deliver(arn: string, body: string, service: string): boolean;
  /** Ends the long polls that are under way. */
  stop(): void;
}

/** Messages of one queue; beyond that the oldest go. */
const MAX_MESSAGES = 10_000;
const VISIBILITY_SECONDS = "30";
/** How often a long poll looks again. */
const POLL_MS = 50;

/** Makes an SQS: CreateQueue, GetQueueUrl, attributes, SendMessage, ReceiveMessage with long polling, DeleteMessage. */
export function createQueues(options: { readonly clock: Clock; readonly account: string }): SandboxQueues {
  const { clock, account } = options;
  const queues = new Map<string, Queue>();
  const stopped = new AbortController();
  const urlOf = (queue: Queue, request: AwsRequest): string => {
    const { host } = request.headers;
    return `http://${typeof host === "string" ? host : "127.0.0.1"}/${account}/${queue.name}`;
  };
  const named = (name: string, request: AwsRequest): Queue => {
    const found = queues.get(`arn:aws:sqs:${request.region}:${account}:${name}`);
    if (found === undefined)
      throw new AwsFault("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");
    return found;
  };
  const queueOf = (input: Input, request: AwsRequest): Queue =>
    named(input.required("QueueUrl").split("/").at(-1) ?? "", request);
  const put = (queue: Queue, body: string): Message => {
    const message = { id: randomUUID(), body, sentAt: clock.now(), receipt: "", received: 0, visibleAt: 0 };
    queue.messages.push(message);
    if (queue.messages.length > MAX_MESSAGES) queue.messages.shift();
    return message;
  };

  const create = (
    region: string,
    name: string,
    attributes: Readonly<Record<string, string>>,
    tags: Readonly<Record<string, string>> = {},
  ): Queue => {
    const arn = `arn:aws:sqs:${region}:${account}:${name}`;
    const queue = queues.get(arn) ?? {
      arn,
      name,
      region,
      attributes: new Map(Object.entries(attributes)),
      tags: new Map(Object.entries(tags)),
      messages: [],
    };
    queues.set(arn, queue);
    return queue;
  };

  const service = jsonService({
    scope: "sqs",
    target: "AmazonSQS",
    version: "1.0",
    namespace: "com.amazonaws.sqs",
    queryCompatible: true,
    operations: {
      CreateQueue: (input, request) => {
        const name = input.required("QueueName");
        const queue = create(request.region, name, input.map("Attributes") ?? {}, input.map("tags") ?? {});
        return { QueueUrl: urlOf(queue, request) };
      },
      GetQueueUrl: (input, request) => ({ QueueUrl: urlOf(named(input.required("QueueName"), request), request) }),
      GetQueueAttributes: (input, request) => {
        const queue = queueOf(input, request);
        const all: Record<string, string> = {
          ...Object.fromEntries(queue.attributes),
          QueueArn: queue.arn,
          ApproximateNumberOfMessages: String(queue.messages.length),
        };
        const wanted = input.texts("AttributeNames") ?? [];
        const chosen = Object.entries(all).filter(([key]) => wanted.includes("All") || wanted.includes(key));
        return { Attributes: Object.fromEntries(chosen) };
      },
      SetQueueAttributes: (input, request) => {
        const { attributes } = queueOf(input, request);
        for (const [key, value] of Object.entries(input.map("Attributes") ?? {})) attributes.set(key, value);
        return {};
      },
      SendMessage: (input, request) => {
        const message = put(queueOf(input, request), input.required("MessageBody"));
        return { MessageId: message.id, MD5OfMessageBody: md5(message.body) };
      },
      ReceiveMessage: async (input, request) => {
        const queue = queueOf(input, request);
        const most = input.number("MaxNumberOfMessages") ?? 1;
        if (!(most >= 1 && most <= 10))
          throw new AwsFault("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10");
        const until = clock.monotonic() + Math.min(20, input.number("WaitTimeSeconds") ?? 0) * 1000;
        let found = visible(queue, clock.now(), most);
        while (found.length === 0 && clock.monotonic() < until && !stopped.signal.aborted) {
          await wait(clock, POLL_MS, stopped.signal);
          found = visible(queue, clock.now(), most);
        }
        const hidden = Number(queue.attributes.get("VisibilityTimeout") ?? VISIBILITY_SECONDS);
        const forMs = (input.number("VisibilityTimeout") ?? hidden) * 1000;
        return { Messages: found.map((message) => give(message, clock.now() + forMs)) };
      },
      DeleteMessage: (input, request) => {
        const { messages } = queueOf(input, request);
        const receipt = input.required("ReceiptHandle");
        const index = messages.findIndex((message) => message.receipt === receipt);
        if (index >= 0) messages.splice(index, 1);
        return {};
      },
    },
  });
  return {
    service,
    all: queues,
    create: (region, name, attributes) => create(region, name, attributes),
    deliver: (arn, body, sender) => {
      const queue = queues.get(arn);
      if (queue === undefined || !policyAllows(queue.attributes.get("Policy"), sender, "sqs:SendMessage")) return false;
      put(queue, body);
      return true;
    },
    stop: () => stopped.abort(),
  };
}

function visible(queue: Queue, now: number, most: number): Message[] {
  return queue.messages.filter((message) => message.visibleAt <= now).slice(0, most);
}

/** Gives a message out and hides it until `until`; earlier receipts of it are void. */
function give(message: Message, until: number): Json {
  message.receipt = randomUUID();
  message.received++;
  message.visibleAt = until;
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: { SentTimestamp: String(message.sentAt), ApproximateReceiveCount: String(message.received) },
  };
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
