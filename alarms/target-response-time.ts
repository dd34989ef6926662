import type { Correction, Family } from "./alarm.ts";
import {
  DIMENSION_RESOLVED,
  ELB,
  idsOf,
  metricDraft,
  missingDataSet,
  OK_ACTION_SET,
  overridden,
  wanting,
  type Thresholds,
} from "./draft.ts";
import { elbAlarmName } from "./names.ts";

const METRIC = "TargetResponseTime";

const NUMBERS: Record<"seed" | "recommended", Thresholds> = {
  seed: {
    statistic: "Maximum",
    periodSeconds: 300,
    comparison: "GreaterThanThreshold",
    threshold: 1.5,
    treatMissingData: "notBreaching",
  },
  recommended: {
    statistic: "p99",
    periodSeconds: 60,
    comparison: "GreaterThanThreshold",
    threshold: 1.5,
    datapointsToAlarm: 3,
    evaluationPeriods: 5,
    treatMissingData: "notBreaching",
  },
};

const CORRECTIONS: readonly Correction[] = [
  DIMENSION_RESOLVED,
  missingDataSet("there is no response time without requests", "notBreaching"),
  OK_ACTION_SET,
];
const SINGLE: Correction = {
  rule: "single-slow-request",
  message: "Maximum fires on one slow request in a period: profile recommended looks at p99, three periods of five",
};

/** How long cores take to answer, in seconds, as the load balancer sees it. */
export const targetResponseTime: Family = {
  id: "target-response-time",
  profiles: ["seed", "recommended"],
  tells: "Cores take long to answer the load balancer.",
  specs: (site) =>
    wanting(site.balancers, "target-response-time", targetResponseTime.profiles).map((balancer) => {
      const numbers = overridden(NUMBERS[balancer.profile], balancer.overrides["target-response-time"]);
      return {
        family: "target-response-time",
        identity: `target-response-time:${balancer.suffix}`,
        names: [elbAlarmName(balancer.name, METRIC)],
        deployments: idsOf(balancer),
        service: "ELB",
        draft: metricDraft(
          { namespace: ELB, metric: METRIC, dimensions: [{ name: "LoadBalancer", value: balancer.suffix }] },
          numbers,
          targetResponseTime.tells,
        ),
        corrections: [...CORRECTIONS, ...(numbers.statistic === "Maximum" ? [SINGLE] : [])],
        presence: "wanted",
      };
    }),
};
