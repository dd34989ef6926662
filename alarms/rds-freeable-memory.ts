import { resourceFamily } from "./resource.ts";

/** The runbook's 50 MiB of memory left. */
export const rdsFreeableMemory = resourceFamily({
  id: "rds-freeable-memory",
  kind: "rds",
  tells: "The database instance is about to run out of memory.",
  metric: "FreeableMemory",
  numbers: {
    statistic: "Minimum",
    periodSeconds: 300,
    comparison: "LessThanThreshold",
    threshold: 52_428_800,
    treatMissingData: "missing",
  },
});
