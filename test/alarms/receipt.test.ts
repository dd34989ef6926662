import { describe, expect, test } from "vitest";
import { eventOf, evidenceOf, matchAlarm } from "../../alarms/receipt.ts";
import type { AlarmEvent } from "../../src/domain/index.ts";
import { deployment, Desk, handMade, small } from "./support.ts";

async function events(desk: Desk): Promise<AlarmEvent[]> {
  const plan = await desk.planned();
  return plan.world.sites.flatMap((one) => one.alarms.map(eventOf));
}

describe("a received alarm", () => {
  test("joins its deployments by what corewatch made, composites and metric math included", async () => {
    const shared = [
      deployment("a", 1, { loadBalancer: "lb", alarms: { profile: "recommended" } }),
      deployment("b", 1, { loadBalancer: "lb" }),
      deployment("c", 1),
    ];
    const desk = new Desk(small([], { deployments: shared, alarms: { deadMan: true, drillSchedule: "0 0 9 * * 1" } }));
    await desk.apply();
    const found = new Map(
      (await events(desk)).map((one) => [one.name, matchAlarm(one, desk.fleet, desk.record)] as const),
    );
    expect(found.get("lb ELB HTTPCode_Target_5XX_Ratio")).toMatchObject({
      family: "target-5xx-ratio",
      deployments: ["a", "b"],
    });
    expect(found.get("a users are hit")).toMatchObject({ family: "deployment", deployments: ["a"] });
    expect(found.get("c ELB UnHealthyHostCount")).toMatchObject({ family: "unhealthy-hosts", deployments: ["c"] });
    expect(found.get("corewatch prod heartbeat")).toMatchObject({ family: "dead-man", deployments: [] });
    expect(found.get("corewatch prod drill")).toMatchObject({ family: "drill", deployments: [] });
  });

  test("made by hand joins by its metric and dimensions, in its own region only", async () => {
    const desk = new Desk(small(["acme"]));
    const at = desk.cloud.at();
    at.add(handMade("by plain name"), {}, "ALARM");
    at.add(
      handMade("other", {
        metric: { ...handMade("x").metric!, dimensions: [{ name: "LoadBalancer", value: "app/else/1" }] },
      }),
    );
    const [plain, other] = await events(desk);
    if (plain === undefined || other === undefined) throw new Error("two alarms");
    const received = matchAlarm(plain, desk.fleet, desk.record);
    expect(received).toMatchObject({ family: "target-response-time", deployments: ["acme"] });
    expect(received && evidenceOf(received)).toBe(
      'CloudWatch alarm "by plain name" is in ALARM. Cores take long to answer the load balancer.',
    );
    expect(matchAlarm(other, desk.fleet, desk.record)).toBeUndefined();
    expect(matchAlarm({ ...plain, region: "us-east-1" }, desk.fleet, desk.record)).toBeUndefined();
  });

  test("of a database joins the deployments that depend on it", async () => {
    const resources = [{ kind: "rds" as const, name: "main", deployments: ["acme"] }];
    const desk = new Desk(small(["acme"], { alarms: { resources } }));
    await desk.apply();
    const cpu = (await events(desk)).find((one) => one.name === "main RDS CPUUtilization");
    expect(cpu && matchAlarm(cpu, desk.fleet, desk.record)).toMatchObject({ family: "rds-cpu", deployments: ["acme"] });
    expect(cpu && matchAlarm(cpu, desk.fleet, { items: [] })).toMatchObject({
      family: "rds-cpu",
      deployments: ["acme"],
    });
  });
});
