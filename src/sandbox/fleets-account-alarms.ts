import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import type { AwsLoadBalancer, AwsModel } from "./aws-model.ts";
import { alarmQueueArn } from "./fleets-alarms.ts";
import type { PlannedAccount } from "./fleets-account-plan.ts";
import { REGION } from "./fleets-network.ts";

/** As the runbook calls it in this region. */
const TOPIC = "CloudWatchAlarmsEU_West_1_ELB";

/** The runbook's three alarms. */
const RUNBOOK = [
  {
    metric: "HTTPCode_ELB_5XX_Count",
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    missing: "notBreaching",
  },
  { metric: "TargetResponseTime", comparison: "GreaterThanThreshold", threshold: 1.5, missing: "notBreaching" },
  { metric: "UnHealthyHostCount", comparison: "GreaterThanOrEqualToThreshold", threshold: 1, missing: "missing" },
] as const;

/** Puts the runbook's alarms of every load balancer that has them, with their topic and who listens to it. */
export function putRunbookAlarms(account: PlannedAccount, model: AwsModel, alarms: AlarmServices, now: number): void {
  const none = new Map<string, string>();
  for (const balancer of model.loadBalancers) {
    const wanted = account.balancers[balancer.name]?.alarms;
    if (wanted === undefined) continue;
    const { arn } = alarms.sns.topics.create(REGION, TOPIC, none, none);
    // A mailbox in which nobody clicked the link that confirms.
    if (wanted === "unheard") alarms.sns.topics.subscribe(arn, "email", "ops@sandbox.test", none);
    else alarms.sns.topics.subscribe(arn, "sqs", alarmQueueArn(model), none);
    for (const alarm of RUNBOOK) {
      const dimensions = dimensionsOf(balancer, alarm.metric);
      alarms.cloudwatch.region(REGION).put(
        `${balancer.name} ELB ${alarm.metric}`,
        {
          description: undefined,
          actionsEnabled: true,
          okActions: [arn],
          alarmActions: [arn],
          insufficientDataActions: [],
          rule: undefined,
          metric: {
            stat: {
              namespace: "AWS/ApplicationELB",
              metric: alarm.metric,
              dimensions,
              statistic: "Maximum",
              period: 300,
              unit: undefined,
            },
            queries: undefined,
            comparison: alarm.comparison,
            threshold: alarm.threshold,
            evaluationPeriods: 1,
            datapointsToAlarm: undefined,
            treatMissingData: alarm.missing,
            lowSamplePercentile: undefined,
          },
        },
        none,
        now,
      );
    }
  }
}

function dimensionsOf({ arn, targetGroups }: AwsLoadBalancer, metric: string) {
  const balancer = { name: "LoadBalancer", value: arn.slice(arn.indexOf(":loadbalancer/") + ":loadbalancer/".length) };
  const group = targetGroups[0]?.arn ?? "";
  if (metric !== "UnHealthyHostCount") return [balancer];
  return [balancer, { name: "TargetGroup", value: group.slice(group.indexOf(":targetgroup/") + 1) }];
}
