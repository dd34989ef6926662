import { expect, test } from "vitest";
import { isHeard } from "../../alarms/ingress.ts";
import { Desk, handMade, small } from "./support.ts";

const QUEUE = "arn:aws:sqs:eu-west-1:111111111111:alarms";
const BY_QUEUE = small(["acme"], { alarms: { subscriptions: [{ protocol: "sqs", endpoint: QUEUE }] } });
const TOPIC = "arn:aws:sns:eu-west-1:111111111111:CloudWatchAlarmsEU_West_1_ELB";
const MAIL = { arn: "arn:mail", protocol: "email", endpoint: "ops@example.com", confirmed: true };

/** Whether corewatch hears of the one site, and what lint says of its topic. */
async function heard(desk: Desk) {
  const { plan, world } = await desk.planned();
  const rules = plan.lint.flatMap((one) => (one.rule === "topic-unheard" ? one.alarm : []));
  return { sites: world.sites.map((site) => isHeard(desk.fleet, site)), unheard: rules };
}

test("a site is heard when its topic has a confirmed subscription of ours, and only then", async () => {
  const desk = new Desk(BY_QUEUE);
  expect(await heard(desk)).toEqual({ sites: [false], unheard: [] });
  await desk.apply();
  expect(await heard(desk)).toEqual({ sites: [true], unheard: [] });
  const topic = desk.cloud.at().topics.get(TOPIC);
  for (const one of topic?.subscriptions ?? []) one.confirmed = false;
  topic?.subscriptions.push({ ...MAIL });
  expect(await heard(desk)).toEqual({ sites: [false], unheard: ["CloudWatchAlarmsEU_West_1_ELB"] });
});

test("a topic made by hand is not heard, whatever the configuration wishes, and lint says so", async () => {
  const desk = new Desk(BY_QUEUE);
  desk.cloud.at().topics.set(TOPIC, { policy: "", tags: {}, subscriptions: [{ ...MAIL }] });
  await desk.apply();
  expect(await heard(desk)).toEqual({ sites: [false], unheard: ["CloudWatchAlarmsEU_West_1_ELB"] });
  desk.fleet = small(["acme"], { alarms: {} });
  expect(await heard(desk)).toEqual({ sites: [false], unheard: [] });
});

test("alarms of the fleet that go to another topic are not heard; those of others do not matter", async () => {
  const desk = new Desk(BY_QUEUE);
  await desk.apply();
  const other = { alarmActions: [`${TOPIC}_else`] };
  desk.cloud.at().add(handMade("theirs", other));
  expect((await heard(desk)).sites).toEqual([true]);
  desk.cloud.at().edit("acme ELB TargetResponseTime", other);
  expect((await heard(desk)).sites).toEqual([false]);
});
