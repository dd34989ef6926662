import type { MetricStat } from "../src/domain/index.ts";
import type { Family } from "./alarm.ts";
import { ELB, idsOf, overridden, wanting, type Thresholds } from "./draft.ts";
import { elbAlarmName } from "./names.ts";

/** Per cent of requests, by metric math. */
const NUMBERS: Thresholds = {
  statistic: "Sum",
  periodSeconds: 60,
  comparison: "GreaterThanThreshold",
  threshold: 5,
  datapointsToAlarm: 3,
  evaluationPeriods: 5,
  treatMissingData: "notBreaching",
};

/** The share of requests that cores answer with an error of their own. */
export const target5xxRatio: Family = {
  id: "target-5xx-ratio",
  profiles: ["recommended"],
  tells: "Cores answer a noticeable share of requests with a server error.",
  specs: (site) =>
    wanting(site.balancers, "target-5xx-ratio", target5xxRatio.profiles).map((balancer) => {
      const { statistic, periodSeconds, ...numbers } = overridden(NUMBERS, balancer.overrides["target-5xx-ratio"]);
      const source = (metric: string): MetricStat => ({
        namespace: ELB,
        metric,
        dimensions: [{ name: "LoadBalancer", value: balancer.suffix }],
        statistic,
        periodSeconds,
      });
      return {
        family: "target-5xx-ratio",
        identity: `target-5xx-ratio:${balancer.suffix}`,
        names: [elbAlarmName(balancer.name, "HTTPCode_Target_5XX_Ratio")],
        deployments: idsOf(balancer),
        service: "ELB",
        draft: {
          kind: "metric",
          description: target5xxRatio.tells,
          queries: [
            // The error count is absent while it is zero.
            {
              id: "ratio",
              expression: "IF(requests > 0, 100 * FILL(errors, 0) / requests, 0)",
              label: "5XX answers of cores, per cent",
              returnData: true,
            },
            { id: "errors", metric: source("HTTPCode_Target_5XX_Count"), returnData: false },
            { id: "requests", metric: source("RequestCount"), returnData: false },
          ],
          ...numbers,
        },
        corrections: [],
        presence: "wanted",
      };
    }),
};
