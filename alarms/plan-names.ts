import type { ObservedAlarm } from "../src/domain/index.ts";
import type { AlarmSpec } from "./alarm.ts";
import { isOwned, otherFleet, TAG, tagValue } from "./tags.ts";
import type { SiteWorld } from "./world.ts";

/** Which alarm a spec is about. */
export type Naming =
  | { readonly kind: "new"; readonly name: string }
  | { readonly kind: "owned"; readonly name: string; readonly alarm: ObservedAlarm }
  | { readonly kind: "conflict"; readonly name: string; readonly reason: string };

/** Specs with their alarms, and the owned alarms that no spec is about. */
export interface Named {
  readonly bySpec: ReadonlyMap<AlarmSpec, Naming>;
  readonly owned: readonly ObservedAlarm[];
  readonly surplus: readonly ObservedAlarm[];
}

/**
 * Gives every spec its alarm. An owned alarm of the same identity is it, whatever it is called; else the first of the
 * spec's names that is free, or that an owned alarm of no spec holds (that one then becomes it: a target group that was
 * made anew). A name that somebody else's alarm holds is a conflict.
 */
export function nameSpecs(specs: readonly AlarmSpec[], site: SiteWorld, fleet: string): Named {
  const byName = new Map(site.alarms.map((one) => [one.definition.name, one]));
  const owned = site.alarms.filter((one) => isOwned(site.tags.get(one.arn), fleet, one.definition.name));
  const byIdentity = Map.groupBy(owned, (one) => site.tags.get(one.arn)?.[TAG.identity] ?? "");
  const bySpec = new Map<AlarmSpec, Naming>();
  const taken = new Set<string>();

  for (const spec of specs) {
    const keeper = pick(byIdentity.get(tagValue(spec.identity)) ?? [], spec);
    if (keeper === undefined) continue;
    bySpec.set(spec, { kind: "owned", name: keeper.definition.name, alarm: keeper });
    taken.add(keeper.definition.name);
  }
  const left = new Map(owned.filter((one) => !taken.has(one.definition.name)).map((one) => [one.definition.name, one]));
  for (const spec of specs) {
    if (bySpec.has(spec)) continue;
    const naming = settle(spec, taken, left, byName, ({ arn }) => otherFleet(site.tags.get(arn), fleet));
    bySpec.set(spec, naming);
    if (naming.kind === "conflict") continue;
    taken.add(naming.name);
    left.delete(naming.name);
  }
  return { bySpec, owned, surplus: [...left.values()] };
}

/** Of several owned alarms of one identity the one with the best name; the rest are surplus. */
function pick(candidates: readonly ObservedAlarm[], spec: AlarmSpec): ObservedAlarm | undefined {
  const kind = spec.draft.kind;
  const rank = ({ definition: { name } }: ObservedAlarm): number => {
    const at = spec.names.indexOf(name);
    return at === -1 ? spec.names.length : at;
  };
  return candidates
    .filter((one) => one.definition.kind === kind)
    .sort((a, b) => rank(a) - rank(b) || (a.definition.name < b.definition.name ? -1 : 1))[0];
}

function settle(
  spec: AlarmSpec,
  taken: ReadonlySet<string>,
  left: ReadonlyMap<string, ObservedAlarm>,
  byName: ReadonlyMap<string, ObservedAlarm>,
  ownerOf: (alarm: ObservedAlarm) => string | undefined,
): Naming {
  const name = spec.names.find((one) => !taken.has(one));
  const first = spec.names[0] ?? spec.identity;
  if (name === undefined)
    return { kind: "conflict", name: first, reason: "another alarm of this fleet already has this name: rename one" };
  if (name.length > 255)
    return { kind: "conflict", name, reason: "an alarm's name has at most 255 characters: shorten the id" };
  const holder = byName.get(name);
  if (holder === undefined) return { kind: "new", name };
  const surplus = left.get(name);
  const owner = ownerOf(holder);
  if (owner !== undefined)
    return {
      kind: "conflict",
      name,
      reason: `an alarm of this name belongs to the fleet ${owner}: take the load balancer out of one of the two inventories`,
    };
  if (surplus === undefined && holder.definition.kind === spec.draft.kind)
    return {
      kind: "conflict",
      name,
      reason: "an alarm of this name exists that corewatch does not own: `corewatch alarms adopt` takes it over",
    };
  if (surplus === undefined || surplus.definition.kind !== spec.draft.kind)
    return {
      kind: "conflict",
      name,
      reason: `an alarm of this name exists of the kind ${holder.definition.kind}: delete it by hand`,
    };
  return { kind: "owned", name, alarm: surplus };
}
