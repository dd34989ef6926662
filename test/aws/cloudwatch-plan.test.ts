import { expect, test } from "vitest";
import { applyPlan } from "../../alarms/apply.ts";
import { makePlan } from "../../alarms/planning.ts";
import { CloudPacer } from "../../alarms/rate.ts";
import { EMPTY_RECORD } from "../../alarms/record.ts";
import type { AwsModel } from "../../src/sandbox/aws-model.ts";
import { handMade, JumpClock, small } from "../alarms/support.ts";
import { ACCOUNT, account, balancer, call, place, REGION } from "./alarm-account.ts";

async function start() {
  const clock = new JumpClock();
  const ids = ["acme", "beta"];
  const model: AwsModel = { account: ACCOUNT, loadBalancers: [] };
  const made = await account({ clock, model });
  const fleet = small(ids, { alarms: { profile: "recommended", deadMan: true } });
  const balancers = fleet.deployments.map(({ id, loadBalancer = id }) =>
    balancer(loadBalancer, { groups: id === "beta" ? ["beta-1", "beta-2"] : ["acme"] }),
  );
  model.loadBalancers.push(...balancers.map((one) => one.made));
  const run = () => {
    const pacer = new CloudPacer(clock);
    const { signal } = new AbortController();
    const ports = { reader: made.reader, writer: made.writer, pacer, signal };
    return {
      pacer,
      plan: async () => (await makePlan(fleet, EMPTY_RECORD, ports)).plan,
      apply: async () => applyPlan((await makePlan(fleet, EMPTY_RECORD, ports)).plan, ports),
    };
  };
  return { ...made, run };
}

test("over the wire and at AWS's rates: a plan is applied unthrottled, the next is empty, and a hand edit shows its field", async () => {
  const { run, cloudwatch, reader, writer } = await start();
  cloudwatch.setThrottling(true);
  const { apply, plan, pacer } = run();
  const applied = await apply();
  if (!("results" in applied)) throw new Error(applied.refused.message);
  expect(applied.results.filter((result) => result.outcome !== "done")).toEqual([]);
  expect(applied.results.length).toBeGreaterThan(10);
  expect(pacer.throttled).toBe(0);
  expect(await plan()).toMatchObject({ changes: [], conflicts: [], complete: true });

  const alarm = (await reader.alarms(place, call)).find((one) => one.definition.kind === "metric");
  if (alarm?.definition.kind !== "metric") throw new Error("no alarm");
  await writer.putMetricAlarm(place, { ...alarm.definition, threshold: 77 }, {}, call);
  const { changes } = await plan();
  expect(changes).toMatchObject([{ verb: "update", name: alarm.definition.name, fields: [{ before: 77 }] }]);
});

test("a subscription is taken off over the wire, and one that is gone is no error", async () => {
  const { sns, reader, writer } = await start();
  const topic = await writer.createTopic(place, "alarms", {}, call);
  const endpoint = `arn:aws:sqs:${REGION}:${ACCOUNT}:alarms`;
  await writer.subscribe(place, topic, { protocol: "sqs", endpoint }, call);
  const [made] = (await reader.topic(place, topic, call))?.subscriptions ?? [];
  if (made?.arn === undefined) throw new Error("no subscription");
  await writer.unsubscribe(place, made.arn, call);
  expect((await reader.topic(place, topic, call))?.subscriptions).toEqual([]);
  await writer.unsubscribe(place, made.arn, call);
  expect(sns.topics.all.get(topic)?.subscriptions).toEqual([]);
});

test.each(["down", "cut", "truncate", "throttle", "error", "deny"] as const)(
  "whichever call of an apply meets %s, the next apply converges",
  async (kind) => {
    const clean = await start();
    await clean.run().apply();
    const total = clean.aws.calls.length;
    expect(clean.cloudwatch.region(REGION).alarms.size).toBeGreaterThan(10);
    const { run, aws, cloudwatch, sns, reader, writer } = await start();
    const { alarms } = cloudwatch.region(REGION);
    for (let skip = 0; skip < total; skip++) {
      alarms.clear();
      sns.topics.all.clear();
      await writer.putMetricAlarm(place, handMade("orders-dlq"), { team: "orders" }, call);
      const foreign = JSON.stringify(await reader.alarmsNamed(place, ["orders-dlq"], call));
      // One failure is waited out and repeated; many in a row make items fail.
      aws.setTroubles([{ kind, skip, times: skip % 2 === 0 ? 1 : 12 }]);
      await run().apply();
      aws.setTroubles([]);
      await run().apply();
      expect([skip, (await run().plan()).changes.length]).toEqual([skip, 0]);
      expect(JSON.stringify(await reader.alarmsNamed(place, ["orders-dlq"], call))).toBe(foreign);
    }
    expect(aws.calls.filter(({ action }) => action === "DeleteAlarms")).toEqual([]);
  },
  30_000,
);
