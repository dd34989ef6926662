import { describe, expect, test } from "vitest";
import { Desk, small } from "./support.ts";

describe("a mute", () => {
  const name = "acme ELB TargetResponseTime";
  async function muted(minutes: number): Promise<Desk> {
    const desk = new Desk(small());
    await desk.apply();
    desk.cloud.at().edit(name, { actionsEnabled: false });
    const until = new Date(desk.clock.now() + minutes * 60_000).toISOString();
    desk.cloud.at().held(name).tags["corewatch:muted-until"] = until;
    return desk;
  }

  test("is left alone while its window lasts", async () => {
    const plan = await (await muted(5)).plan();
    expect([plan.changes, plan.drift]).toEqual([[], []]);
    expect(plan.lint.map((one) => one.rule)).not.toContain("actions-disabled");
  });

  test("that is over and was never taken off is told and taken off, and is nobody's edit", async () => {
    const desk = await muted(-5);
    const plan = await desk.plan();
    expect(plan.changes).toMatchObject([
      { verb: "update", name, fields: [{ name: "ActionsEnabled", before: false, after: true }] },
    ]);
    expect(plan.drift).toEqual([]);
    expect(plan.lint.find((one) => one.rule === "actions-disabled")).toMatchObject({
      alarm: name,
      message: expect.stringContaining("still mute after its maintenance window") as string,
    });
    expect(await desk.apply({ only: "safe" }, plan)).toMatchObject([{ outcome: "done" }]);
    expect(desk.cloud.at().held(name).tags).not.toHaveProperty(["corewatch:muted-until"]);
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("whose tag alone was left behind loses it", async () => {
    const desk = await muted(-5);
    desk.cloud.at().edit(name, { actionsEnabled: true });
    const plan = await desk.plan();
    expect(plan.changes).toMatchObject([
      { step: { does: "tag" }, fields: [{ after: { "corewatch:muted-until": null } }] },
    ]);
    await desk.apply({}, plan);
    expect((await desk.plan()).changes).toEqual([]);
  });
});
