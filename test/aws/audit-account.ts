import { onTestFinished } from "vitest";
import { createAuditCloud } from "../../src/aws/audit-cloud.ts";
import type { AuditPacer } from "../../src/aws/audit-reach.ts";
import type { AuditCloud, Clock, CloudError, CloudOperation } from "../../src/domain/index.ts";
import { acmService } from "../../src/sandbox/aws-acm.ts";
import { cloudFrontService } from "../../src/sandbox/aws-cloudfront.ts";
import { createAlarmServices } from "../../src/sandbox/aws-cloudwatch-services.ts";
import { createTicker } from "../../src/cron/ticker.ts";
import { createComputeServices } from "../../src/sandbox/aws-ec2-services.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { logsService } from "../../src/sandbox/aws-logs.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { route53Service } from "../../src/sandbox/aws-route53.ts";
import { s3Service } from "../../src/sandbox/aws-s3.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { FakeClock } from "../fakes/clock.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";
export const place = { region: REGION, roleArn: undefined };
export const ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };

/** A load balancer of the account with one target group of two instances. */
export function balancer(name: string, more: Partial<Parameters<typeof awsLoadBalancer>[0]> = {}) {
  const target = (id: string, zone: string) => ({
    id,
    port: 3567,
    zone,
    state: "healthy" as const,
    reason: "",
    description: "",
  });
  return awsLoadBalancer({
    region: REGION,
    account: ACCOUNT,
    name,
    zones: ZONES,
    protocol: "HTTPS",
    port: 3567,
    targetGroups: [
      {
        name: `${name}-group`,
        port: 3567,
        targets: () => [target("i-1", ZONES[0] ?? ""), target("i-2", ZONES[1] ?? "")],
      },
    ],
    ...more,
  });
}

/** A pacer that holds nothing back, and notes what it is asked for. */
export function noting(): AuditPacer & { readonly operations: CloudOperation[]; idle(): Promise<void> } {
  const operations: CloudOperation[] = [];
  const pending = new Set<Promise<unknown>>();
  return {
    operations,
    /** Resolves when nothing is on its way any more: a read that failed leaves its other requests behind. */
    idle: async () => {
      // One request may lead to the next only some turns later.
      for (let turn = 0; turn < 5; turn++) {
        if (pending.size > 0) turn = 0;
        await Promise.allSettled(pending);
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    },
    send: (_place, operation, request) => {
      operations.push(operation);
      const answer = request();
      pending.add(answer);
      void answer.catch(() => undefined).finally(() => pending.delete(answer));
      return answer;
    },
  };
}

/** An account with every service that the audit reads; small pages where that can be chosen. */
export async function auditAccount(model: Partial<AwsModel> = {}, options: { readonly pageSize?: number } = {}) {
  const clock = new FakeClock();
  const whole: AwsModel = { account: ACCOUNT, loadBalancers: [], ...model };
  const compute = createComputeServices({ clock, model: whole });
  const alarms = await createAlarmServices({ clock, ticker: createTicker({ clock }), model: whole });
  alarms.cloudwatch.setThrottling(false);
  const services = [
    elbv2Service(whole, options),
    ...compute.services,
    ...alarms.services,
    s3Service(whole, options),
    route53Service(whole, options),
    cloudFrontService(whole, options),
    acmService(whole),
    logsService(whole, options),
  ];
  const aws = await startAws({ clock, services });
  onTestFinished(async () => {
    await alarms.stop();
    await aws.stop();
  });
  const audit = (pacer?: AuditPacer, signal?: AbortSignal): AuditCloud => auditOver(aws.url, clock, pacer, signal);
  return { aws, alarms, clock, model: whole, audit };
}

/** One audit's reader. */
export function auditOver(
  endpoint: string,
  clock: Clock,
  pacer: AuditPacer = noting(),
  signal = new AbortController().signal,
): AuditCloud {
  return createAuditCloud({ clock, pacer, signal, endpoint, credentials });
}

/** What a read fails with. */
export const failing = (promise: Promise<unknown>): Promise<CloudError> =>
  promise.then(
    () => {
      throw new Error("it answered");
    },
    (error: CloudError) => error,
  );

/** How often each operation was called. */
export function counted(operations: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of operations) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}
