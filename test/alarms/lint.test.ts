import { expect, test } from "vitest";
import { brief, deployment, Desk, handMade, small } from "./support.ts";

const LOAD_BALANCER = { name: "LoadBalancer", value: "app/acme/0000000000903dc1" };

function alarm(metric: string, dimensions: readonly { name: string; value: string }[], more: object = {}) {
  return handMade("by hand", {
    metric: { namespace: "AWS/ApplicationELB", metric, dimensions, statistic: "Maximum", periodSeconds: 300 },
    threshold: 0.5,
    ...more,
  });
}

async function lintOf(definition: ReturnType<typeof handMade>): Promise<string[]> {
  const desk = new Desk(small());
  desk.cloud.at().add(definition);
  return (await desk.plan()).lint.filter((one) => one.alarm === "by hand").map((one) => `${one.rule}: ${one.message}`);
}

const GROUP = { name: "TargetGroup", value: "targetgroup/elsewhere/0123456789abcdef" };

test.each([
  ["HTTPCode_ELB_5XX_Count", [LOAD_BALANCER, GROUP], "never published per target group"],
  ["UnHealthyHostCount", [LOAD_BALANCER, GROUP], "is not behind acme"],
  ["UnHealthyHostCount", [LOAD_BALANCER], "without the dimension TargetGroup"],
  ["TargetResponseTime", [LOAD_BALANCER, { name: "Host", value: "a" }], "has no dimension Host"],
])("%s under dimensions that can never exist", async (metric, dimensions, message) => {
  expect(await lintOf(alarm(metric, dimensions))).toEqual([
    expect.stringMatching(new RegExp(`^dimensions-never-exist: .*${message}`)),
  ]);
});

test("dimensions that an absent series may well have are no finding", async () => {
  const zone = { name: "AvailabilityZone", value: "eu-west-1a" };
  expect(await lintOf(alarm("HTTPCode_ELB_5XX_Count", [LOAD_BALANCER, zone]))).toEqual([]);
});

test.each([
  ["LessThanThreshold", 0, true],
  ["LessThanThreshold", 1, false],
  ["LessThanOrEqualToThreshold", -1, true],
  ["LessThanOrEqualToThreshold", 0, false],
])("a count %s %d can never fire: %s", async (comparison, threshold, never) => {
  const found = await lintOf(alarm("RequestCount", [LOAD_BALANCER], { comparison, threshold }));
  expect(found.some((one) => one.startsWith("never-fires"))).toBe(never);
});

test("a ratio of a hundred per cent and more can never fire", async () => {
  const rules = async (threshold: number): Promise<string[]> => {
    const alarms = { profile: "recommended", overrides: { "target-5xx-ratio": { threshold } } } as const;
    const desk = new Desk(small([], { deployments: [deployment("acme", 2, { alarms })] }));
    return (await desk.plan()).lint.filter((one) => one.alarm.includes("Ratio")).map((one) => one.rule);
  };
  expect(await rules(100)).toContain("never-fires");
  expect(await rules(99)).not.toContain("never-fires");
});

test("settings that a shared load balancer loses are told", async () => {
  const at = (id: string, threshold?: number) =>
    deployment(id, 1, {
      loadBalancer: "lb",
      ...(threshold === undefined ? {} : { alarms: { overrides: { "target-response-time": { threshold } } } }),
    });
  const shared = (deployments: ReturnType<typeof at>[]) => new Desk(small([], { deployments })).plan();
  const plan = await shared([at("a", 3), at("b"), at("c", 3)]);
  expect(brief(plan)).toContain("+ alarm lb ELB TargetResponseTime");
  expect(plan.lint.filter((one) => one.rule === "shared-balancer-settings")).toEqual([
    {
      rule: "shared-balancer-settings",
      alarm: "lb",
      message: expect.stringContaining("settings of a: those of b differ") as string,
    },
  ]);
  const same = await shared([at("a", 3), at("b", 3)]);
  expect(same.lint.map((one) => one.rule)).not.toContain("shared-balancer-settings");
});
