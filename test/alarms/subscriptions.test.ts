import { describe, expect, test } from "vitest";
import { planDrillAlarms } from "../../alarms/plan-drill.ts";
import type { Fleet } from "../../src/domain/index.ts";
import { brief, Desk, small } from "./support.ts";

const TOPIC = "CloudWatchAlarmsEU_West_1_ELB";
const QUEUE = "arn:aws:sqs:eu-west-1:111111111111:alarms";
const at = (url: string): string => `${url}/receipts/sns`;

function web(publicUrl: string): Pick<Fleet, "web"> {
  return { web: { host: "127.0.0.1", port: 0, publicUrl } };
}

/** A fleet whose endpoint was subscribed and has confirmed. */
async function subscribed(more: Partial<Fleet> = web("https://a.example.com")): Promise<Desk> {
  const desk = new Desk(small(["acme"], more));
  await desk.apply();
  desk.cloud.confirm(at("https://a.example.com"));
  expect((await desk.plan()).changes).toEqual([]);
  return desk;
}

function subscriptions(desk: Desk) {
  const topic = desk.cloud.at().topics.get(desk.cloud.at().topicArn(TOPIC));
  if (topic === undefined) throw new Error("no topic");
  return topic;
}

describe("subscriptions", () => {
  test("a changed publicUrl takes the old endpoint off the topic, and leaves people's own", async () => {
    const desk = await subscribed();
    const ops = { arn: "arn:x", protocol: "email", endpoint: "ops@example.com", confirmed: true };
    subscriptions(desk).subscriptions.push(ops);
    desk.fleet = small(["acme"], web("https://b.example.com"));
    const plan = await desk.plan();
    expect(brief(plan)).toEqual([
      `+ subscription ${TOPIC} → https ${at("https://b.example.com")}`,
      `- subscription ${TOPIC} → https ${at("https://a.example.com")}`,
    ]);
    expect(plan.drift).toEqual([]);
    await desk.apply({}, plan);
    expect(subscriptions(desk).subscriptions.map((one) => one.endpoint)).toEqual([
      "ops@example.com",
      at("https://b.example.com"),
    ]);
    desk.cloud.confirm(at("https://b.example.com"));
    expect((await desk.plan()).changes).toEqual([]);
  });

  test("a dropped wish is too much, and is never deleted after an incomplete read or by the daemon", async () => {
    const desk = await subscribed({
      ...web("https://a.example.com"),
      alarms: { subscriptions: [{ protocol: "sqs", endpoint: QUEUE }] },
    });
    desk.fleet = small(["acme"], web("https://a.example.com"));
    desk.cloud.fault = (_, operation) =>
      operation === "cloudwatch:ListMetrics" ? { failure: "not-authorized" } : undefined;
    expect(brief(await desk.plan())).toEqual([]);
    desk.cloud.fault = () => undefined;
    expect(brief(await desk.plan())).toEqual([`- subscription ${TOPIC} → sqs ${QUEUE}`]);
    expect(await desk.apply({ only: "safe" })).toMatchObject([{ outcome: "skipped" }]);
    await desk.apply();
    expect(desk.cloud.count("sns:Unsubscribe")).toBe(1);
    expect((await desk.plan()).changes).toEqual([]);
    expect(desk.record.items.filter((one) => one.identity.includes(QUEUE))).toEqual([]);
  });

  test("its topic, when it is no longer needed, does not hang on a subscription that corewatch made", async () => {
    const desk = await subscribed();
    desk.fleet = small(["acme"], { alarms: { topic: "Other_{{Region}}" } });
    expect(brief(await desk.plan())).toContain(`- topic ${TOPIC}`);
  });

  test("one that a person took away is drift, put back by a person alone and by no drill", async () => {
    const desk = await subscribed();
    subscriptions(desk).subscriptions = [];
    const { plan, world } = await desk.planned();
    const name = `${TOPIC} → https ${at("https://a.example.com")}`;
    expect(plan.drift).toMatchObject([{ kind: "subscription", name, what: "deleted" }]);
    expect(brief(planDrillAlarms(desk.fleet, world)).filter((one) => one.includes("subscription"))).toEqual([]);
    expect(await desk.apply({ only: "safe" }, plan)).toMatchObject([{ outcome: "skipped" }]);
    expect(subscriptions(desk).subscriptions).toEqual([]);
    expect((await desk.plan()).drift).toHaveLength(1);
    await desk.apply();
    desk.cloud.confirm(at("https://a.example.com"));
    expect(await desk.plan()).toMatchObject({ changes: [], drift: [] });
  });

  test("an endpoint that never confirmed is asked again, an e-mail address is not", async () => {
    const email = { protocol: "email", endpoint: "ops@example.com" } as const;
    const desk = new Desk(small(["acme"], { ...web("https://a.example.com"), alarms: { subscriptions: [email] } }));
    await desk.apply();
    const plan = await desk.plan();
    expect(plan.changes).toMatchObject([
      { verb: "update", kind: "subscription", fields: [{ name: "Confirmed", before: false, after: true }] },
    ]);
    expect(plan.drift).toEqual([]);
    expect(await desk.apply({ only: "safe" }, plan)).toMatchObject([{ outcome: "done" }]);
    expect(desk.cloud.count("sns:Subscribe")).toBe(3);
  });
});

test("a topic's policy that was replaced by hand is drift with the statement, and is mended", async () => {
  const desk = await subscribed();
  subscriptions(desk).policy = '{"Statement":[{"Sid":"theirs","Effect":"Deny"}]}';
  const plan = await desk.plan();
  expect(plan.drift).toMatchObject([
    { kind: "policy", name: TOPIC, what: "edited", fields: [{ name: "Policy.corewatch-owner", after: null }, {}] },
  ]);
  await desk.apply({}, plan);
  expect(subscriptions(desk).policy).toContain("theirs");
  expect(await desk.plan()).toMatchObject({ changes: [], drift: [] });
});
