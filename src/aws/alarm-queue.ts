import type { SQSClient } from "@aws-sdk/client-sqs";
import { CloudError, type CloudPlace } from "../domain/index.ts";
import { AwsClients, type AwsOverrides } from "./clients.ts";
import { toCloudError } from "./errors.ts";

/** A message that waits in a queue until it is done with. */
export interface QueuedMessage {
  /** What SNS put there: its whole envelope, unless the subscription delivers raw messages. */
  readonly body: string;
  readonly receipt: string;
}

/** Takes alarm notifications out of an SQS queue that a topic delivers to. */
export interface AlarmQueue {
  /** Waits up to `waitMs` (at most 20 s) for at most ten messages. @throws CloudError */
  receive(place: CloudPlace, queueArn: string, waitMs: number, signal: AbortSignal): Promise<QueuedMessage[]>;
  /** Removes a message; without that it comes again. @throws CloudError */
  done(place: CloudPlace, queueArn: string, receipt: string, signal: AbortSignal): Promise<void>;
}

const MAX_WAIT_MS = 20_000;
/** The longest poll, and some time for the network. */
const REQUEST_TIMEOUT_MS = 25_000;
const MOST = 10;

/** Reads queues by ARN. The SDK is loaded at the first look. */
export function createAlarmQueue(overrides: AwsOverrides): AlarmQueue {
  const clients = new AwsClients<SQSClient>({ requestTimeoutMs: REQUEST_TIMEOUT_MS, ...overrides }, async (config) => {
    const { SQSClient } = await import("@aws-sdk/client-sqs");
    // The queue's URL names a host; where another endpoint is configured, that one is meant.
    return new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
  });
  const urls = new Map<string, string>();

  const call = async <T>(
    place: CloudPlace,
    queueArn: string,
    operation: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const subject = `queue ${queueArn.split(":").at(-1) ?? queueArn}`;
      throw toCloudError(error, { permission: `sqs:${operation}`, subject, region: place.region, signal });
    }
  };
  const urlOf = async (place: CloudPlace, queueArn: string, signal: AbortSignal): Promise<string> => {
    const known = urls.get(queueArn);
    if (known !== undefined) return known;
    return call(place, queueArn, "GetQueueUrl", signal, async () => {
      const { GetQueueUrlCommand } = await import("@aws-sdk/client-sqs");
      const [account, name] = queueArn.split(":").slice(4);
      const client = await clients.for(place);
      const command = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account });
      const { QueueUrl: url } = await client.send(command, { abortSignal: signal });
      if (url === undefined)
        throw new CloudError("failed", `AWS answered without the URL of queue ${name ?? queueArn}`);
      urls.set(queueArn, url);
      return url;
    });
  };

  return {
    receive: async (place, queueArn, waitMs, signal) => {
      const QueueUrl = await urlOf(place, queueArn, signal);
      return call(place, queueArn, "ReceiveMessage", signal, async () => {
        const { ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
        const client = await clients.for(place);
        const WaitTimeSeconds = Math.floor(Math.min(MAX_WAIT_MS, Math.max(0, waitMs)) / 1000);
        const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: MOST, WaitTimeSeconds });
        // An empty queue is answered without a list.
        const { Messages: messages = [] } = await client.send(command, { abortSignal: signal });
        return messages.map(({ Body, ReceiptHandle }) => {
          if (Body === undefined || ReceiptHandle === undefined)
            throw new CloudError("failed", "AWS gave a message without its body or receipt");
          return { body: Body, receipt: ReceiptHandle };
        });
      });
    },
    done: async (place, queueArn, receipt, signal) => {
      const QueueUrl = await urlOf(place, queueArn, signal);
      await call(place, queueArn, "DeleteMessage", signal, async () => {
        const { DeleteMessageCommand } = await import("@aws-sdk/client-sqs");
        const client = await clients.for(place);
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }), { abortSignal: signal });
      });
    },
  };
}
