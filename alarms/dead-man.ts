import type { Dimension, Fleet } from "../src/domain/index.ts";
import type { Family } from "./alarm.ts";

/** The metric that the daemon publishes once a minute while its sweeps run: value 1. */
export function heartbeatMetric(fleet: Fleet): { namespace: string; metric: string; dimensions: readonly Dimension[] } {
  return { namespace: "corewatch", metric: "Heartbeat", dimensions: [{ name: "Fleet", value: fleet.name }] };
}

/** `true` where the alarm on corewatch itself shall stand, so that the daemon has to publish its heartbeat. */
export function watchesItself(fleet: Fleet): boolean {
  return fleet.alarms?.deadMan ?? fleet.alarms?.profile === "recommended";
}

/** The alarm that fires when corewatch falls silent: silence itself is breaching. */
export const deadMan: Family = {
  id: "dead-man",
  profiles: ["seed", "recommended"],
  tells: "corewatch has not reported for five minutes: nobody watches the fleet.",
  specs: (site, fleet) =>
    site.home && watchesItself(fleet)
      ? [
          {
            family: "dead-man",
            identity: `dead-man:${fleet.name}`,
            names: [`corewatch ${fleet.name} heartbeat`],
            deployments: [],
            service: "ELB",
            draft: {
              kind: "metric",
              description: deadMan.tells,
              metric: { ...heartbeatMetric(fleet), statistic: "Sum", periodSeconds: 60 },
              comparison: "LessThanThreshold",
              threshold: 1,
              evaluationPeriods: 5,
              datapointsToAlarm: 5,
              treatMissingData: "breaching",
            },
            corrections: [],
            presence: "wanted",
          },
        ]
      : [],
};
