import { expect, onTestFinished, test } from "vitest";
import { createAlarmReader } from "../../src/aws/alarm-reader.ts";
import type { CloudCall, CloudError, MetricAlarmDefinition } from "../../src/domain/index.ts";
import { jsonService } from "../../src/sandbox/aws-json.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { systemClock } from "../../src/system/clock.ts";
import { ACCOUNT, account, balancer, call, credentials, place, REGION } from "./alarm-account.ts";

const topic = `arn:aws:sns:${REGION}:${ACCOUNT}:ops`;

const definition = (name: string, more: Partial<MetricAlarmDefinition> = {}): MetricAlarmDefinition => ({
  kind: "metric",
  name,
  description: "made by corewatch",
  actionsEnabled: true,
  alarmActions: [topic],
  okActions: [topic],
  insufficientDataActions: [],
  metric: {
    namespace: "AWS/ApplicationELB",
    metric: "HTTPCode_ELB_5XX_Count",
    dimensions: [{ name: "LoadBalancer", value: "app/acme/0123456789abcdef" }],
    statistic: "Maximum",
    periodSeconds: 300,
  },
  comparison: "GreaterThanOrEqualToThreshold",
  threshold: 1,
  evaluationPeriods: 1,
  treatMissingData: "notBreaching",
  ...more,
});

const failing = (promise: Promise<unknown>): Promise<CloudError> =>
  promise.then(
    () => {
      throw new Error("it answered");
    },
    (error: CloudError) => error,
  );

test("definitions come back as they were put: plain metrics, percentiles, metric math and composites", async () => {
  const { reader, writer } = await account();
  const { metric: _metric, ...rest } = definition("ratio", { datapointsToAlarm: 2, evaluationPeriods: 3 });
  const stat = definition("x").metric;
  if (stat === undefined) throw new Error("no metric");
  const all: MetricAlarmDefinition[] = [
    definition("plain"),
    definition("p99", {
      metric: { ...stat, metric: "TargetResponseTime", statistic: "p99.9", unit: "Seconds" },
      evaluateLowSampleCountPercentile: "ignore",
    }),
    {
      ...rest,
      queries: [
        { id: "errors", metric: { ...stat, statistic: "Sum" }, returnData: false },
        { id: "ratio", expression: "FILL(errors, 0) / 2", label: "ratio", periodSeconds: 300, returnData: true },
      ],
    },
    definition("bare", { description: "", alarmActions: [], okActions: [], actionsEnabled: false }),
  ];
  for (const one of all) await writer.putMetricAlarm(place, one, { "corewatch:fleet": "acme" }, call);
  const composite = {
    kind: "composite",
    name: "deployment",
    description: "",
    actionsEnabled: true,
    alarmActions: [topic],
    okActions: [],
    insufficientDataActions: [],
    rule: 'ALARM("plain") OR ALARM("p99")',
  } as const;
  await writer.putCompositeAlarm(place, composite, {}, call);
  const read = await reader.alarms(place, call);
  const byName = new Map(read.map((alarm) => [alarm.definition.name, alarm]));
  for (const one of [...all, composite]) expect(byName.get(one.name)?.definition).toEqual(one);
  expect(byName.get("plain")).toMatchObject({
    arn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:plain`,
    state: "INSUFFICIENT_DATA",
    stateAt: Date.parse("2026-11-21T08:00:00Z"),
  });
  expect(
    (await reader.alarmsNamed(place, ["deployment", "p99", "none"], call)).map((one) => one.definition.name),
  ).toEqual(["p99", "deployment"]);
  expect(await reader.alarmsNamed(place, [], call)).toEqual([]);
});

test("every alarm is read in as few requests as its pages allow", async () => {
  const { reader, cloudwatch, writer, aws } = await account();
  await writer.putMetricAlarm(place, definition("first"), {}, call);
  const { alarms } = cloudwatch.region(REGION);
  const first = alarms.get("first");
  if (first === undefined) throw new Error("no alarm");
  for (let index = 0; index < 250; index++) alarms.set(`n${index}`, { ...first, name: `n${index}` });
  const before = aws.calls.length;
  expect(await reader.alarms(place, call)).toHaveLength(251);
  expect(aws.calls.length - before).toBe(3);
});

test("what changes an alarm does so: state, actions, deletion, metric data and mute rules", async () => {
  const { reader, writer, cloudwatch } = await account();
  await writer.putMetricAlarm(place, definition("a"), {}, call);
  await writer.setAlarmState(place, "a", "ALARM", "drill", '{"nonce":"7"}', call);
  await writer.setActionsEnabled(place, ["a"], false, call);
  const [alarm] = await reader.alarmsNamed(place, ["a"], call);
  expect(alarm).toMatchObject({ state: "ALARM", stateReason: "drill", definition: { actionsEnabled: false } });
  await writer.setActionsEnabled(place, ["a"], true, call);
  expect((await reader.alarms(place, call))[0]?.definition.actionsEnabled).toBe(true);

  const dimensions = [{ name: "Fleet", value: "acme" }];
  const datum = { namespace: "corewatch", metric: "Heartbeat", dimensions, value: 1, at: 1_795_248_000_000 };
  await writer.putMetricData(place, datum, call);
  expect(await reader.series(place, "corewatch", "Heartbeat", call)).toEqual([dimensions]);
  expect(await reader.series(place, "corewatch", "None", call)).toEqual([]);

  const from = Date.parse("2026-11-21T08:00:30Z");
  const rule = { name: "cw-1", description: "window", alarms: ["a"], from, durationMs: 60_000, tags: { a: "b" } };
  await writer.putMuteRule(place, rule, call);
  expect(await reader.muteRules(place, "cw-", call)).toEqual(["cw-1"]);
  expect(await reader.muteRules(place, "other-", call)).toEqual([]);
  const [begin, end] = [Date.parse("2026-11-21T08:00:00Z"), Date.parse("2026-11-21T08:02:00Z")];
  const { muted } = { muted: (at: number) => cloudwatch.region(REGION).muted("a", at) };
  expect([begin - 1, begin, from + 60_000, end - 1, end].map(muted)).toEqual([false, true, true, true, false]);
  await writer.deleteMuteRule(place, "cw-1", call);
  await writer.deleteMuteRule(place, "cw-1", call);
  expect(await reader.muteRules(place, "", call)).toEqual([]);

  await writer.deleteAlarms(place, ["a", "none"], call);
  expect(await reader.alarms(place, call)).toEqual([]);
});

test("load balancers come with their target groups, in two listings", async () => {
  const balancers = ["acme", "beta"].map((name) => balancer(name, { groups: [`${name}-1`, `${name}-2`] }).made);
  const { reader, aws } = await account({ model: { account: ACCOUNT, loadBalancers: balancers } });
  const read = await reader.balancers(place, call);
  expect(read.map((one) => [one.name, one.targetGroups.map((group) => group.name)])).toEqual([
    ["acme", ["acme-1", "acme-2"]],
    ["beta", ["beta-1", "beta-2"]],
  ]);
  expect(read[0]?.targetGroups[0]?.arn).toBe(balancers[0]?.targetGroups[0]?.arn);
  expect(aws.calls.map(({ action }) => action)).toEqual(["DescribeLoadBalancers", "DescribeTargetGroups"]);
});

const READS = [
  ["alarms", "cloudwatch:DescribeAlarms"],
  ["series", "cloudwatch:ListMetrics"],
  ["tags", "cloudwatch:ListTagsForResource"],
  ["tagged", "tag:GetResources"],
  ["topic", "sns:GetTopicAttributes"],
  ["topicTags", "sns:ListTagsForResource"],
  ["balancers", "elasticloadbalancing:DescribeLoadBalancers"],
  ["muteRules", "cloudwatch:ListAlarmMuteRules"],
] as const;

const TROUBLES = {
  throttle: "throttled",
  deny: "not-authorized",
  error: "unreachable",
  down: "unreachable",
  cut: "unreachable",
  truncate: "unreachable",
} as const;

test.each(READS)(
  "%s: no trouble of %s gives half an answer, and a refusal names the permission",
  async (kind, permission) => {
    const { reader, writer, aws, sns } = await account({
      model: { account: ACCOUNT, loadBalancers: [balancer("acme").made] },
    });
    const topicArn = sns.topics.create(REGION, "ops", new Map(), new Map([["owner", "corewatch"]])).arn;
    await writer.subscribe(place, topicArn, { protocol: "email", endpoint: "ops@example.com" }, call);
    await writer.putMetricAlarm(place, definition("a"), { owner: "corewatch" }, call);
    const datum = { namespace: "n", metric: "m", dimensions: [], value: 1, at: 1_795_248_000_000 };
    await writer.putMetricData(place, datum, call);
    const reads = {
      alarms: (by: CloudCall) => reader.alarms(place, by),
      series: (by: CloudCall) => reader.series(place, "n", "m", by),
      tags: (by: CloudCall) => reader.tags(place, `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:a`, by),
      tagged: (by: CloudCall) => reader.tagged(place, "owner", "corewatch", by),
      topic: (by: CloudCall) => reader.topic(place, topicArn, by),
      topicTags: (by: CloudCall) => reader.tags(place, topicArn, by),
      balancers: (by: CloudCall) => reader.balancers(place, by),
      muteRules: (by: CloudCall) => reader.muteRules(place, "", by),
    };
    const operations: string[] = [];
    const noting: CloudCall = {
      ...call,
      send: (operation, request) => {
        operations.push(operation);
        return request();
      },
    };
    const whole = await reads[kind](noting);
    expect(operations).toContain(permission);
    for (const [index, operation] of operations.entries()) {
      for (const [trouble, failure] of Object.entries(TROUBLES)) {
        aws.setTroubles([{ kind: trouble as keyof typeof TROUBLES, skip: index }]);
        const error = await failing(reads[kind](call));
        expect([trouble, error.name, error.failure]).toEqual([trouble, "CloudError", failure]);
        expect(error.message).toMatch(trouble === "deny" ? new RegExp(`: allow ${operation} to`) : /^[^\n]+$/);
      }
    }
    aws.setTroubles([]);
    expect(await reads[kind](call)).toEqual(whole);
  },
);

test("a write that AWS does not take says why, and one that was called off says so", async () => {
  const { writer } = await account();
  const refused = await failing(writer.putMetricAlarm(place, definition("a", { evaluationPeriods: 0 }), {}, call));
  expect(refused.failure).toBe("failed");
  expect(refused.message).toBe(
    "AWS in eu-west-1 could not change alarm a (ValidationException: EvaluationPeriods must be at least 1)",
  );
  const gone = await failing(writer.setAlarmState(place, "none", "OK", "x", undefined, call));
  expect([gone.failure, gone.message]).toEqual([
    "not-found",
    "AWS in eu-west-1 has no alarm none: check its name, region and account in fleet.yaml",
  ]);
  const aborted = { ...call, signal: AbortSignal.abort() };
  expect((await failing(writer.deleteAlarms(place, ["a"], aborted))).failure).toBe("cancelled");
});

test("requests go one by one through the pacing, and a repeated one does not lose its page", async () => {
  const { reader, writer, cloudwatch, aws } = await account();
  await writer.putMetricAlarm(place, definition("first"), {}, call);
  const { alarms } = cloudwatch.region(REGION);
  const first = alarms.get("first");
  if (first === undefined) throw new Error("no alarm");
  for (let index = 0; index < 150; index++) alarms.set(`n${index}`, { ...first, name: `n${index}` });
  aws.setTroubles([{ kind: "cut", skip: 1, times: 1 }]);
  const sent: string[] = [];
  const twice: CloudCall = {
    ...call,
    send: async (operation, request) => {
      sent.push(operation);
      return request().catch(() => request());
    },
  };
  expect(await reader.alarms(place, twice)).toHaveLength(151);
  expect(sent).toEqual(["cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarms"]);
});

test("where mute rules are not to be had, that is said, and it is not taken for having none", async () => {
  const nothing = {
    version: "1.0",
    namespace: "com.amazonaws.cloudwatch",
    queryCompatible: true,
    operations: {},
  } as const;
  const service = jsonService({ scope: "monitoring", target: "GraniteServiceVersion20100801", ...nothing });
  const aws = await startAws({ clock: systemClock, services: [service] });
  onTestFinished(() => aws.stop());
  const reader = createAlarmReader({ endpoint: aws.url, credentials });
  expect(await reader.muteRules(place, "", call)).toBeUndefined();
  await expect(reader.alarms(place, call)).rejects.toMatchObject({ failure: "failed" });
});

test("the region of a place is its own, or the one that is configured", async () => {
  const { reader } = await account();
  expect(await reader.region({ region: "us-east-1", roleArn: undefined })).toBe("us-east-1");
});
