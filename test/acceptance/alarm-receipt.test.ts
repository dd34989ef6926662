import { expect, test } from "vitest";
import { ACCOUNT, account, balancer, REGION } from "../aws/alarm-account.ts";
import { systemClock } from "../../src/system/clock.ts";
import { openAlarmStage, PLACE } from "./alarm-stage.ts";
import { cards, openStage, replies } from "./stage.ts";
import { until } from "./until.ts";

const TOPIC = "CloudWatchAlarmsEU_West_1_ELB";
const ALARM = "acme ELB HTTPCode_ELB_5XX_Count";

test("an alarm that SNS posts joins the incident of its core in one Slack thread, and survives a restart", async (context) => {
  const stage = await openStage(context);
  const { made } = balancer("acme");
  const aws = await account({ clock: systemClock, model: { account: ACCOUNT, loadBalancers: [made] } });
  Object.assign(stage.env, {
    AWS_ENDPOINT_URL: aws.aws.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "AKIASANDBOX",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_EC2_METADATA_DISABLED: "true",
  });
  const off = { enabled: false };
  await stage.write({
    region: REGION,
    web: { publicUrl: "https://watch.example.com" },
    checks: {
      hello: { schedule: "* * * * * *", failures: 2, successes: 1, window: 5 },
      "load-balancer": off,
      "target-health": off,
    },
    alarms: { schedule: "* * * * * *" },
    deployments: [{ ...stage.deployment(), loadBalancer: "acme" }],
  });
  let daemon = await stage.start();
  const applied = await stage.run("alarms", "apply");
  expect([applied.code, applied.code === 0 ? "" : applied.stderr]).toEqual([0, ""]);
  const topic = `arn:aws:sns:${REGION}:${ACCOUNT}:${TOPIC}`;
  await until("the daemon to know its account", 15_000, async () => {
    const answer = await fetch(`${daemon.url}/receipts/sns`, { method: "POST", body: "{}" });
    return answer.status === 400;
  });

  // What watch.example.com stands for: here SNS reaches the daemon itself.
  const subscribed = aws.sns.topics.subscribe(topic, "http", `${daemon.url}/receipts/sns`, new Map());
  await until("the subscription to be confirmed", 10_000, () => subscribed.confirmed);

  const forged = JSON.stringify({ Type: "Notification", TopicArn: topic, Message: "{}", MessageId: "1" });
  expect((await fetch(`${daemon.url}/receipts/sns`, { method: "POST", body: forged })).status).toBe(400);

  await stage.cores[0]?.stop();
  await until("the core's card", 15_000, () => cards(stage.slack).find((one) => /acme-1/.test(one.text)));
  const alarms = aws.cloudwatch.region(REGION);
  alarms.set(ALARM, "ALARM", "Threshold Crossed: somebody saw errors", undefined, Date.now());
  const reply = await until("the alarm's line in the thread", 15_000, () =>
    replies(stage.slack).find((one) => one.text.includes(ALARM)),
  );
  // The https subscription of the configuration is pending here, so that alarms are polled as well: SNS is quicker.
  expect(daemon.stderr).toMatch(/is in ALARM \(sns\)/);
  expect(cards(stage.slack)).toHaveLength(1);
  expect(reply.threadTs).toBe(cards(stage.slack)[0]?.ts);

  await daemon.kill();
  daemon = await stage.start();
  const [incident] = await stage.sql<{ body: { alarms: { name: string }[]; state: string } }>(
    "SELECT body FROM corewatch.incident",
  );
  expect(incident?.body).toMatchObject({ state: "open", alarms: [{ name: ALARM }] });
  expect(replies(stage.slack).filter((one) => one.text.includes(ALARM))).toHaveLength(1);
});

test("a drill of alarms that only a daemon can receive says nothing of the path while none runs", async (context) => {
  const stage = await openAlarmStage(context);
  const queue = stage.services.queues.create(PLACE.region, "alarms", {
    Policy: JSON.stringify({
      Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" }],
    }),
  });
  stage.addBalancer("shop");
  const subscriptions = [{ protocol: "sqs", endpoint: queue.arn }];
  await stage.fleet(["shop"], { checks: { hello: { enabled: false } }, alarms: { subscriptions } });
  expect((await stage.alarms("apply")).code).toBe(0);
  const drill = await stage.alarms("drill", "--format", "json");
  expect(drill.code).toBe(3);
  expect(JSON.parse(drill.stdout)).toMatchObject({ outcome: "unknown", hops: [] });
  expect(drill.stdout).toContain("no daemon of this fleet runs");
  await stage.start();
  expect((await stage.alarms("drill")).code).toBe(0);
  const path = "SELECT body FROM corewatch.incident WHERE body->'scope'->>'kind' = 'alarm-path'";
  expect(await stage.sql(path)).toEqual([]);
});
