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

const METRIC = "HTTPCode_ELB_5XX_Count";

const NUMBERS: Record<"seed" | "recommended", Thresholds> = {
  seed: {
    statistic: "Maximum",
    periodSeconds: 300,
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    treatMissingData: "notBreaching",
  },
  // Sum is the one statistic of this metric that counts; a single one is often a client that went away in mid-request.
  recommended: {
    statistic: "Sum",
    periodSeconds: 300,
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 5,
    treatMissingData: "notBreaching",
  },
};

const CORRECTIONS: readonly Correction[] = [
  DIMENSION_RESOLVED,
  missingDataSet("the count is published only when it is not zero", "notBreaching"),
  OK_ACTION_SET,
];

/** Errors that the load balancer makes itself: no target, a refused connection, a timeout. */
export const elb5xx: Family = {
  id: "elb-5xx",
  profiles: ["seed", "recommended"],
  tells: "The load balancer answers some requests with an error of its own: no core took them.",
  specs: (site) =>
    wanting(site.balancers, "elb-5xx", elb5xx.profiles).map((balancer) => {
      const numbers = overridden(NUMBERS[balancer.profile], balancer.overrides["elb-5xx"]);
      return {
        family: "elb-5xx",
        identity: `elb-5xx:${balancer.suffix}`,
        names: [elbAlarmName(balancer.name, METRIC)],
        deployments: idsOf(balancer),
        service: "ELB",
        draft: metricDraft(
          { namespace: ELB, metric: METRIC, dimensions: [{ name: "LoadBalancer", value: balancer.suffix }] },
          numbers,
          elb5xx.tells,
        ),
        corrections: [...CORRECTIONS, ...(numbers.statistic === "Maximum" ? [MAXIMUM] : [])],
        presence: "wanted",
      };
    }),
};

const MAXIMUM: Correction = {
  rule: "maximum-of-count",
  message: "Maximum of this count is always 1, so it tells that there was an error, never how many: statistic Sum does",
};
