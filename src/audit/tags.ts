import type { Tags } from "../domain/index.ts";

/** What of the wanted tags is missing or has another value, in words; a wanted `*` takes any value. */
export function tagTroubles(wanted: Tags, there: Tags): string[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const actual = there[key];
    if (actual === undefined) return [`no ${key}`];
    return value === "*" || actual === value ? [] : [`${key} is "${actual}"`];
  });
}

/** `Key: value` of tags. */
export function tagText(tags: Tags): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ");
}

/** As the AWS command line takes them. */
export function tagArguments(tags: Tags): string {
  return Object.entries(tags)
    .map(([key, value]) => `'Key=${key},Value=${value === "*" ? "…" : value}'`)
    .join(" ");
}
