import { describe, expect, test } from "vitest";
import { planAdoption, type Adoption } from "../../alarms/adopt.ts";
import { confirmed } from "../../alarms/planning.ts";
import { readWorld } from "../../alarms/read.ts";
import { brief, Desk, handMade, small } from "./support.ts";

async function adoption(desk: Desk): Promise<Adoption> {
  const world = await readWorld(desk.fleet, desk.record, desk.ports());
  return (await confirmed(desk.fleet, world, desk.ports(), planAdoption)).plan;
}

const SUFFIX = "app/acme/0000000000903dc1";

describe("adopt", () => {
  test("takes over by name and by series, with tags alone, and the next plan mends the rest under the old name", async () => {
    const desk = new Desk(small());
    const at = desk.cloud.at();
    at.add(handMade("acme ELB TargetResponseTime", { threshold: 7 }), { team: "a" }, "ALARM");
    at.add(
      handMade("unhealthy cores of acme", {
        metric: {
          namespace: "AWS/ApplicationELB",
          metric: "UnHealthyHostCount",
          dimensions: [{ name: "LoadBalancer", value: SUFFIX }],
          statistic: "Maximum",
          periodSeconds: 300,
        },
        comparison: "GreaterThanOrEqualToThreshold",
        threshold: 1,
      }),
    );
    const topic = at.topicArn("CloudWatchAlarmsEU_West_1_ELB");
    at.topics.set(topic, { policy: "", tags: {}, subscriptions: [] });
    const plan = await adoption(desk);
    expect(brief(plan)).toEqual([
      "~ alarm acme ELB TargetResponseTime",
      "~ alarm unhealthy cores of acme",
      "~ topic CloudWatchAlarmsEU_West_1_ELB",
    ]);
    await desk.apply({}, plan);
    expect(at.held("acme ELB TargetResponseTime").definition).toMatchObject({ threshold: 7 });
    expect(at.held("acme ELB TargetResponseTime").tags).toMatchObject({ team: "a" });

    const next = await desk.plan();
    expect(next.conflicts).toEqual([]);
    expect(next.drift).toEqual([]);
    expect(brief(next)).toEqual([
      "+ alarm acme ELB HTTPCode_ELB_5XX_Count",
      "~ alarm acme ELB TargetResponseTime",
      "~ alarm unhealthy cores of acme",
      "~ policy CloudWatchAlarmsEU_West_1_ELB",
    ]);
    await desk.apply({ force: true });
    expect(at.held("acme ELB TargetResponseTime").state).toBe("ALARM");
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("shows duplicates of a series and touches none of them", async () => {
    const desk = new Desk(small());
    await desk.apply();
    const at = desk.cloud.at();
    at.add(handMade("slow by plain name"));
    at.add(handMade("slow by hand", { metric: { ...metricOf(desk), statistic: "Average" } }));
    at.add(handMade("fast", { metric: metricOf(desk), comparison: "LessThanThreshold" }));
    const plan = await adoption(desk);
    expect(plan.changes).toEqual([]);
    expect(plan.duplicates).toMatchObject([
      { kept: "acme ELB TargetResponseTime", others: ["slow by hand", "slow by plain name"] },
    ]);
  });

  test("never takes what bears another fleet's tag", async () => {
    const desk = new Desk(small());
    const theirs = { "corewatch:fleet": "staging" };
    desk.cloud.at().add(handMade("acme ELB TargetResponseTime"), theirs);
    expect((await adoption(desk)).changes).toEqual([]);
    const [conflict] = (await desk.plan()).conflicts;
    expect(conflict?.reason).toContain("belongs to the fleet staging");
    expect(conflict?.reason).not.toContain("adopt");
    expect(desk.cloud.at().held("acme ELB TargetResponseTime").tags).toEqual(theirs);
  });
});

test("what another fleet took since the plan was made is not taken over", async () => {
  const desk = new Desk(small());
  desk.cloud.at().add(handMade("acme ELB TargetResponseTime"));
  const plan = await adoption(desk);
  desk.cloud.at().held("acme ELB TargetResponseTime").tags = { "corewatch:fleet": "staging" };
  expect(await desk.apply({}, plan)).toMatchObject([{ outcome: "skipped" }]);
});

function metricOf(desk: Desk) {
  const { definition } = desk.cloud.at().held("acme ELB TargetResponseTime");
  if (definition.kind !== "metric" || definition.metric === undefined) throw new Error("no metric alarm");
  return definition.metric;
}
