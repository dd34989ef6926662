import { missingDataSet, OK_ACTION_SET } from "./draft.ts";
import { resourceFamily } from "./resource.ts";

/** The runbook's: any error at all. */
export const lambdaErrors = resourceFamily({
  id: "lambda-errors",
  kind: "lambda",
  tells: "The function failed at least once.",
  metric: "Errors",
  numbers: {
    statistic: "Maximum",
    periodSeconds: 300,
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    treatMissingData: "notBreaching",
  },
  corrections: [missingDataSet("a function that is not called publishes nothing", "notBreaching"), OK_ACTION_SET],
});
