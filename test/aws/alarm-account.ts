import { onTestFinished } from "vitest";
import { createAlarmReader } from "../../src/aws/alarm-reader.ts";
import { createAlarmWriter } from "../../src/aws/alarm-writer.ts";
import { createTicker } from "../../src/cron/ticker.ts";
import type { CloudCall, Clock } from "../../src/domain/index.ts";
import { createAlarmServices, type AlarmServicesOptions } from "../../src/sandbox/aws-cloudwatch-services.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { stsService } from "../../src/sandbox/aws-sts.ts";
import type { MinuteCounts } from "../../src/sandbox/load-balancer-counts.ts";
import type { TargetView } from "../../src/sandbox/load-balancer-targets.ts";
import { FakeClock } from "../fakes/clock.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";
export const place = { region: REGION, roleArn: undefined };
export const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };

/** Calls that are not paced, and not repeated. */
export const call: CloudCall = { signal: new AbortController().signal, send: (_operation, request) => request() };

/** A load balancer of the account, with what it did. */
export function balancer(
  name: string,
  options: { readonly groups?: readonly string[]; readonly targets?: () => readonly TargetView[] } = {},
) {
  const minutes: MinuteCounts[] = [];
  const { groups = [name], targets = () => [] } = options;
  const made = awsLoadBalancer({
    region: REGION,
    account: ACCOUNT,
    name,
    zones: ["eu-west-1a"],
    protocol: "HTTPS",
    port: 443,
    targetGroups: groups.map((group) => ({ name: group, port: 3567, targets })),
    minutes: () => minutes,
  });
  return { made, minutes };
}

/** An account with CloudWatch, SNS, SQS, tagging and ELBv2 on a clock that stands still. */
export async function account(
  options: Partial<AlarmServicesOptions> & { readonly model?: AwsModel; readonly clock?: Clock } = {},
) {
  const clock = options.clock ?? new FakeClock();
  const model: AwsModel = options.model ?? { account: ACCOUNT, loadBalancers: [] };
  const alarms = await createAlarmServices({ ticker: createTicker({ clock }), ...options, clock, model });
  alarms.cloudwatch.setThrottling(false);
  const aws = await startAws({
    clock,
    services: [...alarms.services, elbv2Service(model), stsService(model, clock)],
  });
  onTestFinished(async () => {
    await alarms.stop();
    await aws.stop();
  });
  const client = { endpoint: aws.url, region: REGION, credentials, maxAttempts: 1 };
  const overrides = { endpoint: aws.url, credentials };
  return {
    ...alarms,
    aws,
    model,
    client,
    overrides,
    reader: createAlarmReader(overrides),
    writer: createAlarmWriter(overrides),
  };
}
