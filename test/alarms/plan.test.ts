import { describe, expect, test } from "vitest";
import { brief, deployment, Desk, handMade, small } from "./support.ts";

describe("the plan of a fresh fleet", () => {
  test("lists the runbook's three alarms per load balancer and target group, and their topic", async () => {
    const desk = new Desk(small());
    expect(brief(await desk.plan())).toEqual([
      "+ alarm acme ELB HTTPCode_ELB_5XX_Count",
      "+ alarm acme ELB TargetResponseTime",
      "+ alarm acme ELB UnHealthyHostCount",
      "+ policy CloudWatchAlarmsEU_West_1_ELB",
      "+ topic CloudWatchAlarmsEU_West_1_ELB",
    ]);
  });

  test("is empty once it was applied, and a plan with nothing to do writes nothing", async () => {
    const desk = new Desk(small(["acme", "beta"]));
    const results = await desk.apply();
    expect(results.every((one) => one.outcome === "done")).toBe(true);
    desk.cloud.log.length = 0;
    const plan = await desk.plan();
    expect(plan.changes).toEqual([]);
    expect(plan.unchanged).toBe(7);
    await desk.apply({}, plan);
    expect(
      desk.cloud.log.filter(
        (one) => /Put|Create|Delete|Set|Tag[^s]*Resource|Subscribe/.test(one) && !one.includes("List"),
      ),
    ).toEqual([]);
  });

  test("is read in as few requests as the pages allow", async () => {
    const desk = new Desk(small(Array.from({ length: 401 }, (_, i) => `d${i}`)));
    await desk.plan();
    expect(desk.cloud.count("elasticloadbalancing:DescribeLoadBalancers")).toBe(2);
    expect(desk.cloud.count("elasticloadbalancing:DescribeTargetGroups")).toBe(2);
    expect(desk.cloud.count("cloudwatch:DescribeAlarms")).toBe(1);
    expect(desk.cloud.count("tag:GetResources")).toBe(1);
    expect(desk.cloud.log).toHaveLength(8);
  });

  test("does not depend on the order in which AWS lists things", async () => {
    const desk = new Desk(small(["acme", "beta"]));
    await desk.apply();
    desk.cloud.at().edit("acme ELB TargetResponseTime", { threshold: 9 });
    const before = await desk.plan();
    const alarm = desk.cloud.at().held("beta ELB UnHealthyHostCount");
    const definition = alarm.definition;
    if (definition.kind !== "metric" || definition.metric === undefined) throw new Error("no metric");
    desk.cloud.at().edit("beta ELB UnHealthyHostCount", {
      metric: { ...definition.metric, dimensions: definition.metric.dimensions.toReversed() },
    });
    expect((await desk.plan()).hash).toBe(before.hash);
  });
});

describe("names and identities", () => {
  test("an owned alarm keeps its name when a second target group appears", async () => {
    const desk = new Desk(small());
    await desk.apply();
    const at = desk.cloud.at();
    at.balancers = [];
    at.addBalancer("acme", ["acme-cores", "acme-more"]);
    expect(brief(await desk.plan())).toEqual(["+ alarm acme ELB UnHealthyHostCount acme-more"]);
    await desk.apply();
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("two target groups from the start are told apart by their names", async () => {
    const desk = new Desk(small([]));
    const two = deployment("acme", 1);
    desk.fleet = small([], { deployments: [two] });
    desk.addBalancer(two, ["blue", "green"]);
    const names = brief(await desk.plan()).filter((one) => one.includes("UnHealthy"));
    expect(names).toEqual(["+ alarm acme ELB UnHealthyHostCount blue", "+ alarm acme ELB UnHealthyHostCount green"]);
  });

  test("a target group that was made anew updates its alarm in place", async () => {
    const desk = new Desk(small());
    await desk.apply();
    const at = desk.cloud.at();
    at.balancers = [];
    at.addBalancer("acme", ["acme-new"]);
    const plan = await desk.plan();
    expect(brief(plan)).toEqual(["~ alarm acme ELB UnHealthyHostCount"]);
    expect(plan.changes[0]?.fields.map((one) => one.name)).toEqual(["Dimensions"]);
    await desk.apply();
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("deployments that share a load balancer share its alarms", async () => {
    const shared = [deployment("a", 1, { loadBalancer: "lb" }), deployment("b", 1, { loadBalancer: "lb" })];
    const desk = new Desk(small([], { deployments: shared }));
    expect(brief(await desk.plan()).filter((one) => one.includes("alarm"))).toHaveLength(3);
    await desk.apply();
    expect(desk.cloud.at().held("lb ELB TargetResponseTime").tags["corewatch:deployment"]).toBe("a b");
  });
});

describe("ownership", () => {
  test("somebody's alarm under a wanted name is a conflict and never overwritten", async () => {
    const desk = new Desk(small());
    desk.cloud.at().add(handMade("acme ELB TargetResponseTime", { threshold: 7 }));
    const before = structuredClone(desk.cloud.at().held("acme ELB TargetResponseTime"));
    const plan = await desk.plan();
    expect(plan.conflicts.map((one) => one.name)).toEqual(["acme ELB TargetResponseTime"]);
    expect(plan.foreign).toBe(1);
    await desk.apply({}, plan);
    expect(desk.cloud.at().held("acme ELB TargetResponseTime")).toEqual(before);
  });

  test("a copy that bears our tags under another name is foreign, and shown", async () => {
    const desk = new Desk(small());
    await desk.apply();
    const { definition, tags } = desk.cloud.at().held("acme ELB TargetResponseTime");
    desk.cloud.at().add({ ...definition, name: "my copy" }, tags);
    const plan = await desk.plan();
    expect(plan.changes).toEqual([]);
    expect(plan.foreign).toBe(1);
    expect(plan.lint.find((one) => one.rule === "copied-alarm")?.alarm).toBe("my copy");
  });

  test("a topic that was there before is used, and never changed", async () => {
    const desk = new Desk(small());
    const at = desk.cloud.at();
    at.topics.set(at.topicArn("CloudWatchAlarmsEU_West_1_ELB"), { policy: "{}", tags: {}, subscriptions: [] });
    const before = structuredClone([...at.topics]);
    const plan = await desk.plan();
    expect(brief(plan).every((one) => one.startsWith("+ alarm"))).toBe(true);
    expect(plan.lint.map((one) => one.rule)).toContain("topic-not-ours");
    expect(plan.lint.map((one) => one.rule)).toContain("topic-unconfirmed");
    await desk.apply({}, plan);
    expect([...at.topics]).toEqual(before);
  });

  test("tags that the bulk listing does not show yet are asked for by themselves", async () => {
    const desk = new Desk(small());
    desk.cloud.freezeTags();
    await desk.apply();
    const plan = await desk.plan();
    expect(plan.conflicts).toEqual([]);
    expect(plan.changes).toEqual([]);
    expect(plan.lint.map((one) => one.rule)).not.toContain("topic-not-ours");
  });
});

describe("what a removed deployment leaves", () => {
  test("is planned as exactly its deletes", async () => {
    const desk = new Desk(small(["acme", "beta"]));
    await desk.apply();
    desk.fleet = small(["acme"]);
    expect(brief(await desk.plan())).toEqual([
      "- alarm beta ELB HTTPCode_ELB_5XX_Count",
      "- alarm beta ELB TargetResponseTime",
      "- alarm beta ELB UnHealthyHostCount",
    ]);
    await desk.apply();
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("is found in a region where no deployment is any more, the topic included", async () => {
    const far = deployment("far", 1, { region: "us-east-1", roleArn: "arn:aws:iam::222222222222:role/watch" });
    const desk = new Desk(small([], { deployments: [deployment("acme", 1), far] }));
    await desk.apply();
    expect(desk.cloud.at("us-east-1", "222222222222").topics.size).toBe(1);
    desk.fleet = small(["acme"]);
    const plan = await desk.plan();
    expect(brief(plan)).toHaveLength(4);
    expect(brief(plan)).toContain("- topic CloudWatchAlarmsUS_East_1_ELB");
    await desk.apply({}, plan);
    expect(desk.cloud.at("us-east-1", "222222222222").alarms.size).toBe(0);
    expect((await desk.plan()).changes).toEqual([]);
    expect(desk.record.items.every((one) => one.region === "eu-west-1")).toBe(true);
  });

  test("stays when people's subscriptions hang on the topic", async () => {
    const far = deployment("far", 1, { region: "us-east-1" });
    const desk = new Desk(small([], { deployments: [deployment("acme", 1), far] }));
    await desk.apply();
    for (const topic of desk.cloud.at("us-east-1").topics.values())
      topic.subscriptions.push({ arn: "arn:x", protocol: "email", endpoint: "ops@example.com", confirmed: true });
    desk.fleet = small(["acme"]);
    const plan = await desk.plan();
    expect(brief(plan).filter((one) => one.includes("topic"))).toEqual([]);
    expect(plan.conflicts[0]?.reason).toContain("1 subscription of others hangs on it");
  });

  test("is left alone while its load balancer is only not to be found", async () => {
    const desk = new Desk(small(["acme", "beta"]));
    await desk.apply();
    desk.cloud.at().balancers.splice(0, 1);
    const plan = await desk.plan();
    expect(plan.changes).toEqual([]);
    expect(plan.lint.find((one) => one.rule === "load-balancer-not-found")?.alarm).toBe("acme");
  });
});

test("a misspelt load balancer, the only one, takes the drill's alarm away as little as its own", async () => {
  const alarms = { drillSchedule: "0 0 9 * * 1" };
  const desk = new Desk(small(["acme"], { alarms }));
  await desk.apply();
  expect(desk.cloud.at().alarms.has("corewatch prod drill")).toBe(true);
  desk.fleet = small([], { alarms, deployments: [deployment("acme", 2, { loadBalancer: "acne" })] });
  expect(await desk.plan()).toMatchObject({ changes: [], unresolved: [{ deployment: "acme", loadBalancer: "acne" }] });
});

describe("drift", () => {
  test("a hand edit shows with its field, and is mended", async () => {
    const desk = new Desk(small());
    await desk.apply();
    desk.cloud.at().edit("acme ELB TargetResponseTime", { threshold: 30 });
    const plan = await desk.plan();
    expect(plan.drift).toMatchObject([
      { name: "acme ELB TargetResponseTime", what: "edited", fields: [{ name: "Threshold", before: 1.5, after: 30 }] },
    ]);
    expect(plan.changes).toMatchObject([{ verb: "update", fields: [{ name: "Threshold", before: 30, after: 1.5 }] }]);
    await desk.apply();
    const after = await desk.plan();
    expect([after.changes, after.drift]).toEqual([[], []]);
  });

  test("a change of the inventory is no drift", async () => {
    const desk = new Desk(small());
    await desk.apply();
    desk.fleet = small([], {
      deployments: [deployment("acme", 2, { alarms: { overrides: { "target-response-time": { threshold: 3 } } } })],
    });
    const plan = await desk.plan();
    expect(plan.drift).toEqual([]);
    expect(brief(plan)).toEqual(["~ alarm acme ELB TargetResponseTime"]);
  });

  test("an alarm deleted by hand shows as drift, and is made again only by a person", async () => {
    const desk = new Desk(small());
    await desk.apply();
    desk.cloud.at().alarms.delete("acme ELB TargetResponseTime");
    const plan = await desk.plan();
    expect(plan.drift).toMatchObject([{ name: "acme ELB TargetResponseTime", what: "deleted" }]);
    const [skipped] = await desk.apply({ only: "safe" }, plan);
    expect(skipped?.outcome).toBe("skipped");
    expect(desk.cloud.at().alarms.has("acme ELB TargetResponseTime")).toBe(false);
    expect((await desk.plan()).drift).toHaveLength(1);
    await desk.apply();
    expect(desk.cloud.at().alarms.has("acme ELB TargetResponseTime")).toBe(true);
    expect((await desk.plan()).drift).toEqual([]);
  });

  test("a field that corewatch never sets is seen too", async () => {
    const desk = new Desk(small());
    await desk.apply();
    desk.cloud.at().edit("acme ELB TargetResponseTime", { others: { ThresholdMetricId: '"band"' } });
    expect((await desk.plan()).drift[0]?.fields).toEqual([
      { name: "ThresholdMetricId", before: null, after: '"band"' },
    ]);
  });
});

test("two roles into one account and region see it once", async () => {
  const role = (name: string) => `arn:aws:iam::111111111111:role/${name}`;
  const both = [deployment("a", 1, { roleArn: role("one") }), deployment("b", 1, { roleArn: role("two") })];
  const desk = new Desk(
    small([], { region: undefined, deployments: both.map((one) => ({ ...one, region: "eu-west-1" })) }),
  );
  await desk.apply();
  const plan = await desk.plan();
  expect(plan.changes).toEqual([]);
  expect(plan.owned).toBe(6);
});
