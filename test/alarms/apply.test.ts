import { describe, expect, test } from "vitest";
import { planDocument, reviewedPlan } from "../../alarms/json.ts";
import { applyPlan } from "../../alarms/apply.ts";
import { planDrillAlarms } from "../../alarms/plan-drill.ts";
import { parseRecord } from "../../alarms/record.ts";
import { judgeSafety } from "../../alarms/safety.ts";
import { brief, deployment, Desk, handMade, small } from "./support.ts";

const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `d${i}`);

describe("apply", () => {
  test("makes topic, policy, subscription, alarms and composites in this order, and deletes in reverse", async () => {
    const desk = new Desk(
      small([], {
        deployments: [
          deployment("acme", 1),
          deployment("far", 1, { region: "us-east-1", alarms: { profile: "recommended" } }),
        ],
        web: { host: "127.0.0.1", port: 0, publicUrl: "https://watch.example.com" },
      }),
    );
    await desk.apply();
    const writes = (): string[] => [
      ...new Set(
        desk.cloud.log
          .map((one) => one.split(" ")[0] ?? "")
          .filter((one) => /:(Put|Create|Set|Subscribe|Delete)/.test(one)),
      ),
    ];
    expect(writes()).toEqual([
      "sns:CreateTopic",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:PutCompositeAlarm",
    ]);
    desk.fleet = small(["acme"], { web: desk.fleet.web });
    desk.cloud.log.length = 0;
    const results = await desk.apply({ force: true });
    expect(results.every((one) => one.outcome === "done")).toBe(true);
    const deletes = desk.cloud.log.filter((one) => one.includes(":Delete"));
    expect(deletes[0]).toBe("cloudwatch:DeleteAlarms far users are hit");
    expect(deletes.at(-1)).toContain("sns:DeleteTopic");
    // Right before each delete its own tags were read.
    for (const one of desk.cloud.log.filter((one) => one.includes(":DeleteAlarms"))) {
      const name = one.slice(one.indexOf(" ") + 1);
      const at = desk.cloud.log.indexOf(one);
      expect(
        desk.cloud.log
          .slice(0, at)
          .some((read) => read.startsWith("cloudwatch:ListTagsForResource") && read.endsWith(name)),
      ).toBe(true);
    }
  });

  test("refuses another plan than the reviewed one, and writes nothing", async () => {
    const desk = new Desk(small());
    const reviewed = reviewedPlan(JSON.stringify(planDocument(await desk.plan())));
    await desk.apply({ reviewed });
    desk.cloud.log.length = 0;
    desk.fleet = small(["acme"], { alarms: { profile: "recommended" } });
    const plan = await desk.plan();
    const asked = desk.cloud.log.length;
    const told = await applyPlan(plan, desk.ports(), { reviewed });
    expect(told).toMatchObject({ refused: { reason: "another-plan" } });
    expect(desk.cloud.log).toHaveLength(asked);
  });

  test("refuses a plan's file that was edited, however true its hash", async () => {
    const desk = new Desk(small());
    const plan = await desk.plan();
    const document = planDocument(plan);
    const edited = { ...document, changes: document.changes.slice(1) };
    const reviewed = reviewedPlan(JSON.stringify(edited));
    const told = await applyPlan(plan, desk.ports(), { reviewed });
    expect(told).toMatchObject({
      refused: { reason: "another-plan", message: expect.stringContaining("it was edited") as string },
    });
    expect(desk.cloud.at().alarms.size).toBe(0);
  });

  test("refuses to change more than 30% of ten alarms or more, unless forced", async () => {
    const desk = new Desk(small(ids(4)));
    await desk.apply();
    desk.fleet = small(ids(2));
    const plan = await desk.plan();
    expect(judgeSafety(plan)).toMatchObject({ reason: "too-many-changes", touched: 6, owned: 12 });
    expect(await applyPlan(plan, desk.ports(), {})).toMatchObject({ refused: { reason: "too-many-changes" } });
    expect(desk.cloud.at().alarms.size).toBe(12);
    await desk.apply({ force: true });
    expect(desk.cloud.at().alarms.size).toBe(6);
  });

  test("fewer than ten alarms, or a few of many, need no force", async () => {
    const few = new Desk(small(ids(3)));
    await few.apply();
    few.fleet = small(ids(1));
    expect(judgeSafety(await few.plan()).reason).toBe("ok");
    const many = new Desk(small(ids(10)));
    await many.apply();
    many.fleet = small(ids(7));
    expect(judgeSafety(await many.plan()).reason).toBe("ok");
    many.fleet = small(ids(6));
    expect(judgeSafety(await many.plan()).reason).toBe("too-many-changes");
  });

  test("goes on after an error, and what needs the failed thing says so", async () => {
    const desk = new Desk(small(["acme"], { alarms: { profile: "recommended", deadMan: false } }));
    desk.cloud.fault = (_, operation) => (operation === "sns:CreateTopic" ? { failure: "not-authorized" } : undefined);
    const results = await desk.apply();
    expect(results.find((one) => one.change.kind === "topic")?.outcome).toBe("failed");
    expect(results.filter((one) => one.outcome === "skipped")).toHaveLength(results.length - 1);
    expect(results.find((one) => one.change.kind === "alarm")?.error).toContain("could not be made");
    expect(desk.cloud.at().alarms.size).toBe(0);
  });

  test("an alarm that lost its tag since the plan was made is not deleted", async () => {
    const desk = new Desk(small(["acme", "beta"]));
    await desk.apply();
    desk.fleet = small(["acme"]);
    const plan = await desk.plan();
    desk.cloud.at().held("beta ELB TargetResponseTime").tags = {};
    const results = await desk.apply({}, plan);
    expect(results.find((one) => one.change.name === "beta ELB TargetResponseTime")?.outcome).toBe("skipped");
    expect(desk.cloud.at().alarms.has("beta ELB TargetResponseTime")).toBe(true);
    expect(desk.cloud.at().alarms.has("beta ELB UnHealthyHostCount")).toBe(false);
  });

  test("an alarm that appeared under a wanted name since the plan was made is not overwritten", async () => {
    const desk = new Desk(small());
    const plan = await desk.plan();
    desk.cloud.at().add(handMade("acme ELB TargetResponseTime", { threshold: 7 }));
    const results = await desk.apply({}, plan);
    expect(results.find((one) => one.change.name === "acme ELB TargetResponseTime")).toMatchObject({
      outcome: "failed",
    });
    expect(desk.cloud.at().held("acme ELB TargetResponseTime").definition).toMatchObject({ threshold: 7 });
  });

  test("an interrupted apply tells of every change what became of it", async () => {
    const desk = new Desk(small(ids(5)));
    const plan = await desk.plan();
    const stop = new AbortController();
    desk.signal = stop.signal;
    let done = 0;
    const results = await desk.apply({ onResult: () => void (++done === 4 && stop.abort()) }, plan);
    expect(results).toHaveLength(plan.changes.length);
    expect(results.some((one) => one.outcome === "skipped")).toBe(true);
    desk.signal = new AbortController().signal;
    await desk.apply();
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("by the daemon creates and updates, and leaves deletes to people", async () => {
    const desk = new Desk(small(ids(5)));
    await desk.apply();
    desk.cloud.at().edit("d0 ELB TargetResponseTime", { threshold: 9 });
    const next = deployment("fresh", 1);
    desk.fleet = small([], { deployments: [...small(ids(4)).deployments, next] });
    desk.addBalancer(next);
    await desk.apply({ only: "safe" });
    expect(brief(await desk.plan())).toHaveLength(3);
    expect(brief(await desk.plan()).every((one) => one.startsWith("-"))).toBe(true);
  });
});

describe("the API's rate", () => {
  test("300 alarms go at 95% of 3 a second or more, and never four within a second", async () => {
    const desk = new Desk(small(ids(100)));
    const plan = await desk.plan();
    const times: number[] = [];
    desk.cloud.fault = (_, operation) => {
      if (operation === "cloudwatch:PutMetricAlarm") times.push(desk.clock.monotonic());
      return undefined;
    };
    await desk.apply({}, plan);
    expect(times).toHaveLength(300);
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
    expect(299 / seconds).toBeGreaterThanOrEqual(0.95 * 3);
    for (let i = 3; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 3] ?? 0)).toBeGreaterThan(1_000);
    expect(plan.estimate.seconds).toBeGreaterThanOrEqual(Math.floor(seconds));
    expect(plan.estimate.seconds).toBeLessThan(seconds * 1.1);
  });

  test("throttling by others who use the account is waited out", async () => {
    const desk = new Desk(small(ids(5)));
    const plan = await desk.plan();
    let puts = 0;
    desk.cloud.fault = (_, operation) =>
      operation === "cloudwatch:PutMetricAlarm" && ++puts % 2 === 1 ? { failure: "throttled" } : undefined;
    const results = await desk.apply({}, plan);
    expect(results.every((one) => one.outcome === "done")).toBe(true);
    expect(puts).toBeGreaterThan(15);
  });

  test("two regions go side by side", async () => {
    const both = ids(20).map((id, i) => deployment(id, 1, { region: i % 2 === 0 ? "eu-west-1" : "us-east-1" }));
    const desk = new Desk(small([], { deployments: both }));
    const plan = await desk.plan();
    const start = desk.clock.monotonic();
    await desk.apply({}, plan);
    expect((desk.clock.monotonic() - start) / 1_000).toBeLessThan(12);
    expect(plan.estimate.seconds).toBeLessThan(12);
  });
});

test("a thousand load balancers and their 3,000 alarms are planned, and priced", async () => {
  const desk = new Desk(small(ids(1_000)));
  const at = desk.cloud.at();
  const first = await desk.planned();
  for (const { step } of first.plan.changes) if (step.does === "put-alarm") at.add(step.definition, step.tags);
  const { world } = await desk.planned();
  const { planFleet } = await import("../../alarms/plan.ts");
  const plan = planFleet(desk.fleet, world);
  expect(plan.unchanged).toBe(3_000);
  expect(plan.estimate.usdPerMonth).toBe(300);
});

describe("drills", () => {
  test("their alarm is made on demand, on the fleet's topic, and a plan keeps it in order", async () => {
    const desk = new Desk(small());
    const { world } = await desk.planned();
    const drill = planDrillAlarms(desk.fleet, world);
    expect(brief(drill)).toEqual([
      "+ alarm corewatch prod drill",
      "+ policy CloudWatchAlarmsEU_West_1_ELB",
      "+ topic CloudWatchAlarmsEU_West_1_ELB",
    ]);
    await desk.apply({}, drill);
    await desk.apply();
    expect((await desk.plan()).changes).toEqual([]);
    desk.cloud.at().edit("corewatch prod drill", { alarmActions: [] });
    expect(brief(await desk.plan())).toEqual(["~ alarm corewatch prod drill"]);
  });
});

test("a record that cannot be read is not an empty one", () => {
  expect(parseRecord(undefined).items).toEqual([]);
  expect(() => parseRecord({ things: [] })).toThrow("cannot be read");
  expect(() => parseRecord({ items: [{ name: 1 }] })).toThrow("cannot be read");
});
