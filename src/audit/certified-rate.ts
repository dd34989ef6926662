import { formatDuration } from "../domain/index.ts";
import { judgeCertified } from "./certified.ts";
import type { Rule } from "./rule.ts";

/** The runbook's rate, requests a second, and how long it is to be held unless fleet.yaml says otherwise, ms. */
const RATE = 1_000;
const HELD_MS = 600_000;

/** 1,000 requests a second were held. A quick run that passed proves less; one that failed counts. */
export const certifiedRate: Rule = {
  id: "certified-rate",
  title: "certified for 1,000 requests a second",
  seed: "Should be able to handle 1k requests per second",
  applies: (deployment) => deployment.kind === "production" && deployment.loadBalancer !== undefined,
  check: (context) => {
    const { rate: wanted = RATE, heldMs = HELD_MS } = context.deployment.certify?.thresholds ?? {};
    return judgeCertified(context, `${wanted} requests a second`, ["rate", "errors", "latency-p99"], (facts) => {
      if (facts.rate < wanted) return `only ${facts.rate} requests a second were asked for`;
      if (facts.heldMs < heldMs)
        return `it was held for ${formatDuration(facts.heldMs)}, not ${formatDuration(heldMs)}`;
      return undefined;
    });
  },
};
