import { judgeCertified } from "./certified.ts";
import type { Rule } from "./rule.ts";

/** The runbook's number of sessions. */
const SESSIONS = 1_000_000;

/** One million sessions and users were held. */
export const certifiedSessions: Rule = {
  id: "certified-sessions",
  title: "certified for one million sessions",
  seed: "Should be able to hold 1 million sessions / users in the db",
  applies: (deployment) => deployment.kind === "production" && deployment.loadBalancer !== undefined,
  check: (context) => {
    const wanted = context.deployment.certify?.thresholds.sessions ?? SESSIONS;
    return judgeCertified(
      context,
      `${wanted} sessions`,
      ["sessions-held", "users-held", "sessions-latency"],
      ({ sessions }) => (sessions >= wanted ? undefined : `only ${sessions} sessions were asked for`),
    );
  },
};
