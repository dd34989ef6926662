import { resourceFamily } from "./resource.ts";

/** The runbook's 80 per cent of CPU. */
export const rdsCpu = resourceFamily({
  id: "rds-cpu",
  kind: "rds",
  tells: "The database instance is short of CPU: sign-in slows down.",
  metric: "CPUUtilization",
  numbers: {
    statistic: "Maximum",
    periodSeconds: 300,
    comparison: "GreaterThanThreshold",
    threshold: 80,
    treatMissingData: "missing",
  },
});
