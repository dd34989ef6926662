import type { Clock, Ticker } from "../domain/index.ts";
import type { Rates } from "./aws-cloudwatch-rates.ts";
import { createCloudWatch, type SandboxCloudWatch } from "./aws-cloudwatch.ts";
import type { AwsModel } from "./aws-model.ts";
import type { AwsService } from "./aws-server.ts";
import { createSns, type SandboxSns } from "./aws-sns.ts";
import { createQueues, type SandboxQueues } from "./aws-sqs.ts";
import { taggingService, type Tagged } from "./aws-tagging.ts";

/** Settings of {@link createAlarmServices}. */
export interface AlarmServicesOptions {
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly model: AwsModel;
  /** By how much the periods of alarms on AWS's own metrics, and the minute between evaluations, are shorter than told. */
  readonly speed?: number;
  readonly rates?: Rates;
  readonly putMs?: number;
  /** Authorities that https endpoints on loopback are trusted by. */
  readonly ca?: string;
  /** Between two tries of delivering over HTTP(S). */
  readonly retryMs?: number;
}

/** CloudWatch, SNS, SQS and the tagging API of one account, joined. */
export interface AlarmServices {
  readonly services: readonly AwsService[];
  readonly cloudwatch: SandboxCloudWatch;
  readonly sns: SandboxSns;
  readonly queues: SandboxQueues;
  start(): void;
  stop(): Promise<void>;
}

/** Makes the services; CloudWatch evaluates from `start()` on. */
export async function createAlarmServices(options: AlarmServicesOptions): Promise<AlarmServices> {
  const { clock, model } = options;
  const queues = createQueues({ clock, account: model.account });
  const sns = await createSns({ ...options, account: model.account, queues });
  const publish = (arn: string, subject: string, message: string): string | undefined =>
    sns.topics.publishAs("cloudwatch.amazonaws.com", arn, subject, message);
  const cloudwatch = createCloudWatch({ ...options, publish });
  const tagging = taggingService((region) => [
    ...[...cloudwatch.region(region).alarms.values()].map((alarm): Tagged => ({ type: "cloudwatch:alarm", ...alarm })),
    ...[...sns.topics.all.values()]
      .filter((topic) => topic.region === region)
      .map((topic): Tagged => ({ type: "sns", ...topic })),
    ...[...queues.all.values()]
      .filter((queue) => queue.region === region)
      .map((queue): Tagged => ({ type: "sqs:queue", ...queue })),
    ...model.loadBalancers
      .filter((balancer) => balancer.region === region)
      .map(({ arn, tags }): Tagged => ({
        type: "elasticloadbalancing:loadbalancer",
        arn,
        tags: new Map(Object.entries(tags)),
      })),
  ]);
  return {
    services: [cloudwatch.service, sns.service, queues.service, tagging],
    cloudwatch,
    sns,
    queues,
    start: () => cloudwatch.start(),
    stop: async () => {
      cloudwatch.stop();
      queues.stop();
      await sns.stop();
    },
  };
}
