import { createServer } from "node:http";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import { parseAlarmNotification } from "../../src/aws/alarm-notification.ts";
import { createAlarmQueue } from "../../src/aws/alarm-queue.ts";
import { createCertificateSource } from "../../src/aws/sns-certificates.ts";
import { createSnsVerifier } from "../../src/aws/sns-signature.ts";
import { createSubscriptionConfirmer } from "../../src/aws/sns.ts";
import { systemClock } from "../../src/system/clock.ts";
import { portOf } from "../databases/servers.ts";
import { ACCOUNT, account, call, place, REGION } from "./alarm-account.ts";

const never = new AbortController().signal;

const errors = (name: string, topic: string) =>
  ({
    kind: "metric",
    name,
    description: "",
    actionsEnabled: true,
    alarmActions: [topic],
    okActions: [topic],
    insufficientDataActions: [],
    metric: {
      namespace: "corewatch/story",
      metric: "Errors",
      dimensions: [{ name: "Core", value: "acme-1" }],
      statistic: "Sum",
      periodSeconds: 60,
    },
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: "notBreaching",
  }) as const;

/** An endpoint that keeps what is posted to it. */
async function endpoint(status: (posted: number) => number = () => 200) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(status(bodies.length)).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return { bodies, url: `http://127.0.0.1:${portOf(server)}/aws/sns` };
}

test.each(["1", "2"])(
  "an alarm reaches a confirmed endpoint with signature version %s, and is what it says",
  async (version) => {
    const made = await account({ clock: systemClock });
    const { writer, reader, sns, cloudwatch, overrides, aws } = made;
    const { bodies, url } = await endpoint();
    const topicArn = await writer.createTopic(place, "ops", { owner: "corewatch" }, call);
    expect(await writer.createTopic(place, "ops", { owner: "corewatch" }, call)).toBe(topicArn);
    sns.topics.setAttribute(topicArn, "SignatureVersion", version);
    const pending = sns.topics.subscribe(topicArn, "http", url, new Map());
    expect((await reader.topic(place, topicArn, call))?.subscriptions).toEqual([
      { arn: undefined, protocol: "http", endpoint: url, confirmed: false },
    ]);
    await expect.poll(() => bodies.length).toBe(1);

    const certificates = createCertificateSource({ clock: systemClock, endpoint: aws.url });
    const verifier = createSnsVerifier({ clock: systemClock, certificates, isOurs: (arn) => arn === topicArn });
    const asked = await verifier.verify(bodies[0] ?? "");
    if (!asked.ok) throw new Error(asked.refusal);
    expect(asked.message).toMatchObject({ type: "SubscriptionConfirmation", signatureVersion: version });
    const confirmer = createSubscriptionConfirmer(overrides);
    await expect(confirmer.confirm(place, topicArn, "wrong", never)).rejects.toMatchObject({ failure: "failed" });
    expect(await confirmer.confirm(place, topicArn, asked.message.token ?? "", never)).toBe(pending.arn);
    expect((await reader.topic(place, topicArn, call))?.subscriptions).toEqual([
      { arn: pending.arn, protocol: "http", endpoint: url, confirmed: true },
    ]);

    await writer.putMetricAlarm(place, errors("acme errors", topicArn), {}, call);
    cloudwatch.evaluate();
    await writer.setAlarmState(place, "acme errors", "ALARM", "drill 7", undefined, call);
    await expect.poll(() => bodies.length).toBe(3);
    const verdicts = await Promise.all(bodies.slice(1).map((body) => verifier.verify(body)));
    const events = verdicts.map((verdict) =>
      verdict.ok ? parseAlarmNotification(verdict.message.message, "sns") : verdict.refusal,
    );
    expect(events.find((event) => typeof event === "object" && event.state === "ALARM")).toMatchObject({
      arn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:acme errors`,
      account: ACCOUNT,
      region: REGION,
      name: "acme errors",
      previous: "OK",
      reason: "drill 7",
      metric: { namespace: "corewatch/story", metric: "Errors", dimensions: [{ name: "Core", value: "acme-1" }] },
      via: "sns",
    });
    expect((await verifier.verify(bodies[1] ?? "")).ok).toBe(false);
  },
);

test("an endpoint that fails for a while gets its message later", async () => {
  const { bodies, url } = await endpoint((posted) => (posted === 1 ? 500 : 200));
  const { sns } = await account({ clock: systemClock, retryMs: 20 });
  const topic = sns.topics.create(REGION, "ops", new Map(), new Map());
  sns.topics.subscribe(topic.arn, "http", url, new Map());
  await expect.poll(() => bodies.length).toBe(2);
  expect(new Set(bodies).size).toBe(1);
  await expect.poll(() => sns.deliveries.map(({ outcome }) => outcome)).toEqual([500, 200]);
  sns.topics.subscribe(topic.arn, "https", "https://watch.example.com/aws/sns", new Map());
  await expect.poll(() => sns.deliveries.at(-1)?.outcome).toBe("not-loopback");
});

test("an alarm waits in a queue until it is done with; a queue whose policy says nothing of SNS stays empty", async () => {
  const made = await account({ clock: systemClock });
  const { writer, reader, cloudwatch, overrides, client } = made;
  const topicArn = await writer.createTopic(place, "ops", {}, call);
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  onTestFinished(() => sqs.destroy());
  const Policy = JSON.stringify({
    Statement: [
      { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*" },
    ],
  });
  const attributes = { open: { Policy, VisibilityTimeout: "0" }, shut: {} };
  for (const [QueueName, Attributes] of Object.entries(attributes)) {
    await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    const wish = { protocol: "sqs", endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:${QueueName}` } as const;
    expect(await writer.subscribe(place, topicArn, wish, call)).toEqual({ confirmed: true });
  }
  await writer.putMetricAlarm(place, errors("a", topicArn), {}, call);
  cloudwatch.evaluate();
  const queue = createAlarmQueue(overrides);
  const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:open`;
  const [message] = await queue.receive(place, arn, 1_000, never);
  const verifier = createSnsVerifier({
    clock: systemClock,
    certificates: createCertificateSource({ clock: systemClock, endpoint: made.aws.url }),
    isOurs: (topic) => topic === topicArn,
  });
  const verdict = await verifier.verify(message?.body ?? "");
  expect(verdict.ok && parseAlarmNotification(verdict.message.message, "sqs")).toMatchObject({
    name: "a",
    state: "OK",
    via: "sqs",
  });
  const [again] = await queue.receive(place, arn, 0, never);
  expect(again?.body).toBe(message?.body);
  await queue.done(place, arn, again?.receipt ?? "", never);
  expect(await queue.receive(place, arn, 0, never)).toEqual([]);
  expect(await queue.receive(place, `arn:aws:sqs:${REGION}:${ACCOUNT}:shut`, 0, never)).toEqual([]);
  await expect(queue.receive(place, `arn:aws:sqs:${REGION}:${ACCOUNT}:none`, 0, never)).rejects.toMatchObject({
    failure: "not-found",
  });
  made.aws.setTroubles([{ kind: "deny", service: "sqs" }]);
  await expect(queue.receive(place, arn, 0, never)).rejects.toThrow(/sqs:ReceiveMessage/);
  expect((await reader.topic(place, topicArn, call))?.subscriptions).toHaveLength(2);
});

test("a topic's policy and every page of its subscriptions are read; no topic is no topic; a mailbox stays pending", async () => {
  const { reader, writer, sns } = await account();
  const topicArn = await writer.createTopic(place, "ops", {}, call);
  expect((await reader.topic(place, topicArn, call))?.subscriptions).toEqual([]);
  const policy = JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "SNS:Publish" }] });
  await writer.setTopicPolicy(place, topicArn, policy, call);
  for (let index = 0; index < 130; index++)
    sns.topics.subscribe(topicArn, "email", `ops${index}@example.com`, new Map());
  const wish = { protocol: "email", endpoint: "ops@example.com" } as const;
  expect(await writer.subscribe(place, topicArn, wish, call)).toEqual({ confirmed: false });
  const topic = await reader.topic(place, topicArn, call);
  expect(topic?.policy).toBe(policy);
  expect([topic?.subscriptions.length, topic?.subscriptions.filter((one) => one.confirmed).length]).toEqual([131, 0]);
  const refused = writer.createTopic(place, "ops", { owner: "other" }, call);
  await expect(refused).rejects.toThrow(/different tags/);
  await writer.deleteTopic(place, topicArn, call);
  await writer.deleteTopic(place, topicArn, call);
  expect(await reader.topic(place, topicArn, call)).toBeUndefined();
});

const alarmMessage = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    AlarmName: "acme ELB",
    AlarmDescription: null,
    AWSAccountId: "123456789012",
    NewStateValue: "ALARM",
    NewStateReason: "Threshold Crossed",
    StateChangeTime: "2026-11-21T09:00:00.123+0000",
    Region: "US East (N. Virginia)",
    AlarmArn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:acme ELB",
    OldStateValue: "OK",
    Trigger: {
      MetricName: "UnHealthyHostCount",
      Namespace: "AWS/ApplicationELB",
      Dimensions: [{ value: "app/x/1", name: "LoadBalancer" }],
    },
    ...more,
  });

test("an alarm's message: region and account from the ARN, time with its offset, metric in lower-case dimensions", () => {
  expect(parseAlarmNotification(alarmMessage(), "sns")).toEqual({
    arn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:acme ELB",
    account: "123456789012",
    region: "us-east-1",
    name: "acme ELB",
    state: "ALARM",
    previous: "OK",
    reason: "Threshold Crossed",
    at: Date.parse("2026-11-21T09:00:00.123Z"),
    metric: {
      namespace: "AWS/ApplicationELB",
      metric: "UnHealthyHostCount",
      dimensions: [{ name: "LoadBalancer", value: "app/x/1" }],
    },
    via: "sns",
  });
  const math = parseAlarmNotification(alarmMessage({ Trigger: { Metrics: [{ Id: "e" }], Threshold: 1 } }), "sqs");
  expect(math).toMatchObject({ metric: null, via: "sqs" });
  const composite = parseAlarmNotification(alarmMessage({ Trigger: undefined, AlarmRule: "ALARM(a)" }), "sns");
  expect(composite).toMatchObject({ metric: null, state: "ALARM" });
});

test.each([
  ["text", "hello"],
  ["a list", "[]"],
  ["another state", alarmMessage({ NewStateValue: "ALARMED" })],
  ["no time", alarmMessage({ StateChangeTime: "soon" })],
  ["a name that is not the ARN's", alarmMessage({ AlarmName: "other" })],
  ["an ARN of something else", alarmMessage({ AlarmArn: "arn:aws:sns:us-east-1:123456789012:acme ELB" })],
])("what is no alarm's message: %s", (_what, message) => {
  expect(parseAlarmNotification(message, "sns")).toBeUndefined();
});
