import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTagsForResourceCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
  paginateListTopics,
} from "@aws-sdk/client-sns";
import { expect, onTestFinished, test } from "vitest";
import { policyAllows } from "../../src/sandbox/aws-sns-policy.ts";
import { ACCOUNT, account, REGION } from "../aws/alarm-account.ts";

async function start() {
  const made = await account();
  const client = new SNSClient(made.client);
  onTestFinished(() => client.destroy());
  return { ...made, client };
}

test("creating a topic again gives the same one, unless its tags or attributes would be others", async () => {
  const { client } = await start();
  const create = (value: string, version = "1") =>
    client.send(
      new CreateTopicCommand({
        Name: "ops",
        Tags: [{ Key: "a", Value: value }],
        Attributes: { SignatureVersion: version },
      }),
    );
  const { TopicArn } = await create("1");
  expect(TopicArn).toBe(`arn:aws:sns:${REGION}:${ACCOUNT}:ops`);
  expect((await create("1")).TopicArn).toBe(TopicArn);
  expect((await client.send(new CreateTopicCommand({ Name: "ops" }))).TopicArn).toBe(TopicArn);
  await expect(create("2")).rejects.toThrow(/different tags/);
  await expect(create("1", "2")).rejects.toThrow(/different attributes/);
  await expect(client.send(new CreateTopicCommand({ Name: "no spaces" }))).rejects.toThrow(/Topic Name/);
  const tags = await client.send(new ListTagsForResourceCommand({ ResourceArn: TopicArn }));
  expect(tags.Tags).toEqual([{ Key: "a", Value: "1" }]);
});

test("topics are told in pages of 100, each region its own", async () => {
  const { client, sns } = await start();
  for (let index = 0; index < 130; index++) sns.topics.create(REGION, `t${index}`, new Map(), new Map());
  sns.topics.create("us-east-1", "far", new Map(), new Map());
  const sizes: number[] = [];
  for await (const page of paginateListTopics({ client }, {})) sizes.push(page.Topics?.length ?? 0);
  expect(sizes).toEqual([100, 30]);
});

test("a subscription is pending until its token comes back, by the API or by the link that was sent", async () => {
  const { client, sns, aws } = await start();
  const { TopicArn = "" } = await client.send(new CreateTopicCommand({ Name: "ops" }));
  const subscribe = (Endpoint: string, Protocol = "https") =>
    client.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
  const listed = async () => (await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions ?? [];
  for (const path of ["a", "b"])
    expect((await subscribe(`https://127.0.0.1:1/${path}`)).SubscriptionArn).toBe("pending confirmation");
  expect((await subscribe("ops@example.com", "email")).SubscriptionArn).toBe("pending confirmation");
  expect((await subscribe("https://127.0.0.1:1/a")).SubscriptionArn).toBe("pending confirmation");
  expect((await listed()).map((one) => one.SubscriptionArn)).toEqual(Array(3).fill("PendingConfirmation"));

  const [first, second] = sns.topics.get(TopicArn).subscriptions;
  const confirmed = await client.send(new ConfirmSubscriptionCommand({ TopicArn, Token: first?.token ?? "" }));
  expect(confirmed.SubscriptionArn).toBe(first?.arn);
  const link = `${aws.url}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(TopicArn)}&Token=${second?.token}`;
  expect((await fetch(link)).status).toBe(200);
  expect((await fetch(`${link}x`)).status).toBe(400);
  expect((await listed()).map((one) => one.SubscriptionArn)).toEqual([first?.arn, second?.arn, "PendingConfirmation"]);
  const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes).toMatchObject({ SubscriptionsConfirmed: "2", SubscriptionsPending: "1", TopicArn });
  await client.send(new UnsubscribeCommand({ SubscriptionArn: first?.arn }));
  expect(await listed()).toHaveLength(2);
  await expect(subscribe("http://127.0.0.1:1/a")).rejects.toThrow(/protocol/);
});

test("only the certificate stands open: without a signature nothing else is told", async () => {
  const { aws, sns } = await start();
  const answer = await fetch(`${aws.url}${sns.signer.path}`);
  expect(await answer.text()).toBe(sns.signer.certificate);
  expect((await fetch(`${aws.url}/SimpleNotificationService-x.pem`)).status).toBe(403);
  expect((await fetch(`${aws.url}/?Action=ListTopics`)).status).toBe(403);
});

test("policies that are none, empty messages and unknown topics are refused", async () => {
  const { client } = await start();
  const { TopicArn } = await client.send(new CreateTopicCommand({ Name: "ops" }));
  const set = (AttributeValue: string) =>
    client.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue }));
  await expect(set("{")).rejects.toThrow(/Policy/);
  const policy = JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "sns:*" } });
  await set(policy);
  const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes?.["Policy"]).toBe(policy);
  const gone = client.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: "m" }));
  await expect(gone).rejects.toMatchObject({ name: "NotFoundException" });
  expect((await client.send(new PublishCommand({ TopicArn, Message: "m" }))).MessageId).toMatch(/^[0-9a-f-]{36}$/);
});

test.each([
  [{ Effect: "Allow", Principal: { Service: "cloudwatch.amazonaws.com" }, Action: "SNS:Publish" }, true],
  [{ Effect: "Allow", Principal: { Service: ["x", "cloudwatch.amazonaws.com"] }, Action: ["sns:publish"] }, true],
  [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sns:*" }, true],
  [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::1:root" }, Action: "sns:*" }, false],
  [{ Effect: "Allow", Principal: "*", Action: "sns:Subscribe" }, false],
  [{ Effect: "Deny", Principal: "*", Action: "*" }, false],
])("whether a policy lets CloudWatch publish: %j: %s", (statement, wanted) => {
  const policy = JSON.stringify({ Statement: [statement] });
  expect(policyAllows(policy, "cloudwatch.amazonaws.com", "sns:Publish")).toBe(wanted);
});
