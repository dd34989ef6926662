import type { Family } from "./alarm.ts";
import { wanting, type Thresholds } from "./draft.ts";
import { perTargetGroup } from "./host-count.ts";

/** Maximum over the load balancer's nodes: below 1 when none of them sees a healthy core. No data is as bad. */
const NUMBERS: Thresholds = {
  statistic: "Maximum",
  periodSeconds: 60,
  comparison: "LessThanThreshold",
  threshold: 1,
  datapointsToAlarm: 2,
  evaluationPeriods: 3,
  treatMissingData: "breaching",
};

/** Nothing left to send requests to. */
export const healthyHosts: Family = {
  id: "healthy-hosts",
  profiles: ["recommended"],
  tells: "The load balancer has no healthy core left: users cannot sign in.",
  specs: (site) =>
    wanting(site.balancers, "healthy-hosts", healthyHosts.profiles).flatMap((balancer) =>
      perTargetGroup("healthy-hosts", "HealthyHostCount", balancer, NUMBERS, healthyHosts.tells, []),
    ),
};
