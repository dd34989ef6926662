import type { LifecycleRule } from "@aws-sdk/client-s3";

/**
 * What an enabled rule does, in words: `expire after 90 days`, `move to GLACIER after 10 days`. Of a rule for a part of the
 * bucket, the part is told: `expire after 90 days, below acme/`. One for objects of certain tags or sizes begins with
 * those, since access logs have no tags.
 */
export function lifecycleWords(rule: LifecycleRule): string[] {
  if (rule.Status !== "Enabled") return [];
  const { Expiration: end, NoncurrentVersionExpiration: old, AbortIncompleteMultipartUpload: uploads } = rule;
  const words = [
    ...(end?.Days === undefined ? [] : [`expire after ${end.Days} days`]),
    ...(end?.Date === undefined ? [] : [`expire on ${end.Date.toISOString().slice(0, 10)}`]),
    ...(end?.ExpiredObjectDeleteMarker === true ? ["remove markers of deleted objects"] : []),
    ...(old?.NoncurrentDays === undefined ? [] : [`delete old versions after ${old.NoncurrentDays} days`]),
    ...(rule.Transitions ?? []).map(
      ({ StorageClass = "another class", Days, Date: day }) =>
        `move to ${StorageClass} ${day === undefined ? `after ${Days ?? 0} days` : `on ${day.toISOString().slice(0, 10)}`}`,
    ),
    ...(uploads?.DaysAfterInitiation === undefined ? [] : [`end uploads after ${uploads.DaysAfterInitiation} days`]),
  ];
  const before = isSelective(rule) ? "of some objects: " : "";
  const prefix = rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? rule.Prefix ?? "";
  const after = prefix === "" ? "" : `, below ${prefix}`;
  return words.map((word) => `${before}${word}${after}`);
}

function isSelective({ Filter: filter }: LifecycleRule): boolean {
  const both = filter?.And;
  const limits = [
    filter?.Tag,
    filter?.ObjectSizeGreaterThan,
    filter?.ObjectSizeLessThan,
    both?.ObjectSizeGreaterThan,
    both?.ObjectSizeLessThan,
  ];
  return limits.some((limit) => limit !== undefined) || (both?.Tags ?? []).length > 0;
}
