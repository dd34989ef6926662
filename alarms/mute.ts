import type { CloudPlace, Match, MuteRule } from "../src/domain/index.ts";
import { shortHash } from "./hash.ts";
import { familyOf } from "./receipt.ts";
import { isOwned, TAG, tagValue } from "./tags.ts";
import { siteKey, type SiteWorld } from "./world.ts";

/** A maintenance window that is open, as the shell finds it. */
export interface OpenWindow {
  readonly id: string;
  readonly match: Match;
  /** Epoch ms. */
  readonly from: number;
  readonly until: number;
  readonly reason: string;
}

/** What has to be done so that exactly the alarms of open windows are mute. Safe to do twice. */
export type MuteStep = { readonly site: string; readonly place: CloudPlace } & (
  | { readonly does: "put-rule"; readonly rule: MuteRule }
  | { readonly does: "delete-rule"; readonly name: string }
  /** Set the tag (ISO 8601) first, then disable: what is disabled always says until when. */
  | { readonly does: "disable"; readonly alarms: readonly MutedAlarm[]; readonly until: string }
  /** Enable first, then take the tag away. */
  | { readonly does: "enable"; readonly alarms: readonly MutedAlarm[] }
);

/** An alarm to be muted or not. */
export interface MutedAlarm {
  readonly arn: string;
  readonly name: string;
}

const PER_STEP = 100;

/** Names of a fleet's mute rules begin so. */
export function muteRulePrefix(fleet: string): string {
  return `corewatch-${shortHash(fleet)}-`;
}

/**
 * Plans the mute at a site: with mute rules where the API has them (`rules`: names of ours that exist), which end by
 * themselves; else by disabling actions, with a tag that says until when. Whatever is muted and should not be (the window
 * ended, was removed, or the process died in it) is unmuted, whichever way it was muted.
 */
export function planMutes(
  fleet: string,
  site: SiteWorld,
  windows: readonly OpenWindow[],
  rules: readonly string[] | undefined,
): MuteStep[] {
  const at = { site: siteKey(site), place: site.place };
  const alarms = mutable(fleet, site);
  const steps: MuteStep[] = [];
  const wantedRules = new Set<string>();
  const until = new Map<string, number>();
  for (const window of windows) {
    const matching = alarms.filter((one) => matches(window.match, one.deployments));
    for (const one of matching) until.set(one.arn, Math.max(until.get(one.arn) ?? 0, window.until));
    if (rules === undefined) continue;
    for (const chunk of chunks(matching)) {
      const rule = ruleOf(fleet, window, chunk);
      wantedRules.add(rule.name);
      if (!rules.includes(rule.name)) steps.push({ ...at, does: "put-rule", rule });
    }
  }
  for (const name of rules ?? []) if (!wantedRules.has(name)) steps.push({ ...at, does: "delete-rule", name });

  const byEnd = new Map<string, MutedAlarm[]>();
  const over: MutedAlarm[] = [];
  for (const { arn, name, muted, enabled } of alarms) {
    const end = rules === undefined ? until.get(arn) : undefined;
    if (end === undefined) {
      if (muted !== undefined) over.push({ arn, name });
      continue;
    }
    // Somebody's own disabled alarm is not ours to enable at the end.
    if (!enabled && muted === undefined) continue;
    const text = new Date(end).toISOString();
    if (enabled || muted !== text) byEnd.set(text, [...(byEnd.get(text) ?? []), { arn, name }]);
  }
  for (const [text, list] of byEnd)
    for (const chunk of chunks(list)) steps.push({ ...at, does: "disable", alarms: chunk, until: text });
  for (const chunk of chunks(over)) steps.push({ ...at, does: "enable", alarms: chunk });
  return steps;
}

interface Mutable extends MutedAlarm {
  readonly deployments: readonly string[];
  readonly enabled: boolean;
  readonly muted: string | undefined;
}

/** Owned alarms of deployments: never the one on corewatch itself, never drills. */
function mutable(fleet: string, site: SiteWorld): Mutable[] {
  return site.alarms.flatMap(({ arn, definition }): Mutable[] => {
    const tags = site.tags.get(arn);
    if (!isOwned(tags, fleet, definition.name)) return [];
    const family = familyOf(tags?.[TAG.identity] ?? "");
    if (family === "dead-man" || family === "drill") return [];
    const deployments = tags?.[TAG.deployment]?.split(" ") ?? [];
    const { name, actionsEnabled: enabled } = definition;
    return [{ arn, name, deployments, enabled, muted: tags?.[TAG.mutedUntil] }];
  });
}

/** A window on a check, a target or a cause is about probes. An alarm that several deployments share is muted when all are. */
function matches(match: Match, deployments: readonly string[]): boolean {
  if (match.check !== undefined || match.target !== undefined || match.cause !== undefined) return false;
  const pattern = match.deployment;
  if (pattern === undefined) return true;
  const fits = (id: string): boolean =>
    pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === tagValue(pattern);
  return deployments.length > 0 && deployments.every(fits);
}

function ruleOf(fleet: string, { id, from, until, reason }: OpenWindow, chunk: readonly MutedAlarm[]): MuteRule {
  const alarms = chunk.map((one) => one.name).sort();
  const minute = 60_000;
  const start = Math.floor(from / minute) * minute;
  return {
    name: muteRulePrefix(fleet) + shortHash({ id, from, until, alarms }),
    description: `corewatch maintenance ${id}: ${reason}`.slice(0, 500),
    alarms,
    from: start,
    durationMs: Math.ceil((until - start) / minute) * minute,
    tags: { [TAG.fleet]: tagValue(fleet) },
  };
}

function chunks<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / PER_STEP) }, (_, at) =>
    list.slice(at * PER_STEP, (at + 1) * PER_STEP),
  );
}
