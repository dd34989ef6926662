import type { AlarmDefinition, Dimension, Fleet, ObservedAlarm } from "../src/domain/index.ts";
import type { AlarmSpec, BalancerSubject } from "./alarm.ts";
import type { Change } from "./change.ts";
import { estimate } from "./estimate.ts";
import { specsFor } from "./index.ts";
import { topicArn } from "./names.ts";
import { definitionHash, dimensionText, normalise } from "./normalise.ts";
import { planFleet, planHash, type AlarmPlan } from "./plan.ts";
import { nameSpecs } from "./plan-names.ts";
import { topicNames } from "./plan-topics.ts";
import { alarmTags, isOwned, otherFleet, tagChanges, topicTags } from "./tags.ts";
import type { SiteWorld, World } from "./world.ts";

/** Alarms by hand that watch what another alarm watches; shown, never touched. */
export interface Duplicate {
  readonly series: string;
  readonly account: string;
  readonly region: string;
  /** The one that is taken over, or that corewatch already has. */
  readonly kept: string;
  readonly others: readonly string[];
}

/** What taking over would do: tags only, so that the next plan shows every other difference. */
export interface Adoption extends AlarmPlan {
  readonly duplicates: readonly Duplicate[];
}

/**
 * Plans to take over what was made by hand: an alarm that has a wanted name, or that watches a wanted series (also under
 * the plain name or without the target group, as the runbook has it), and topics of the wanted names.
 */
export function planAdoption(fleet: Fleet, world: World): Adoption {
  const parts = world.sites.filter((one) => one.readable).map((site) => adoptSite(fleet, site, world));
  const changes = parts.flatMap((one) => one.changes);
  const plan = planFleet(fleet, world);
  return {
    ...plan,
    hash: planHash(fleet.name, changes, world.complete),
    changes,
    conflicts: [],
    estimate: { ...plan.estimate, seconds: estimate(changes, []).seconds },
    duplicates: parts.flatMap((one) => one.duplicates),
  };
}

interface SiteAdoption {
  readonly changes: readonly Change[];
  readonly duplicates: readonly Duplicate[];
}

function adoptSite(fleet: Fleet, site: SiteWorld, world: World): SiteAdoption {
  const specs = specsFor(site, fleet);
  const { bySpec, owned } = nameSpecs(specs, site, fleet.name);
  const ours = new Set(owned);
  const free = site.alarms.filter(
    (one) =>
      !ours.has(one) && !world.unconfirmed.has(one.arn) && otherFleet(site.tags.get(one.arn), fleet.name) === undefined,
  );
  const bySeries = Map.groupBy(free, ({ definition }) => seriesOf(definition));
  const balancers = new Map(site.balancers.map((one) => [one.suffix, one]));
  const byName = new Map(free.map((one) => [one.definition.name, one]));
  const changes: Change[] = [];
  const duplicates: Duplicate[] = [];
  const taken = new Set<ObservedAlarm>();
  for (const [spec, naming] of bySpec) {
    const found = candidates(spec, balancers, byName, bySeries).filter((one) => !taken.has(one));
    const keeper = naming.kind === "owned" ? naming.alarm : found[0];
    if (keeper === undefined) continue;
    if (naming.kind !== "owned") {
      taken.add(keeper);
      changes.push(adoption(fleet, spec, keeper, site, world.now));
    }
    const others = found.filter((one) => one !== keeper).map((one) => one.definition.name);
    if (others.length > 0)
      duplicates.push({
        series: seriesText(spec),
        account: site.account,
        region: site.region,
        kept: keeper.definition.name,
        others,
      });
  }
  return { changes: [...adoptTopics(fleet, specs, site, world), ...changes], duplicates };
}

function candidates(
  spec: AlarmSpec,
  balancers: ReadonlyMap<string, BalancerSubject>,
  byName: ReadonlyMap<string, ObservedAlarm>,
  bySeries: ReadonlyMap<string, readonly ObservedAlarm[]>,
): ObservedAlarm[] {
  const { draft } = spec;
  const named = spec.names.flatMap((one) => byName.get(one) ?? []).filter((one) => one.definition.kind === draft.kind);
  if (draft.kind === "composite" || draft.metric === undefined) return named;
  const { namespace, metric, dimensions } = draft.metric;
  const same = [dimensions, ...asInRunbook(dimensions, balancers)].flatMap(
    (one) => bySeries.get(seriesKeyOf(namespace, metric, one, draft.comparison)) ?? [],
  );
  return [...new Set([...named, ...same.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))])];
}

/** Metric, dimensions and direction: what two alarms share that are about the same thing. */
function seriesKeyOf(namespace: string, metric: string, dimensions: readonly Dimension[], comparison: string): string {
  return [namespace, metric, dimensionText(dimensions), comparison.startsWith("Less") ? "below" : "above"].join("|");
}

function seriesOf(definition: AlarmDefinition): string {
  if (definition.kind !== "metric" || definition.metric === undefined) return "";
  const { namespace, metric, dimensions } = definition.metric;
  return seriesKeyOf(namespace, metric, dimensions, definition.comparison);
}

/** The dimensions that the runbook's letter gives: the plain name, or no target group. */
function asInRunbook(dimensions: readonly Dimension[], balancers: ReadonlyMap<string, BalancerSubject>): Dimension[][] {
  const balancer = balancers.get(dimensions.find((one) => one.name === "LoadBalancer")?.value ?? "");
  // Without the group it can only be said whose alarm it is where there is one group.
  if (balancer === undefined || (balancer.targetGroups.length > 1 && dimensions.length > 1)) return [];
  const plain: Dimension[] = [{ name: "LoadBalancer", value: balancer.name }];
  return dimensions.length > 1 ? [plain, [{ name: "LoadBalancer", value: balancer.suffix }]] : [plain];
}

function seriesText({ draft, identity }: AlarmSpec): string {
  if (draft.kind === "composite" || draft.metric === undefined) return identity;
  return `${draft.metric.namespace} ${draft.metric.metric} {${dimensionText(draft.metric.dimensions)}}`;
}

function adoption(fleet: Fleet, spec: AlarmSpec, alarm: ObservedAlarm, site: SiteWorld, now: number): Change {
  const { name } = alarm.definition;
  const wanted = alarmTags(fleet.name, spec, name, definitionHash(normalise(alarm.definition)));
  const retag = tagChanges(site.tags.get(alarm.arn) ?? {}, wanted, now);
  return {
    verb: "update",
    kind: spec.draft.kind === "composite" ? "composite" : "alarm",
    name,
    account: site.account,
    region: site.region,
    place: site.place,
    fields: [{ name: "Tags", before: null, after: retag.set }],
    step: { does: "tag", arn: alarm.arn, retag, adopts: true },
    identity: spec.identity,
    needs: [],
    restores: false,
  };
}

function adoptTopics(fleet: Fleet, specs: readonly AlarmSpec[], site: SiteWorld, world: World): Change[] {
  return topicNames(fleet, specs, site.region).flatMap((name): Change[] => {
    const arn = topicArn(site, name);
    if (site.topics.get(arn) === undefined || world.unconfirmed.has(arn)) return [];
    if (isOwned(site.tags.get(arn), fleet.name, name)) return [];
    if (otherFleet(site.tags.get(arn), fleet.name) !== undefined) return [];
    const retag = tagChanges(site.tags.get(arn) ?? {}, topicTags(fleet.name, name), world.now);
    return [
      {
        verb: "update",
        kind: "topic",
        name,
        account: site.account,
        region: site.region,
        place: site.place,
        fields: [{ name: "Tags", before: null, after: retag.set }],
        step: { does: "tag", arn, retag, adopts: true },
        identity: `topic:${name}`,
        needs: [],
        restores: false,
      },
    ];
  });
}
