import { resourceFamily } from "./resource.ts";

/** The runbook's 1,000 reads a second, over 15 minutes. */
export const rdsReadIops = resourceFamily({
  id: "rds-read-iops",
  kind: "rds",
  tells: "The database instance reads much from disk: its cache no longer holds what is used.",
  metric: "ReadIOPS",
  numbers: {
    statistic: "Maximum",
    periodSeconds: 900,
    comparison: "GreaterThanThreshold",
    threshold: 1_000,
    treatMissingData: "missing",
  },
});
