import { describe, expect, test } from "vitest";
import { planMutes, type MuteStep, type OpenWindow } from "../../alarms/mute.ts";
import { runMuteStep } from "../../alarms/mute-run.ts";
import { CloudPacer } from "../../alarms/rate.ts";
import { deployment, Desk, small } from "./support.ts";

const FROM = Date.parse("2026-11-21T02:00:30Z");
const window = (more: Partial<OpenWindow> = {}): OpenWindow => ({
  id: "nightly",
  match: { deployment: "acme" },
  from: FROM,
  until: FROM + 3_600_000,
  reason: "patching",
  ...more,
});

/** A fleet with its alarms made. */
async function desk(): Promise<Desk> {
  const shared = [
    deployment("acme", 1),
    deployment("x", 1, { loadBalancer: "lb" }),
    deployment("y", 1, { loadBalancer: "lb" }),
  ];
  const made = new Desk(small([], { deployments: shared, alarms: { deadMan: true } }));
  await made.apply();
  return made;
}

/** Plans the mute and carries it out. */
async function mutes(desk: Desk, windows: readonly OpenWindow[], withRules: boolean): Promise<MuteStep[]> {
  const { world } = await desk.planned();
  const rules = withRules ? [...desk.cloud.at().rules] : undefined;
  const steps = world.sites.flatMap((site) => planMutes("prod", site, windows, rules));
  const call = new CloudPacer(desk.clock).call("own", "eu-west-1", desk.signal);
  for (const step of steps) await runMuteStep(step, "prod", desk.ports(), call);
  return steps;
}

const names = (steps: readonly MuteStep[]): string[] =>
  steps.flatMap((one) => ("alarms" in one ? one.alarms.map((alarm) => `${one.does} ${alarm.name}`) : [])).sort();

describe("a maintenance window", () => {
  test("mutes its deployment's alarms by a rule that ends by itself", async () => {
    const made = await desk();
    const [step] = await mutes(made, [window()], true);
    expect(step).toMatchObject({
      does: "put-rule",
      rule: {
        alarms: ["acme ELB HTTPCode_ELB_5XX_Count", "acme ELB TargetResponseTime", "acme ELB UnHealthyHostCount"],
        from: Date.parse("2026-11-21T02:00:00Z"),
        durationMs: 61 * 60_000,
      },
    });
    expect(await mutes(made, [window()], true)).toEqual([]);
    expect(await mutes(made, [], true)).toMatchObject([{ does: "delete-rule" }]);
  });

  test("disables actions where there are no rules, is no drift meanwhile, and always unmutes, a crash later too", async () => {
    const made = await desk();
    expect(names(await mutes(made, [window()], false))).toHaveLength(3);
    expect(await mutes(made, [window()], false)).toEqual([]);
    const plan = await made.plan();
    expect([plan.changes, plan.drift]).toEqual([[], []]);
    expect(plan.lint.map((one) => one.rule)).not.toContain("actions-disabled");
    // The next process knows nothing but the tags.
    expect(names(await mutes(made, [], false))).toEqual([
      "enable acme ELB HTTPCode_ELB_5XX_Count",
      "enable acme ELB TargetResponseTime",
      "enable acme ELB UnHealthyHostCount",
    ]);
    expect((await made.plan()).changes).toEqual([]);
    expect(await mutes(made, [], false)).toEqual([]);
  });

  test("what was muted by hand is not unmuted at its end", async () => {
    const made = await desk();
    made.cloud.at().edit("acme ELB TargetResponseTime", { actionsEnabled: false });
    await mutes(made, [window()], false);
    expect(names(await mutes(made, [], false))).not.toContain("enable acme ELB TargetResponseTime");
  });

  test("that is prolonged stays mute until the later end, and moving to rules unmutes the old way", async () => {
    const made = await desk();
    await mutes(made, [window()], false);
    const longer = window({ until: FROM + 7_200_000 });
    expect(await mutes(made, [window(), longer], false)).toMatchObject([
      { does: "disable", until: "2026-11-21T04:00:30.000Z" },
    ]);
    expect((await mutes(made, [longer], true)).map((one) => one.does).sort()).toEqual(["enable", "put-rule"]);
  });

  test("spares what several deployments share unless all are in it, corewatch's own alarm, and windows about probes", async () => {
    const made = await desk();
    expect(await mutes(made, [window({ match: { deployment: "x" } })], false)).toEqual([]);
    expect(await mutes(made, [window({ match: { deployment: "acme", check: "hello" } })], false)).toEqual([]);
    const all = names(await mutes(made, [window({ match: {} })], false));
    expect(all).toHaveLength(6);
    expect(all).not.toContain("disable corewatch prod heartbeat");
  });

  test("that fails half-way leaves nothing disabled without its tag, and is finished at the next look", async () => {
    const made = await desk();
    const at = made.cloud.at();
    made.cloud.log.length = 0;
    for (let index = 1; index < 12; index++) {
      const start = made.cloud.log.length;
      made.cloud.fault = (request) =>
        request === start + index ? { failure: "failed", done: index % 2 === 0 } : undefined;
      await mutes(made, index % 2 === 0 ? [window()] : [], false).catch(() => undefined);
      const silent = [...at.alarms.values()].filter((one) => !one.definition.actionsEnabled);
      expect(silent.every((one) => one.tags["corewatch:muted-until"] !== undefined)).toBe(true);
    }
    made.cloud.fault = () => undefined;
    await mutes(made, [], false);
    expect([...at.alarms.values()].every((one) => one.definition.actionsEnabled)).toBe(true);
    expect((await made.plan()).changes).toEqual([]);
  });

  test("is no drift either while the bulk listing does not show its tag yet", async () => {
    const made = await desk();
    made.cloud.freezeTags();
    await mutes(made, [window()], false);
    const plan = await made.plan();
    expect([plan.changes, plan.drift]).toEqual([[], []]);
  });
});
