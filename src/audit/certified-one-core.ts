import { judgeCertified } from "./certified.ts";
import type { Rule } from "./rule.ts";

/** All cores but one were taken away, and the service went on. */
export const certifiedOneCore: Rule = {
  id: "certified-one-core",
  title: "certified to live with one core",
  seed: "Even if one core is alive, their app should work (OK if performance issue)",
  applies: (deployment) => deployment.kind === "production" && deployment.loadBalancer !== undefined,
  check: (context) =>
    judgeCertified(
      context,
      "the service with one core alive",
      ["survival-errors", "survival-throughout"],
      () => undefined,
    ),
};
