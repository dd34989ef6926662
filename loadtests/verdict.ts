import type { Certificate, Criterion, Cut } from "../src/domain/index.ts";

/**
 * The verdict: a failed criterion fails the whole, also of an interrupted run, since it is proved. Otherwise whatever could not
 * be told makes it invalid: a criterion, a run that did not come to its end, or no criterion at all.
 */
export function verdictOf(
  criteria: readonly Pick<Criterion, "outcome">[],
  run: { readonly endedAt: number | null; readonly cut: Cut | null },
): Certificate["verdict"] {
  if (criteria.some(({ outcome }) => outcome === "fail")) return "fail";
  const isWhole = run.endedAt !== null && run.cut === null;
  return isWhole && criteria.length > 0 && criteria.every(({ outcome }) => outcome === "pass") ? "pass" : "invalid";
}
