import type { Correction, Family } from "./alarm.ts";
import { DIMENSION_RESOLVED, OK_ACTION_SET, wanting, type Thresholds } from "./draft.ts";
import { perTargetGroup } from "./host-count.ts";

const NUMBERS: Record<"seed" | "recommended", Thresholds> = {
  seed: {
    statistic: "Maximum",
    periodSeconds: 300,
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    treatMissingData: "missing",
  },
  recommended: {
    statistic: "Maximum",
    periodSeconds: 60,
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    datapointsToAlarm: 3,
    evaluationPeriods: 5,
    treatMissingData: "missing",
  },
};

const CORRECTIONS: readonly Correction[] = [
  DIMENSION_RESOLVED,
  {
    rule: "one-per-target-group",
    message:
      "the count exists per target group only, an alarm on the load balancer alone never gets data: one for each",
  },
  OK_ACTION_SET,
];

/** A core that some node of the load balancer calls unhealthy. */
export const unhealthyHosts: Family = {
  id: "unhealthy-hosts",
  profiles: ["seed", "recommended"],
  tells: "The load balancer calls at least one core unhealthy and sends it nothing.",
  specs: (site) =>
    wanting(site.balancers, "unhealthy-hosts", unhealthyHosts.profiles).flatMap((balancer) =>
      perTargetGroup(
        "unhealthy-hosts",
        "UnHealthyHostCount",
        balancer,
        NUMBERS[balancer.profile],
        unhealthyHosts.tells,
        CORRECTIONS,
      ),
    ),
};
