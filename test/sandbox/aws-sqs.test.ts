import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import { ACCOUNT, account, REGION } from "../aws/alarm-account.ts";
import { FakeClock } from "../fakes/clock.ts";

async function start() {
  const clock = new FakeClock();
  const made = await account({ clock });
  const client = new SQSClient(made.client);
  onTestFinished(() => client.destroy());
  const { QueueUrl } = await client.send(
    new CreateQueueCommand({ QueueName: "alarms", Attributes: { VisibilityTimeout: "30" } }),
  );
  return { ...made, clock, client, QueueUrl };
}

test("a message is hidden while it is worked on, comes again after, and is gone when it was deleted", async () => {
  const { client, clock, QueueUrl, aws } = await start();
  expect(QueueUrl).toBe(`${aws.url}/${ACCOUNT}/alarms`);
  expect((await client.send(new GetQueueUrlCommand({ QueueName: "alarms" }))).QueueUrl).toBe(QueueUrl);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "<ü>" }));
  const receive = async () => (await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages ?? [];
  expect((await receive()).map((message) => message.Body)).toEqual(["<ü>"]);
  expect(await receive()).toEqual([]);
  await clock.advance(30_000);
  const [again] = await receive();
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
  await clock.advance(30_000);
  expect(await receive()).toEqual([]);
  const attributes = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] });
  expect((await client.send(attributes)).Attributes).toEqual({ QueueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:alarms` });
});

test("a long poll answers as soon as there is a message, and empty when its time is over", async () => {
  const { client, clock, QueueUrl } = await start();
  const poll = () => client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  const first = poll();
  await expect.poll(() => clock.waiting).toBe(1);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "here" }));
  await clock.advance(50);
  expect((await first).Messages?.map((message) => message.Body)).toEqual(["here"]);
  const second = poll();
  await expect.poll(() => clock.waiting).toBe(1);
  await clock.advance(20_000);
  expect((await second).Messages ?? []).toEqual([]);
});

test("an unknown queue is told as SQS tells it", async () => {
  const { client } = await start();
  const asked = client.send(new GetQueueUrlCommand({ QueueName: "none" }));
  await expect(asked).rejects.toThrow(/does not exist/);
});
