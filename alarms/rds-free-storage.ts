import { resourceFamily } from "./resource.ts";

/** The runbook's 1 GiB of disk left. */
export const rdsFreeStorage = resourceFamily({
  id: "rds-free-storage",
  kind: "rds",
  tells: "The database instance is about to run out of disk: then it stops taking writes.",
  metric: "FreeStorageSpace",
  numbers: {
    statistic: "Minimum",
    periodSeconds: 300,
    comparison: "LessThanThreshold",
    threshold: 1_073_741_824,
    treatMissingData: "missing",
  },
});
