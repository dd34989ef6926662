import { applyPlan } from "../../alarms/apply.ts";
import { makePlan } from "../../alarms/planning.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import { EMPTY_RECORD } from "../../alarms/record.ts";
import { createAlarmReader } from "../../src/aws/alarm-reader.ts";
import { createAlarmWriter } from "../../src/aws/alarm-writer.ts";
import { createTicker } from "../../src/cron/ticker.ts";
import type { Fleet } from "../../src/domain/index.ts";
import { createAlarmServices } from "../../src/sandbox/aws-cloudwatch-services.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { systemClock as clock } from "../../src/system/clock.ts";
import { ACCOUNT, KEYS, REGION, type AccountMessage, type AccountSettings, balancerName } from "./alarm-account.ts";

/** An AWS account full of living load balancers, in a process of its own. */
const settings = JSON.parse(process.argv[2] ?? "{}") as AccountSettings;
const minute = {
  minute: Math.floor(clock.now() / 60_000) * 60_000,
  requests: 100,
  elb5xx: {},
  target2xx: 100,
  target3xx: 0,
  target4xx: 0,
  target5xx: 0,
  connectionErrors: 0,
  responseTimeSum: 1,
  responseTimeCount: 100,
  responseTimeMax: 0.1,
};
const model: AwsModel = {
  account: ACCOUNT,
  loadBalancers: Array.from({ length: settings.balancers }, (_, index) =>
    awsLoadBalancer({
      region: REGION,
      account: ACCOUNT,
      name: balancerName(index),
      zones: ["eu-west-1a", "eu-west-1b"],
      protocol: "HTTPS",
      port: 443,
      targetGroups: [{ name: balancerName(index), port: 3567, targets: () => [] }],
      minutes: () => [minute],
    }),
  ),
};
const alarms = await createAlarmServices({ clock, ticker: createTicker({ clock }), model });
const aws = await startAws({ clock, services: [elbv2Service(model), ...alarms.services] });
alarms.cloudwatch.evaluate();
// startAws keeps the newest thousand calls; what is counted here is cut into pieces that are smaller.
const puts: number[] = [];
const counts = new Map<string, number>();
let seen: (typeof aws.calls)[number] | undefined;
const count = (): void => {
  const from = seen === undefined ? 0 : aws.calls.lastIndexOf(seen) + 1;
  for (const call of aws.calls.slice(from)) {
    const name = `${call.service}:${call.action}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (call.action === "PutMetricAlarm") puts.push(call.at);
  }
  seen = aws.calls.at(-1);
};
setInterval(count, 500).unref();

process.on("message", (message: AccountMessage) => void answer(message));
process.on("disconnect", () => process.exit(0));
process.send?.({ url: aws.url });

async function answer(message: AccountMessage): Promise<void> {
  if (message.ask === "fill") await fill(message.fleet);
  count();
  process.send?.({ calls: Object.fromEntries(counts), puts });
  counts.clear();
  puts.length = 0;
}

/** Makes a fleet's alarms at once, past the rates: a real account had its time. */
async function fill(fleet: Fleet): Promise<void> {
  alarms.cloudwatch.setThrottling(false);
  const own = { endpoint: aws.url, credentials: KEYS };
  const { signal } = new AbortController();
  const unpaced = {
    throttled: 0,
    now: () => clock.now(),
    call: () => ({ signal, send: <T>(_operation: string, request: () => Promise<T>) => request() }),
    // Its private parts are nobody's here; what is public must all be given.
  } satisfies { [Key in keyof CloudPacer]: unknown } as unknown as CloudPacer;
  const ports = { reader: createAlarmReader(own), writer: createAlarmWriter(own), pacer: unpaced, signal };
  const { plan } = await makePlan(fleet, EMPTY_RECORD, ports);
  const told = await applyPlan(plan, ports);
  const failed = "refused" in told ? told.refused.message : told.results.find((one) => one.error !== undefined)?.error;
  if (failed !== undefined) throw new Error(`the account could not be filled: ${failed}`);
  alarms.cloudwatch.setThrottling(true);
}
