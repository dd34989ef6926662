import type { Tags } from "../src/domain/index.ts";
import type { AlarmSpec } from "./alarm.ts";
import { hashOf, shortHash } from "./hash.ts";

/** Keys of our tags. */
export const TAG = {
  /** The fleet that owns it. */
  fleet: "corewatch:fleet",
  /** Family and dimensions. */
  identity: "corewatch:identity",
  /** Hash of the name: a copy that bears our tags under another name is not ours. */
  name: "corewatch:name",
  /** Ids of the deployments, with spaces between. */
  deployment: "corewatch:deployment",
  /** Hash of the definition as last applied: when what is there differs, somebody edited it by hand. */
  definition: "corewatch:definition",
  /** Actions are disabled for a maintenance window until this time (ISO 8601). */
  mutedUntil: "corewatch:muted-until",
} as const;

/** Text as a tag's value: itself when AWS takes it (256 characters of a small set), else its hash. */
export function tagValue(text: string): string {
  return /^[\p{L}\p{N} _.:/=+@-]{0,256}$/u.test(text) ? text : hashOf(text);
}

/** The tags of an owned alarm; `definition` is the normalised definition's hash. */
export function alarmTags(fleet: string, spec: AlarmSpec, name: string, definition: string): Tags {
  return {
    [TAG.fleet]: tagValue(fleet),
    [TAG.identity]: tagValue(spec.identity),
    [TAG.name]: shortHash(name),
    ...(spec.deployments.length === 0 ? {} : { [TAG.deployment]: tagValue(spec.deployments.join(" ")) }),
    [TAG.definition]: definition,
  };
}

/** The tags of an owned topic. */
export function topicTags(fleet: string, name: string): Tags {
  return {
    [TAG.fleet]: tagValue(fleet),
    [TAG.identity]: tagValue(`topic:${name}`),
    [TAG.name]: shortHash(name),
  };
}

/** Ours: this fleet's tag, and the very name that the tags speak of. */
export function isOwned(tags: Tags | undefined, fleet: string, name: string): boolean {
  return tags?.[TAG.fleet] === tagValue(fleet) && tags[TAG.name] === shortHash(name);
}

/** The other fleet that owns it by its tag; `undefined`: nobody's, this fleet's, or its tags were not read. */
export function otherFleet(tags: Tags | undefined, fleet: string): string | undefined {
  const owner = tags?.[TAG.fleet];
  return owner === tagValue(fleet) ? undefined : owner;
}

/** Bears this fleet's tag under a name that the tags do not speak of: somebody copied it. */
export function isCopy(tags: Tags | undefined, fleet: string, name: string): boolean {
  return tags?.[TAG.fleet] === tagValue(fleet) && tags[TAG.name] !== shortHash(name);
}

/** A maintenance window has its actions disabled at `now` (epoch ms); a time that cannot be read is over. */
export function isMutedAt(tags: Tags | undefined, now: number): boolean {
  return Date.parse(tags?.[TAG.mutedUntil] ?? "") > now;
}

/**
 * Which of our tags have to be set or taken away so that `wanted` stands; people's own tags stay, and a mute's until it is
 * over at `now` (epoch ms).
 */
export function tagChanges(observed: Tags, wanted: Tags, now: number): { set: Tags; remove: string[] } {
  const set = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => observed[key] !== value));
  const remove = Object.values(TAG).filter(
    (key) =>
      observed[key] !== undefined && wanted[key] === undefined && !(key === TAG.mutedUntil && isMutedAt(observed, now)),
  );
  return { set, remove };
}
