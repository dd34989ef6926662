import type { Family } from "./alarm.ts";

/**
 * The alarm that drills set off: on the fleet's own topic, on a metric that nobody publishes, so that its true state is
 * always OK. Made where drills are scheduled; one that a drill on demand made is kept in order, and never made by a plan.
 */
export const drill: Family = {
  id: "drill",
  profiles: ["seed", "recommended"],
  tells: "A drill of the path from alarm to Slack: nothing is wrong.",
  specs: (site, fleet) =>
    site.balancers.length === 0
      ? []
      : [
          {
            family: "drill",
            identity: `drill:${site.region}:${fleet.name}`,
            names: [`corewatch ${fleet.name} drill`],
            deployments: [],
            service: "ELB",
            draft: {
              kind: "metric",
              description: drill.tells,
              metric: {
                namespace: "corewatch",
                metric: "Drill",
                dimensions: [{ name: "Fleet", value: fleet.name }],
                statistic: "Sum",
                periodSeconds: 60,
              },
              comparison: "GreaterThanOrEqualToThreshold",
              threshold: 1,
              evaluationPeriods: 1,
              datapointsToAlarm: 1,
              treatMissingData: "notBreaching",
            },
            corrections: [],
            presence: fleet.alarms?.drillSchedule === undefined ? "if-there" : "wanted",
          },
        ],
};
