import type { AlarmDefinition, Deployment, Fleet, ObservedAlarm } from "../src/domain/index.ts";
import type { CorrectionRule } from "./alarm.ts";
import { canonical } from "./hash.ts";
import { neverExists, neverFires } from "./lint-series.ts";
import { deliversHere, waysIn } from "./ingress.ts";
import { dimensionText } from "./normalise.ts";
import type { Settled } from "./plan-alarms.ts";
import { topicArn, topicName } from "./names.ts";
import { wishedSubscriptions } from "./plan-subscriptions.ts";
import { isCopy, isMutedAt, isOwned, TAG } from "./tags.ts";
import type { SiteWorld, World } from "./world.ts";

/** What lint can say, closed: the corrections of the families, and these. */
export type LintRule =
  | CorrectionRule
  | "never-fires"
  | "dimensions-never-exist"
  | "load-balancer-silent"
  | "load-balancer-not-found"
  | "no-target-group"
  | "topic-unconfirmed"
  | "topic-not-ours"
  | "topic-unheard"
  | "actions-disabled"
  | "duplicate-series"
  | "copied-alarm"
  | "shared-balancer-settings";

/** One finding. `alarm` is the alarm's name, or the topic's or load balancer's where it is about that. */
export interface Lint {
  readonly rule: LintRule;
  readonly alarm: string;
  readonly message: string;
}

/** Looks over what will stand, and over alarms of others that are about the fleet's own load balancers. */
export function lint(fleet: Fleet, world: World, settled: readonly Settled[]): Lint[] {
  return [
    ...settled.flatMap(({ spec, definition }) => [
      ...spec.corrections.map((one) => ({ rule: one.rule, alarm: definition.name, message: one.message })),
      ...neverFires(definition, spec.family),
    ]),
    ...world.sites.filter((one) => one.readable).flatMap((site) => lintSite(fleet, site, settled, world.now)),
  ];
}

function lintSite(fleet: Fleet, site: SiteWorld, settled: readonly Settled[], now: number): Lint[] {
  const found: Lint[] = site.unresolved.map(({ loadBalancer, deployment }) => ({
    rule: "load-balancer-not-found",
    alarm: loadBalancer,
    message: `AWS has no load balancer ${loadBalancer} in ${site.region}, so ${deployment} gets no alarms: check name, region and account in fleet.yaml; alarms it has are left alone`,
  }));
  for (const balancer of site.balancers) {
    if (balancer.targetGroups.length === 0)
      found.push({
        rule: "no-target-group",
        alarm: balancer.name,
        message: "the load balancer has no target group, so nobody counts unhealthy cores",
      });
    const [first, ...others] = balancer.deployments;
    const differing = others.filter((one) => settingsOf(fleet, one) !== settingsOf(fleet, first)).map((one) => one.id);
    if (first !== undefined && differing.length > 0)
      found.push({
        rule: "shared-balancer-settings",
        alarm: balancer.name,
        message: `the load balancer's alarms are shared and take the settings of ${first.id}: those of ${differing.join(", ")} differ and have no effect`,
      });
    if (site.live?.has(balancer.suffix) === false)
      found.push({
        rule: "load-balancer-silent",
        alarm: balancer.name,
        message:
          "CloudWatch has no ConsumedLCUs of the load balancer: it took no request of late, and its alarms see nothing",
      });
  }
  return [...found, ...lintTopics(fleet, site, settled), ...lintAlarms(fleet, site, now)];
}

/** A deployment's own alarm settings, as text to compare. */
function settingsOf(fleet: Fleet, deployment: Deployment | undefined): string {
  const { profile = fleet.alarms?.profile ?? "seed", overrides = {} } = deployment?.alarms ?? {};
  return canonical({ profile, overrides });
}

function lintTopics(fleet: Fleet, site: SiteWorld, settled: readonly Settled[]): Lint[] {
  const services = new Set(settled.filter((one) => one.site === site).map((one) => one.spec.service));
  const names = new Set([...services].map((one) => topicName(fleet.alarms?.topic, site.region, one)));
  return [...names].flatMap((name): Lint[] => {
    const arn = topicArn(site, name);
    const topic = site.topics.get(arn);
    const ours = topic === undefined || isOwned(site.tags.get(arn), fleet.name, name);
    const found: Lint[] = [];
    if (!ours)
      found.push({
        rule: "topic-not-ours",
        alarm: name,
        message: "the topic was there before and is used as it is: policy and subscriptions are its owner's",
      });
    const othersHear = topic?.subscriptions.some((one) => one.confirmed) === true;
    if (topic !== undefined && (othersHear || !ours) && waysIn(fleet).length > 0 && !deliversHere(fleet, topic))
      found.push({
        rule: "topic-unheard",
        alarm: name,
        message:
          "corewatch itself hears nothing of this topic, which has no confirmed subscription of its own: it asks CloudWatch instead",
      });
    if (othersHear) return found;
    const wished = ours ? wishedSubscriptions(fleet).length : 0;
    const message =
      topic === undefined
        ? wished > 0
          ? "the topic's subscriptions have to be confirmed before anybody hears of an alarm"
          : "nobody will be subscribed to the topic: set web.publicUrl or alarms.subscriptions in fleet.yaml"
        : "no subscription of the topic is confirmed: nobody hears of its alarms";
    return [...found, { rule: "topic-unconfirmed", alarm: name, message }];
  });
}

function lintAlarms(fleet: Fleet, site: SiteWorld, now: number): Lint[] {
  const suffixes = new Map(site.balancers.map((one) => [one.suffix, one.name]));
  const names = new Set(site.balancers.map((one) => one.name));
  const found: Lint[] = [];
  const bySeries = new Map<string, ObservedAlarm[]>();
  for (const alarm of site.alarms) {
    const { definition } = alarm;
    const tags = site.tags.get(alarm.arn);
    const owned = isOwned(tags, fleet.name, definition.name);
    if (isCopy(tags, fleet.name, definition.name))
      found.push({
        rule: "copied-alarm",
        alarm: definition.name,
        message: "the alarm bears this fleet's tags under another name, a copy by hand: it counts as foreign",
      });
    const value = balancerOf(definition);
    const about = value !== undefined && (suffixes.has(value) || names.has(value));
    if (!owned && !about) continue;
    if (!definition.actionsEnabled && !isMutedAt(tags, now))
      found.push({
        rule: "actions-disabled",
        alarm: definition.name,
        message:
          tags?.[TAG.mutedUntil] === undefined
            ? "the alarm's actions are disabled: when it fires, nobody hears of it"
            : "the alarm is still mute after its maintenance window: when it fires, nobody hears of it",
      });
    if (definition.kind !== "metric" || definition.metric === undefined) continue;
    if (!owned)
      found.push(...neverFires(definition), ...neverExists(definition.name, definition.metric, site.balancers));
    const { namespace, metric, dimensions, statistic } = definition.metric;
    const key = [namespace, metric, statistic, dimensionText(dimensions)].join("|");
    bySeries.set(key, [...(bySeries.get(key) ?? []), alarm]);
  }
  for (const alarms of bySeries.values()) {
    const [first, ...others] = alarms.map((one) => one.definition.name).sort();
    for (const name of others)
      found.push({
        rule: "duplicate-series",
        alarm: name,
        message: `watches the very series that ${first ?? ""} watches: everybody hears of it twice`,
      });
  }
  return found;
}

function balancerOf(definition: AlarmDefinition): string | undefined {
  if (definition.kind !== "metric" || definition.metric?.namespace !== "AWS/ApplicationELB") return undefined;
  return definition.metric.dimensions.find((one) => one.name === "LoadBalancer")?.value;
}
