import { judgeCertified } from "./certified.ts";
import type { Rule } from "./rule.ts";

/** The runbook's rate, requests a second. */
const RATE = 1_000;

/** 1,000 requests a second were held. */
export const certifiedRate: Rule = {
  id: "certified-rate",
  title: "certified for 1,000 requests a second",
  seed: "Should be able to handle 1k requests per second",
  applies: (deployment) => deployment.kind === "production" && deployment.loadBalancer !== undefined,
  check: (context) => {
    const wanted = context.deployment.certify?.thresholds.rate ?? RATE;
    return judgeCertified(context, `${wanted} requests a second`, ["rate", "errors", "latency-p99"], ({ rate }) =>
      rate >= wanted ? undefined : `only ${rate} requests a second were asked for`,
    );
  },
};
