import { describe, expect, test } from "vitest";
import { FAMILIES, specsFor } from "../../alarms/index.ts";
import { regionTitle, topicName } from "../../alarms/names.ts";
import { tagValue } from "../../alarms/tags.ts";
import { ALARM_FAMILIES } from "../../src/domain/index.ts";
import { deployment, Desk, small } from "./support.ts";

test("every family stands in the registry under its id", () => {
  expect(Object.keys(FAMILIES)).toEqual([...ALARM_FAMILIES]);
  for (const [id, family] of Object.entries(FAMILIES)) expect(family.id).toBe(id);
});

test.each([
  ["us-east-1", "US_East_1"],
  ["eu-west-1", "EU_West_1"],
  ["ap-southeast-2", "AP_Southeast_2"],
  ["us-gov-west-1", "US_Gov_West_1"],
])("region %s is written %s", (region, title) => {
  expect(regionTitle(region)).toBe(title);
});

test("topics are named by the template, for each service", () => {
  expect(topicName(undefined, "us-east-1", "ELB")).toBe("CloudWatchAlarmsUS_East_1_ELB");
  expect(topicName(undefined, "us-east-1", "RDS")).toBe("CloudWatchAlarmsUS_East_1_RDS");
  expect(topicName("CloudWatch_Alarms_{{Region}}_{{Service}}", "us-east-1", "Lambda")).toBe(
    "CloudWatch_Alarms_US_East_1_Lambda",
  );
  expect(topicName("one", "us-east-1", "RDS")).toBe("one");
});

test("a tag's value is the text itself where AWS takes it, else its hash", () => {
  expect(tagValue("unhealthy-hosts:app/a/1:targetgroup/b/2")).toBe("unhealthy-hosts:app/a/1:targetgroup/b/2");
  expect(tagValue('a"b')).toMatch(/^[0-9a-f]{64}$/);
  expect(tagValue("x".repeat(257))).toHaveLength(64);
});

describe("profiles", () => {
  test("seed keeps the runbook's numbers with the corrections that make them work", async () => {
    const desk = new Desk(small());
    const { world } = await desk.planned();
    const drafts = world.sites.flatMap((site) => specsFor(site, desk.fleet)).filter((one) => one.presence === "wanted");
    const told = drafts.map(({ draft }) =>
      draft.kind === "metric" && draft.metric !== undefined
        ? [
            draft.metric.metric,
            draft.metric.statistic,
            draft.metric.periodSeconds,
            draft.comparison,
            draft.threshold,
            draft.treatMissingData,
            draft.metric.dimensions.length,
          ]
        : [],
    );
    expect(told).toEqual([
      ["HTTPCode_ELB_5XX_Count", "Maximum", 300, "GreaterThanOrEqualToThreshold", 1, "notBreaching", 1],
      ["TargetResponseTime", "Maximum", 300, "GreaterThanThreshold", 1.5, "notBreaching", 1],
      ["UnHealthyHostCount", "Maximum", 300, "GreaterThanOrEqualToThreshold", 1, "missing", 2],
    ]);
    const plan = await desk.plan();
    expect(new Set(plan.lint.map((one) => one.rule))).toEqual(
      new Set([
        "dimension-resolved",
        "missing-data-set",
        "ok-action-set",
        "maximum-of-count",
        "single-slow-request",
        "one-per-target-group",
        "topic-unconfirmed",
      ]),
    );
  });

  test("recommended adds healthy hosts, a ratio and a composite; overrides switch off and change", async () => {
    const overrides = {
      "healthy-hosts": { enabled: false },
      "target-response-time": { threshold: 3, evaluationPeriods: 2 },
    };
    const desk = new Desk(
      small([], { deployments: [deployment("acme", 1, { alarms: { profile: "recommended", overrides } })] }),
    );
    await desk.apply();
    const at = desk.cloud.at();
    expect([...at.alarms.keys()].sort()).toEqual([
      "acme ELB HTTPCode_ELB_5XX_Count",
      "acme ELB HTTPCode_Target_5XX_Ratio",
      "acme ELB TargetResponseTime",
      "acme ELB UnHealthyHostCount",
      "acme users are hit",
    ]);
    expect(at.held("acme ELB TargetResponseTime").definition).toMatchObject({
      threshold: 3,
      evaluationPeriods: 2,
      datapointsToAlarm: 2,
      metric: { statistic: "p99" },
    });
  });

  test("a deployment without alarms has none, and its old ones go", async () => {
    const desk = new Desk(small());
    await desk.apply();
    desk.fleet = small([], { deployments: [deployment("acme", 1, { alarms: { enabled: false } })] });
    await desk.apply();
    expect(desk.cloud.at().alarms.size).toBe(0);
  });

  test("a threshold that can never be met is told", async () => {
    const overrides = { "elb-5xx": { threshold: 10 } };
    const desk = new Desk(small([], { deployments: [deployment("acme", 1, { alarms: { overrides } })] }));
    expect((await desk.plan()).lint.find((one) => one.rule === "never-fires")?.alarm).toBe(
      "acme ELB HTTPCode_ELB_5XX_Count",
    );
  });

  test("databases and functions of the runbook have their alarms on their own topics", async () => {
    const resources = [
      { kind: "rds" as const, name: "main", deployments: ["acme"] },
      { kind: "lambda" as const, name: "mailer", deployments: [] },
    ];
    const desk = new Desk(small(["acme"], { alarms: { resources } }));
    await desk.apply();
    const at = desk.cloud.at();
    expect([...at.topics.keys()].map((one) => one.split("_").at(-1))).toEqual(["ELB", "RDS", "Lambda"]);
    expect(at.held("main RDS FreeStorageSpace").definition).toMatchObject({ threshold: 1_073_741_824 });
    expect(at.held("mailer Lambda Errors").definition).toMatchObject({ threshold: 1 });
  });
});
