import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { MetricAlarmDefinition } from "../../src/domain/index.ts";
import { openAlarmStage, PLACE, type AlarmStage } from "./alarm-stage.ts";
import { until } from "./until.ts";

const TOPIC = "CloudWatchAlarmsEU_West_1_ELB";
const SIGN = { create: "+", update: "~", delete: "-" } as const;

/** `+ alarm shop ELB TargetResponseTime`, sorted. */
function brief({ changes }: { changes: readonly { verb: keyof typeof SIGN; kind: string; name: string }[] }): string[] {
  return changes.map((one) => `${SIGN[one.verb]} ${one.kind} ${one.name}`).sort();
}

/** The runbook's alarms of a load balancer with one target group. */
function three(id: string): string[] {
  return [`${id} ELB HTTPCode_ELB_5XX_Count`, `${id} ELB TargetResponseTime`, `${id} ELB UnHealthyHostCount`];
}

/** A fleet whose alarms stand. */
async function applied(stage: AlarmStage, ...ids: string[]): Promise<void> {
  for (const id of ids) stage.addBalancer(id);
  await stage.fleet(ids);
  const { code, stderr } = await stage.alarms("apply");
  expect(stderr).toBe("");
  expect(code).toBe(0);
}

/** An alarm as it stands, to be put again by hand. */
async function definition(stage: AlarmStage, name: string): Promise<MetricAlarmDefinition> {
  const { definition } = await stage.hand.alarm(name);
  if (definition.kind !== "metric") throw new Error(`${name} is no metric alarm`);
  return definition;
}

test.concurrent("the runbook's alarms and topic are planned, made, and then there is nothing to do", async (context) => {
  const stage = await openAlarmStage(context);
  stage.addBalancer("shop");
  stage.addBalancer("mail", ["mail-blue", "mail-green"]);
  await stage.fleet(["shop", "mail"]);
  const expected = [
    ...three("shop"),
    "mail ELB HTTPCode_ELB_5XX_Count",
    "mail ELB TargetResponseTime",
    "mail ELB UnHealthyHostCount mail-blue",
    "mail ELB UnHealthyHostCount mail-green",
  ].sort();

  const first = await stage.plan();
  expect(first.code).toBe(2);
  expect(brief(first.plan)).toEqual(
    [...expected.map((name) => `+ alarm ${name}`), `+ policy ${TOPIC}`, `+ topic ${TOPIC}`].sort(),
  );
  expect(first.plan).toMatchObject({ complete: true, foreign: 0, unchanged: 0, conflicts: [], drift: [] });
  expect(first.plan.lint.map((one) => one.rule)).toContain("one-per-target-group");
  expect(stage.writes()).toEqual([]);

  const made = await stage.alarms("apply", "--format", "json");
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const results = JSON.parse(made.stdout) as { planHash: string; results: { outcome: string }[] };
  expect(results.planHash).toBe(first.plan.hash);
  expect(results.results.every((one) => one.outcome === "done")).toBe(true);
  expect(stage.names()).toEqual(expected);

  const before = stage.writes().length;
  const second = await stage.plan();
  expect(second).toMatchObject({ code: 0, plan: { changes: [], complete: true, unchanged: 8 } });
  const again = await stage.alarms("apply");
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain("Nothing to do");
  expect(stage.writes()).toHaveLength(before);
});

test.concurrent("a deployment that leaves the inventory takes its alarms along, and no others", async (context) => {
  const stage = await openAlarmStage(context);
  await applied(stage, "shop", "shop-2");
  await stage.fleet(["shop-2"]);
  const { code, plan } = await stage.plan();
  expect(code).toBe(2);
  expect(brief(plan)).toEqual(three("shop").map((name) => `- alarm ${name}`));
  expect(await stage.alarms("apply")).toMatchObject({ code: 0 });
  expect(stage.names()).toEqual(three("shop-2"));
  expect(await stage.plan()).toMatchObject({ code: 0, plan: { changes: [], drift: [] } });
});

test.concurrent("what is edited or deleted by hand shows as drift, with the field, and is mended by apply", async (context) => {
  const stage = await openAlarmStage(context);
  await applied(stage, "shop");
  const [errors = "", time = ""] = three("shop");
  await stage.hand.put({ ...(await definition(stage, time)), threshold: 60 });
  await stage.hand.delete(errors);

  const { plan } = await stage.plan();
  expect(plan.drift.map((one) => `${one.what} ${one.name}`).sort()).toEqual([`deleted ${errors}`, `edited ${time}`]);
  const edited = plan.drift.find((one) => one.what === "edited");
  expect(edited?.fields).toEqual([{ name: "Threshold", before: 1.5, after: 60 }]);

  const status = await stage.alarms("status", "--format", "json");
  expect(status).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(status.stdout)).toMatchObject({ fleet: "acme", drift: plan.drift, changes: 2, complete: true });
  const text = await stage.alarms("status");
  expect(text.stdout).toContain(`${time} (123456789012/eu-west-1): edited by hand`);
  expect(text.stdout).toContain("nobody hears of an alarm");

  expect(await stage.alarms("apply")).toMatchObject({ code: 0 });
  expect(await definition(stage, time)).toMatchObject({ threshold: 1.5 });
  expect(await stage.plan()).toMatchObject({ code: 0, plan: { changes: [], drift: [] } });
});

test.concurrent("what cannot be read makes a plan incomplete: exit 3, and nothing is deleted", async (context) => {
  const stage = await openAlarmStage(context);
  await applied(stage, "shop", "mail");
  await stage.fleet(["mail"]);
  for (const trouble of [
    { kind: "deny", action: "GetResources" },
    { kind: "deny", action: "DescribeAlarms" },
    { kind: "truncate", action: "DescribeTargetGroups" },
  ] as const) {
    stage.aws.setTroubles([trouble]);
    const { code, plan } = await stage.plan();
    expect({ ...trouble, code, complete: plan.complete }).toEqual({ ...trouble, code: 3, complete: false });
    expect(plan.changes.filter((one) => one.verb === "delete")).toEqual([]);
    expect(plan.problems.length).toBeGreaterThan(0);
  }
  const { code } = await stage.alarms("apply", "--force");
  expect(code).toBe(3);
  expect(stage.names()).toEqual([...three("mail"), ...three("shop")].sort());

  // Throttling that passes is waited out, and says so.
  stage.aws.setTroubles([{ kind: "throttle", action: "DescribeAlarms", times: 1 }]);
  expect(brief((await stage.plan()).plan)).toEqual(three("shop").map((name) => `- alarm ${name}`));
});

test.concurrent("a load balancer that is not found is no good end, for plan, apply and status", async (context) => {
  const stage = await openAlarmStage(context);
  await applied(stage, "shop");
  await stage.fleet(["shop", "mial"]);
  const { code, plan } = await stage.plan();
  expect(code).toBe(3);
  expect(plan).toMatchObject({ changes: [], complete: true });
  const [apply, status] = [await stage.alarms("apply"), await stage.alarms("status")];
  expect([apply.code, status.code]).toEqual([3, 3]);
  for (const { stdout } of [apply, status]) {
    expect(stdout).toContain("It could not be told whether AWS is as the inventory says: 1 load balancer not found.");
    expect(stdout).toContain("! mial of mial (");
  }
});

test.concurrent("an apply that is killed is finished by the next one; a second one at the same time is refused", async (context) => {
  const stage = await openAlarmStage(context);
  const ids = ["a", "b", "c", "d"];
  for (const id of ids) stage.addBalancer(id);
  await stage.fleet(ids);
  const first = stage.begin("apply");
  await until("some alarms to be made", 15_000, () => stage.names().length >= 3);
  const other = await stage.alarms("apply");
  expect(other.code).toBe(3);
  expect(other.stderr).toContain("another corewatch applies alarms of this fleet right now");
  await first.kill();
  expect(stage.names().length).toBeLessThan(12);

  await until("the turn to be free", 10_000, async () => (await stage.alarms("apply")).code === 0);
  expect(stage.names()).toEqual(ids.flatMap(three).sort());
  expect(await stage.plan()).toMatchObject({ code: 0, plan: { changes: [], drift: [], conflicts: [] } });
});

test.concurrent("an apply that is asked to stop says what it left, keeps its record, and exits 130", async (context) => {
  const stage = await openAlarmStage(context);
  const ids = ["a", "b", "c"];
  for (const id of ids) stage.addBalancer(id);
  await stage.fleet(ids);
  const program = stage.begin("apply");
  await until("some alarms to be made", 15_000, () => stage.names().length >= 2);
  expect(await program.stop()).toBe(130);
  expect(program.stdout).toMatch(/\d+ done, \d+ failed, [1-9]\d* skipped\./);
  const [gone = ""] = stage.names();
  await stage.hand.delete(gone);
  const { plan } = await stage.plan();
  expect(plan.drift.map((one) => `${one.what} ${one.name}`)).toEqual([`deleted ${gone}`]);
});

test.concurrent("a saved plan is applied as it was seen, or not at all", async (context) => {
  const stage = await openAlarmStage(context);
  stage.addBalancer("shop");
  await stage.fleet(["shop"]);
  expect((await stage.alarms("plan", "--out", "plan.json")).code).toBe(0);
  expect(JSON.parse(await readFile(join(stage.directory, "plan.json"), "utf8"))).toMatchObject({ complete: true });
  await stage.fleet(["shop"], { alarms: { profile: "recommended" } });
  const refused = await stage.alarms("apply", "plan.json");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("what is there has changed since the plan");
  expect(stage.writes()).toEqual([]);

  await stage.fleet(["shop"]);
  expect((await stage.alarms("apply", "plan.json")).code).toBe(0);
  expect(stage.names()).toEqual(three("shop"));
  expect((await stage.alarms("apply", "no-plan.json")).code).toBe(64);
});

test.concurrent("a failure in between is told, the rest is done, and the next apply does what is left", async (context) => {
  const stage = await openAlarmStage(context);
  stage.addBalancer("shop");
  await stage.fleet(["shop"]);
  stage.aws.setTroubles([{ kind: "deny", action: "PutMetricAlarm", skip: 1, times: 1 }]);
  const partial = await stage.alarms("apply", "--format", "json");
  expect(partial.code).toBe(1);
  const { results } = JSON.parse(partial.stdout) as { results: { outcome: string; error?: string }[] };
  expect(results.filter((one) => one.outcome === "failed")).toMatchObject([
    { error: expect.stringContaining("cloudwatch:PutMetricAlarm") as string },
  ]);
  expect(results.filter((one) => one.outcome === "done")).toHaveLength(4);
  expect((await stage.alarms("apply")).code).toBe(0);
  expect(stage.names()).toEqual(three("shop"));
});

test.concurrent("changing more than 30% of the fleet's alarms needs --force", async (context) => {
  const stage = await openAlarmStage(context);
  await applied(stage, "a", "b", "c", "d");
  await stage.fleet(["a", "b"]);
  const refused = await stage.alarms("apply", "--format", "json");
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ results: [], refused: { reason: "too-many-changes" } });
  expect(stage.names()).toHaveLength(12);
  expect((await stage.alarms("apply", "--force")).code).toBe(0);
  expect(stage.names()).toEqual([...three("a"), ...three("b")].sort());
});

test.concurrent("what was made by hand is left alone until it is adopted", async (context) => {
  const stage = await openAlarmStage(context);
  stage.addBalancer("shop");
  await stage.fleet(["shop"]);
  const [, time = ""] = three("shop");
  await stage.hand.put({
    kind: "metric",
    name: time,
    description: "by hand",
    actionsEnabled: true,
    alarmActions: [],
    okActions: [],
    insufficientDataActions: [],
    metric: {
      namespace: "AWS/ApplicationELB",
      metric: "TargetResponseTime",
      dimensions: [{ name: "LoadBalancer", value: "shop" }],
      statistic: "Maximum",
      periodSeconds: 300,
    },
    comparison: "GreaterThanThreshold",
    threshold: 1.5,
    evaluationPeriods: 1,
  });
  const { plan } = await stage.plan();
  expect(plan).toMatchObject({ foreign: 1, conflicts: [{ name: time }] });
  expect(brief(plan)).not.toContain(`+ alarm ${time}`);

  expect((await stage.alarms("apply")).code).toBe(1);
  const blocked = await stage.plan();
  expect(blocked).toMatchObject({ code: 2, plan: { changes: [] } });
  const status = await stage.alarms("status");
  expect(status.stdout).toContain("Nothing can be done: 1 conflict.");
  expect(status.stdout).toContain(`! ${time} (`);

  const shown = await stage.alarms("adopt", "--dry-run", "--format", "json");
  expect(brief(JSON.parse(shown.stdout) as never)).toEqual([`~ alarm ${time}`]);
  expect((await stage.alarms("adopt")).code).toBe(0);
  expect((await stage.plan()).plan).toMatchObject({ foreign: 0, conflicts: [] });
  expect((await stage.alarms("apply")).code).toBe(0);
  expect(await definition(stage, time)).toMatchObject({ treatMissingData: "notBreaching" });
});

test.concurrent("the least policy of each command is printed, without AWS and without a store", async (context) => {
  const stage = await openAlarmStage(context);
  await stage.fleet([], { store: { url: "postgres://nobody@127.0.0.1:1/none" }, alarms: { topic: "Ops_{{Region}}" } });
  const one = await stage.alarms("plan", "--iam", "plan");
  expect(one.code).toBe(0);
  const policy = JSON.parse(one.stdout) as { Statement: { Action: string[]; Resource: string }[] };
  const actions = policy.Statement.flatMap((statement) => statement.Action);
  expect(actions.filter((action) => !/:(Describe|List|Get)/.test(action))).toEqual([]);
  expect(policy.Statement.map((statement) => statement.Resource)).toContain("arn:aws:sns:*:*:Ops_*");
  const all = await stage.alarms("plan", "--iam", "--format", "json");
  expect(Object.keys(JSON.parse(all.stdout) as object)).toEqual(["plan", "apply", "adopt", "drill", "status", "start"]);
  expect(stage.aws.calls).toEqual([]);
});

const SLACK = { token: "${env:SLACK_BOT_TOKEN}", channel: "#ops" };

interface DrillDocument {
  readonly outcome: string;
  readonly hops: readonly { readonly name: string; readonly at: string; readonly ms: number }[];
}

test.concurrent("a drill goes from its alarm over topic, queue and daemon into Slack, and back to OK", async (context) => {
  const stage = await openAlarmStage(context);
  const queue = stage.services.queues.create(PLACE.region, "alarms", {
    Policy: JSON.stringify({
      Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" }],
    }),
  });
  stage.addBalancer("shop");
  const subscriptions = [{ protocol: "sqs", endpoint: queue.arn }];
  await stage.fleet(["shop"], { slack: SLACK, checks: { hello: { enabled: false } }, alarms: { subscriptions } });
  expect((await stage.alarms("apply")).code).toBe(0);
  await stage.start();
  const drill = await stage.alarms("drill", "--format", "json");
  expect(drill.stderr).toContain(`told: sqs ${queue.arn}`);
  expect(drill.code).toBe(0);
  const { outcome, hops } = JSON.parse(drill.stdout) as DrillDocument;
  expect(outcome).toBe("delivered");
  expect(hops.map((one) => one.name)).toEqual(["alarm", "topic", "receipt", "slack", "restored"]);
  expect(stage.slack.messages().filter((one) => one.text.includes("DRILL, nothing is wrong"))).toHaveLength(1);
  expect(await stage.hand.alarm("corewatch acme drill")).toMatchObject({ state: "OK" });
  expect(await stage.plan()).toMatchObject({ plan: { drift: [] } });
});

test.concurrent("where alarms cannot arrive by themselves a drill asks CloudWatch, and tells Slack without a daemon", async (context) => {
  const stage = await openAlarmStage(context);
  stage.addBalancer("shop");
  await stage.fleet(["shop"], { slack: SLACK });
  const drill = await stage.alarms("drill", "--format", "json");
  expect(drill.code).toBe(0);
  const { hops } = JSON.parse(drill.stdout) as DrillDocument;
  expect(hops.map((one) => one.name)).toEqual(["alarm", "receipt", "slack", "restored"]);
});
