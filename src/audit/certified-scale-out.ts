import { judgeCertified } from "./certified.ts";
import type { Rule } from "./rule.ts";

/** A core was added under load, with the same connectionUri. */
export const certifiedScaleOut: Rule = {
  id: "certified-scale-out",
  title: "certified to take another core",
  seed: "We should be able to add more cores / ec2 instances without them having to change their connectionURI",
  applies: (deployment) => deployment.kind === "production" && deployment.loadBalancer !== undefined,
  check: (context) =>
    judgeCertified(
      context,
      "a core added without a new connectionUri",
      ["scale-out-uri", "scale-out-errors", "scale-out-share"],
      () => undefined,
    ),
};
