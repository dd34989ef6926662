import type { CertifiedFacts } from "./rule.ts";
import { dayText, judge, type Answer, type AuditContext } from "./rule.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;

/**
 * Whether a current certificate of `corewatch certify` shows `what`. Of those in which all of `criteria` were judged the newest
 * counts that failed one of them, or that asked for enough: one that asked for less neither proves it nor takes it away.
 */
export async function judgeCertified(
  { deployment, own, now, expect }: AuditContext,
  what: string,
  criteria: readonly string[],
  isEnough: (facts: CertifiedFacts) => string | undefined,
): Promise<Answer> {
  const days = expect.certifiedWithin ?? DEFAULT_DAYS;
  const expected = `${what}, certified within ${days} days`;
  const fix = `corewatch certify ${deployment.id} --plan launch`;
  const judged = (await own.certificates(deployment.id)).filter((one) =>
    criteria.every((id) => one.criteria[id] !== undefined),
  );
  const hasMissed = (one: CertifiedFacts): boolean => criteria.some((id) => one.criteria[id] !== "pass");
  const newest = judged.find((one) => hasMissed(one) || isEnough(one) === undefined) ?? judged[0];
  if (newest === undefined) return judge(false, expected, "no certificate of it", fix);
  const age = Math.floor((now - newest.at) / DAY_MS);
  const missed = criteria.filter((id) => newest.criteria[id] !== "pass");
  const trouble =
    missed.length > 0
      ? missed.map((id) => `${id}: ${newest.criteria[id]}`).join(", ")
      : (isEnough(newest) ?? (age > days ? `it is ${dayText(age)} old` : undefined));
  return judge(
    trouble === undefined,
    expected,
    trouble ?? `certified ${age === 0 ? "today" : `${dayText(age)} ago`}`,
    fix,
  );
}
