import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  PutAlarmMuteRuleCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
  paginateDescribeAlarms,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { expect, onTestFinished, test } from "vitest";
import type { TargetView } from "../../src/sandbox/load-balancer-targets.ts";
import { ACCOUNT, account, balancer, REGION } from "../aws/alarm-account.ts";
import { FakeClock } from "../fakes/clock.ts";

const MINUTE = 60_000;

const errors = (name: string, dimensions: Record<string, string> = {}): PutMetricAlarmCommandInput => ({
  AlarmName: name,
  Namespace: "corewatch/story",
  MetricName: "Errors",
  Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  Statistic: "Sum",
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: "GreaterThanOrEqualToThreshold",
});

async function start(options: Parameters<typeof account>[0] = {}) {
  const clock = new FakeClock();
  const made = await account({ clock, ...options });
  const client = new CloudWatchClient(made.client);
  onTestFinished(() => client.destroy());
  const stateOf = async (name: string) => {
    const types: ("MetricAlarm" | "CompositeAlarm")[] = ["MetricAlarm", "CompositeAlarm"];
    const answer = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: types }));
    return (answer.MetricAlarms?.[0] ?? answer.CompositeAlarms?.[0])?.StateValue;
  };
  const put = (value: number, dimensions: Record<string, string> = {}) =>
    client.send(
      new PutMetricDataCommand({
        Namespace: "corewatch/story",
        MetricData: [
          {
            MetricName: "Errors",
            Value: value,
            Timestamp: new Date(clock.now()),
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          },
        ],
      }),
    );
  return { ...made, clock, client, stateOf, put };
}

test("an alarm is created with insufficient data, and a second put keeps state and tags but overwrites the rest", async () => {
  const { client, cloudwatch, clock, stateOf, put } = await start();
  const arn = `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:a`;
  const first = { ...errors("a"), OKActions: ["arn:aws:sns:eu-west-1:123456789012:t"], AlarmDescription: "first" };
  await client.send(new PutMetricAlarmCommand({ ...first, Tags: [{ Key: "owner", Value: "corewatch" }] }));
  expect(await stateOf("a")).toBe("INSUFFICIENT_DATA");
  await put(3);
  cloudwatch.evaluate();
  expect(await stateOf("a")).toBe("ALARM");

  await clock.advance(10);
  await client.send(
    new PutMetricAlarmCommand({ ...errors("a"), Threshold: 9, Tags: [{ Key: "owner", Value: "other" }] }),
  );
  const [alarm] = (await client.send(new DescribeAlarmsCommand({}))).MetricAlarms ?? [];
  expect(alarm).toMatchObject({ StateValue: "ALARM", Threshold: 9, OKActions: [], AlarmArn: arn });
  expect(alarm?.AlarmDescription).toBeUndefined();
  expect(alarm).not.toHaveProperty("Tags");
  const tags = await client.send(new ListTagsForResourceCommand({ ResourceARN: arn }));
  expect(tags.Tags).toEqual([{ Key: "owner", Value: "corewatch" }]);

  await client.send(new TagResourceCommand({ ResourceARN: arn, Tags: [{ Key: "b", Value: "2" }] }));
  await client.send(new UntagResourceCommand({ ResourceARN: arn, TagKeys: ["owner"] }));
  const after = await client.send(new ListTagsForResourceCommand({ ResourceARN: arn }));
  expect(after.Tags).toEqual([{ Key: "b", Value: "2" }]);
  await expect(client.send(new ListTagsForResourceCommand({ ResourceARN: `${arn}x` }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("alarms are told in pages of 100, composites only when asked for", async () => {
  const { client } = await start();
  for (let index = 0; index < 205; index++) await client.send(new PutMetricAlarmCommand(errors(`alarm-${index}`)));
  await client.send(new PutCompositeAlarmCommand({ AlarmName: "all", AlarmRule: 'ALARM("alarm-1")' }));
  const sizes: number[] = [];
  for await (const page of paginateDescribeAlarms({ client }, {})) {
    expect(page.CompositeAlarms).toEqual([]);
    sizes.push(page.MetricAlarms?.length ?? 0);
  }
  expect(sizes).toEqual([100, 100, 5]);
  const byName = await client.send(new DescribeAlarmsCommand({ AlarmNames: ["all", "alarm-7", "none"] }));
  expect([byName.MetricAlarms?.length, byName.CompositeAlarms?.length]).toEqual([1, 0]);
  const composites = await client.send(new DescribeAlarmsCommand({ AlarmTypes: ["CompositeAlarm"] }));
  expect(composites.CompositeAlarms?.map((alarm) => alarm.AlarmRule)).toEqual(['ALARM("alarm-1")']);
});

test("deleting ignores unknown names, takes at most 100, and only one composite at a time", async () => {
  const { client } = await start();
  await client.send(new PutMetricAlarmCommand(errors("a")));
  for (const name of ["c1", "c2"])
    await client.send(new PutCompositeAlarmCommand({ AlarmName: name, AlarmRule: "ALARM(a)" }));
  const remove = (names: string[]) => client.send(new DeleteAlarmsCommand({ AlarmNames: names }));
  await expect(remove(["c1", "c2"])).rejects.toThrow(/one composite alarm/);
  await expect(remove(Array.from({ length: 101 }, (_, index) => `n${index}`))).rejects.toThrow(/100/);
  await remove(["c1", "a", "none"]);
  const left = await client.send(new DescribeAlarmsCommand({ AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }));
  expect([left.MetricAlarms?.length, left.CompositeAlarms?.map((alarm) => alarm.AlarmName)]).toEqual([0, ["c2"]]);
});

test("what CloudWatch does not take is refused with its own error", async () => {
  const { client } = await start();
  const refused: readonly (readonly [Partial<PutMetricAlarmCommandInput>, RegExp])[] = [
    [{ Period: 45 }, /Period/],
    [{ DatapointsToAlarm: 2 }, /DatapointsToAlarm/],
    [{ Statistic: undefined }, /Statistic/],
    [{ ExtendedStatistic: "p99" }, /together/],
    [{ AlarmActions: Array.from({ length: 6 }, (_, index) => `arn:aws:sns:eu-west-1:1:t${index}`) }, /more than 5/],
    [{ TreatMissingData: "sometimes" }, /TreatMissingData/],
    [{ Period: 3_600, EvaluationPeriods: 200 }, /day/],
    [{ AlarmName: "x".repeat(256) }, /255/],
    [{ Tags: Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "" })) }, /50 tags/],
  ];
  for (const [change, message] of refused)
    await expect(client.send(new PutMetricAlarmCommand({ ...errors("a"), ...change }))).rejects.toThrow(message);
  const composite = new PutCompositeAlarmCommand({ AlarmName: "c", AlarmRule: 'ALARM("nothing")' });
  await expect(client.send(composite)).rejects.toThrow(/do not exist/);
  expect((await client.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
});

test("a series is its exact set of dimensions: an alarm on a part of it never gets data", async () => {
  const { client, cloudwatch, stateOf, put } = await start();
  await client.send(new PutMetricAlarmCommand(errors("exact", { a: "1", b: "2" })));
  await client.send(new PutMetricAlarmCommand(errors("part", { a: "1" })));
  await put(1, { b: "2", a: "1" });
  cloudwatch.evaluate();
  expect([await stateOf("exact"), await stateOf("part")]).toEqual(["ALARM", "INSUFFICIENT_DATA"]);
});

test("a state that was set is gone at the next evaluation, its actions have run, and the history tells both", async () => {
  const { client, cloudwatch, clock, sns, stateOf, put } = await start();
  const topics = new SNSClient((await start()).client);
  onTestFinished(() => topics.destroy());
  const arn = sns.topics.create(REGION, "ops", new Map(), new Map()).arn;
  const actions = { AlarmActions: [arn], OKActions: [arn] };
  await client.send(new PutMetricAlarmCommand({ ...errors("a"), ...actions, TreatMissingData: "notBreaching" }));
  await put(0);
  cloudwatch.evaluate();
  await client.send(new SetAlarmStateCommand({ AlarmName: "a", StateValue: "ALARM", StateReason: "drill 7" }));
  expect(await stateOf("a")).toBe("ALARM");
  await clock.advance(1_000);
  cloudwatch.evaluate();
  expect(await stateOf("a")).toBe("OK");
  expect(sns.topics.published.map(({ subject }) => subject)).toEqual([
    'OK: "a" in EU (Ireland)',
    'ALARM: "a" in EU (Ireland)',
    'OK: "a" in EU (Ireland)',
  ]);
  expect(JSON.parse(sns.topics.published[1]?.message ?? "{}")).toMatchObject({
    AlarmName: "a",
    NewStateValue: "ALARM",
    NewStateReason: "drill 7",
    OldStateValue: "OK",
    AWSAccountId: ACCOUNT,
    Region: "EU (Ireland)",
    StateChangeTime: "2026-11-21T08:00:00.000+0000",
    AlarmArn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:a`,
    Trigger: { MetricName: "Errors", Statistic: "SUM", Dimensions: [], Period: 60, TreatMissingData: "notBreaching" },
  });
  const answer = await client.send(new DescribeAlarmHistoryCommand({ AlarmName: "a", HistoryItemType: "StateUpdate" }));
  expect(answer.AlarmHistoryItems?.map((item) => item.HistorySummary)).toEqual([
    "Alarm updated from ALARM to OK",
    "Alarm updated from OK to ALARM",
    "Alarm updated from INSUFFICIENT_DATA to OK",
  ]);
  const set = new SetAlarmStateCommand({ AlarmName: "none", StateValue: "OK", StateReason: "x" });
  await expect(client.send(set)).rejects.toMatchObject({ name: "ResourceNotFound" });
});

test("actions that are disabled do not run, those of a muted alarm run when the mute ends and the state still holds", async () => {
  const { client, cloudwatch, clock, sns, put } = await start();
  const arn = sns.topics.create(REGION, "ops", new Map(), new Map()).arn;
  for (const name of ["off", "muted"])
    await client.send(new PutMetricAlarmCommand({ ...errors(name), AlarmActions: [arn] }));
  await client.send(new DisableAlarmActionsCommand({ AlarmNames: ["off", "none"] }));
  await client.send(
    new PutAlarmMuteRuleCommand({
      Name: "window",
      Rule: { Schedule: { Expression: "at(2026-11-21T08:00)", Duration: "PT5M" } },
      MuteTargets: { AlarmNames: ["muted"] },
    }),
  );
  await put(2);
  cloudwatch.evaluate();
  expect(sns.topics.published).toEqual([]);
  await client.send(new EnableAlarmActionsCommand({ AlarmNames: ["off"] }));
  await clock.advance(5 * MINUTE - 1);
  await put(2);
  cloudwatch.evaluate();
  expect(sns.topics.published).toEqual([]);
  await clock.advance(1);
  cloudwatch.evaluate();
  expect(sns.topics.published.map(({ subject }) => subject)).toEqual(['ALARM: "muted" in EU (Ireland)']);
});

test("a composite follows its rule, and keeps a set state until a child changes", async () => {
  const { client, cloudwatch, clock, stateOf, put } = await start();
  for (const name of ["a", "b"])
    await client.send(new PutMetricAlarmCommand({ ...errors(name, { name }), TreatMissingData: "notBreaching" }));
  const AlarmRule = '(ALARM("a") OR ALARM("b")) AND NOT INSUFFICIENT_DATA("b")';
  await client.send(new PutCompositeAlarmCommand({ AlarmName: "c", AlarmRule }));
  expect(await stateOf("c")).toBe("INSUFFICIENT_DATA");
  cloudwatch.evaluate();
  expect(await stateOf("c")).toBe("OK");
  await client.send(new SetAlarmStateCommand({ AlarmName: "c", StateValue: "ALARM", StateReason: "x" }));
  await clock.advance(10 * MINUTE);
  cloudwatch.evaluate();
  expect(await stateOf("c")).toBe("ALARM");
  await put(1, { name: "a" });
  cloudwatch.evaluate();
  expect(await stateOf("c")).toBe("ALARM");
  await clock.advance(20 * MINUTE);
  cloudwatch.evaluate();
  expect(await stateOf("c")).toBe("OK");
});

test("puts above three a second are throttled, and a rate is of its own for each operation and region", async () => {
  const { client, cloudwatch, clock, client: _first, ...rest } = await start();
  cloudwatch.setThrottling(true);
  const outcome = (name: string) =>
    client.send(new PutMetricAlarmCommand(errors(name))).then(
      () => "done",
      (error: Error) => error.name,
    );
  const outcomes = [];
  for (let index = 0; index < 5; index++) outcomes.push(await outcome(`a${index}`));
  expect(outcomes).toEqual(["done", "done", "done", "Throttling", "Throttling"]);
  expect((await client.send(new DescribeAlarmsCommand({}))).MetricAlarms).toHaveLength(3);
  const elsewhere = new CloudWatchClient({ ...rest.overrides, region: "us-east-1", maxAttempts: 1 });
  onTestFinished(() => elsewhere.destroy());
  await elsewhere.send(new PutMetricAlarmCommand(errors("there")));
  await clock.advance(334);
  expect([await outcome("b"), await outcome("c")]).toEqual(["done", "Throttling"]);
});

test("a second put of the same name is refused while the first is in progress", async () => {
  const { client, clock } = await start({ putMs: 100 });
  const first = client.send(new PutMetricAlarmCommand(errors("a")));
  await expect.poll(() => clock.waiting).toBe(1);
  await expect(client.send(new PutMetricAlarmCommand(errors("a")))).rejects.toThrow(/in progress/);
  await clock.advance(100);
  await first;
});

const target = (id: string, state: TargetView["state"]): TargetView => ({
  id,
  port: 3567,
  zone: "eu-west-1a",
  url: "http://127.0.0.1:1",
  state,
  reason: "",
  description: "",
});

const minute = (at: number) => ({
  minute: at,
  requests: 0,
  elb5xx: {} as Record<number, number>,
  target2xx: 0,
  target3xx: 0,
  target4xx: 0,
  target5xx: 0,
  connectionErrors: 0,
  responseTimeSum: 0,
  responseTimeCount: 0,
  responseTimeMax: 0,
});

test("series follow the load balancer: no 5XX, no series; hosts per target group; response times with their maximum", async () => {
  const clock = new FakeClock();
  let states: readonly TargetView[] = [target("i-1", "healthy"), target("i-2", "healthy")];
  const { made, minutes } = balancer("acme", { targets: () => states });
  const { client, cloudwatch, stateOf } = await start({
    clock,
    model: { account: ACCOUNT, loadBalancers: [made] },
    speed: 60,
  });
  const suffix = made.arn.split(":loadbalancer/")[1] ?? "";
  const group = made.targetGroups[0]?.arn.split(":").at(-1) ?? "";
  const alarm = (
    name: string,
    MetricName: string,
    dimensions: Record<string, string>,
    more: Partial<PutMetricAlarmCommandInput> = {},
  ) =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName: name,
        Namespace: "AWS/ApplicationELB",
        MetricName,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        Statistic: "Maximum",
        Period: 300,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        TreatMissingData: "notBreaching",
        ...more,
      }),
    );
  await alarm("5xx", "HTTPCode_ELB_5XX_Count", { LoadBalancer: suffix });
  await alarm("5xx by plain name", "HTTPCode_ELB_5XX_Count", { LoadBalancer: "acme" });
  await alarm(
    "slow",
    "TargetResponseTime",
    { LoadBalancer: suffix },
    { Threshold: 1.5, ComparisonOperator: "GreaterThanThreshold" },
  );
  await alarm("hosts", "UnHealthyHostCount", { TargetGroup: group, LoadBalancer: suffix });
  await alarm(
    "hosts by load balancer",
    "UnHealthyHostCount",
    { LoadBalancer: suffix },
    { TreatMissingData: undefined },
  );
  cloudwatch.start();
  const now = minute(clock.now());
  minutes.push(now);
  Object.assign(now, {
    requests: 10,
    target2xx: 10,
    responseTimeCount: 10,
    responseTimeSum: 0.5,
    responseTimeMax: 0.1,
  });
  await clock.advance(1_000);
  const names = async () => {
    const answer = await client.send(new ListMetricsCommand({ Namespace: "AWS/ApplicationELB" }));
    return new Set(answer.Metrics?.map((metric) => metric.MetricName));
  };
  expect(await names()).toEqual(
    new Set([
      "ConsumedLCUs",
      "HealthyHostCount",
      "UnHealthyHostCount",
      "RequestCount",
      "HTTPCode_Target_2XX_Count",
      "TargetResponseTime",
    ]),
  );
  const states5 = () =>
    Promise.all(["5xx", "5xx by plain name", "slow", "hosts", "hosts by load balancer"].map(stateOf));
  expect(await states5()).toEqual(["OK", "OK", "OK", "OK", "INSUFFICIENT_DATA"]);

  states = [target("i-1", "unhealthy"), target("i-2", "healthy")];
  Object.assign(now, {
    requests: 12,
    elb5xx: { 502: 2 },
    responseTimeCount: 11,
    responseTimeSum: 2.5,
    responseTimeMax: 2,
  });
  await clock.advance(1_000);
  expect(await states5()).toEqual(["ALARM", "OK", "ALARM", "ALARM", "INSUFFICIENT_DATA"]);
  const range = { StartTime: new Date(clock.now() - MINUTE), EndTime: new Date(clock.now() + MINUTE) };
  const Dimensions = [{ Name: "LoadBalancer", Value: suffix }];
  const data = await client.send(
    new GetMetricStatisticsCommand({
      ...range,
      Namespace: "AWS/ApplicationELB",
      MetricName: "HTTPCode_ELB_5XX_Count",
      Dimensions,
      Period: 60,
      Statistics: ["Sum", "Maximum", "SampleCount"],
    }),
  );
  expect(data.Datapoints).toEqual([{ Timestamp: new Date(clock.now() - 2_000), Sum: 2, Maximum: 1, SampleCount: 2 }]);
  const metric = (MetricName: string) => ({ Namespace: "AWS/ApplicationELB", MetricName, Dimensions });
  const math = await client.send(
    new GetMetricDataCommand({
      ...range,
      MetricDataQueries: [
        {
          Id: "e",
          ReturnData: false,
          MetricStat: { Metric: metric("HTTPCode_ELB_5XX_Count"), Period: 60, Stat: "Sum" },
        },
        { Id: "r", ReturnData: false, MetricStat: { Metric: metric("RequestCount"), Period: 60, Stat: "Sum" } },
        { Id: "ratio", Expression: "IF(r > 0, 100 * FILL(e, 0) / r, 0)" },
      ],
    }),
  );
  expect(math.MetricDataResults?.[0]?.Values?.[0]).toBeCloseTo(100 / 6);

  states = [target("i-1", "healthy"), target("i-2", "healthy")];
  // With nothing new in the evaluated period, older data points in range still count: two periods more.
  await clock.advance(13_000);
  expect(await states5()).toEqual(["ALARM", "OK", "ALARM", "OK", "INSUFFICIENT_DATA"]);
  await clock.advance(4_000);
  expect(await states5()).toEqual(["OK", "OK", "OK", "OK", "INSUFFICIENT_DATA"]);
});

test("another account's topic or a policy without CloudWatch gets nothing, and the history says why", async () => {
  const { client, cloudwatch, sns, put } = await start();
  const own = sns.topics.create(REGION, "closed", new Map(), new Map()).arn;
  const nobody = {
    Statement: [{ Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "SNS:Publish" }],
  };
  sns.topics.setAttribute(own, "Policy", JSON.stringify(nobody));
  await client.send(
    new PutMetricAlarmCommand({ ...errors("a"), AlarmActions: [own, "arn:aws:sns:eu-west-1:123456789012:gone"] }),
  );
  await put(1);
  cloudwatch.evaluate();
  expect(sns.topics.published).toEqual([]);
  const answer = await client.send(new DescribeAlarmHistoryCommand({ AlarmName: "a", HistoryItemType: "Action" }));
  const told = answer.AlarmHistoryItems?.map((item) => item.HistorySummary).join("\n");
  expect(told).toMatch(/policy does not let cloudwatch.amazonaws.com publish/);
  expect(told).toMatch(/does not exist/);
});

test("the SDK's compressed requests are understood", async () => {
  const { client } = await start();
  const MetricData = Array.from({ length: 300 }, (_, index) => ({
    MetricName: `metric-${index}-${"x".repeat(40)}`,
    Value: 1,
  }));
  await client.send(new PutMetricDataCommand({ Namespace: "many", MetricData }));
  expect((await client.send(new ListMetricsCommand({ Namespace: "many" }))).Metrics).toHaveLength(300);
  await expect(client.send(new PutMetricDataCommand({ Namespace: "AWS/EC2", MetricData: [] }))).rejects.toThrow(/AWS/);
});

test("a topic of the same name in another region is another one", async () => {
  const { overrides, sns } = await start();
  const client = new SNSClient({ ...overrides, region: "us-east-1" });
  onTestFinished(() => client.destroy());
  const { TopicArn } = await client.send(new CreateTopicCommand({ Name: "ops" }));
  expect(TopicArn).toBe(`arn:aws:sns:us-east-1:${ACCOUNT}:ops`);
  expect(sns.topics.all.size).toBe(1);
});
