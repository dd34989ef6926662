import { expect, test } from "vitest";
import { ACCOUNT, account, call, place, REGION } from "./alarm-account.ts";

const alarm = (name: string) =>
  ({
    kind: "metric",
    name,
    description: "",
    actionsEnabled: true,
    alarmActions: [],
    okActions: [],
    insufficientDataActions: [],
    metric: { namespace: "n", metric: "m", dimensions: [], statistic: "Sum", periodSeconds: 60 },
    comparison: "GreaterThanThreshold",
    threshold: 1,
    evaluationPeriods: 1,
  }) as const;

const arnOf = (name: string): string => `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:${name}`;

test("alarms and topics that bear the tag are found through every page, others are not", async () => {
  const { reader, writer, aws } = await account();
  for (let index = 0; index < 130; index++)
    await writer.putMetricAlarm(place, alarm(`a${index}`), { "corewatch:fleet": index < 120 ? "acme" : "other" }, call);
  await writer.putMetricAlarm(place, alarm("bare"), {}, call);
  const topicArn = await writer.createTopic(place, "ops", { "corewatch:fleet": "acme" }, call);
  const before = aws.calls.length;
  const found = await reader.tagged(place, "corewatch:fleet", "acme", call);
  expect(found).toHaveLength(121);
  expect(found.find((one) => one.arn === topicArn)?.tags).toEqual({ "corewatch:fleet": "acme" });
  expect(aws.calls.length - before).toBe(2);
  expect(await reader.tagged(place, "corewatch:fleet", "nobody", call)).toEqual([]);
});

test("tags of alarms and topics are added, overwritten and taken off by their own service", async () => {
  const { reader, writer, aws } = await account();
  await writer.putMetricAlarm(place, alarm("a:b c"), { one: "1" }, call);
  const topicArn = await writer.createTopic(place, "ops", { one: "1" }, call);
  for (const arn of [arnOf("a:b c"), topicArn]) {
    await writer.tag(place, arn, { one: "2", two: "<&>" }, call);
    expect(await reader.tags(place, arn, call)).toEqual({ one: "2", two: "<&>" });
    await writer.untag(place, arn, ["one", "none"], call);
    expect(await reader.tags(place, arn, call)).toEqual({ two: "<&>" });
  }
  expect(new Set(aws.calls.filter(({ action }) => action === "TagResource").map(({ service }) => service))).toEqual(
    new Set(["monitoring", "sns"]),
  );
});

test("what is gone has no tags: that is an error and never an empty answer", async () => {
  const { reader } = await account();
  for (const arn of [arnOf("gone"), `arn:aws:sns:${REGION}:${ACCOUNT}:gone`])
    await expect(reader.tags(place, arn, call)).rejects.toMatchObject({ name: "CloudError", failure: "not-found" });
});
