import type { CloudPlace, Fleet, ObservedTopic, SubscriptionWish } from "../src/domain/index.ts";
import type { Service } from "./alarm.ts";
import { topicArn, topicName } from "./names.ts";
import { wishedSubscriptions } from "./plan-subscriptions.ts";
import { paceAccount } from "./read.ts";
import { isOwned } from "./tags.ts";
import type { SiteWorld } from "./world.ts";

/**
 * Whether corewatch hears of a site's alarms by itself: every topic that they go to has a confirmed subscription of ours,
 * at the web server or in a queue that is read. What the configuration wishes is not enough: a topic made by hand is
 * never subscribed to, and a subscription may be pending. What was not read is not heard of.
 */
export function isHeard(fleet: Fleet, site: SiteWorld): boolean {
  const services: Service[] = [];
  if (site.balancers.length > 0) services.push("ELB");
  if (site.resources.some((one) => one.kind === "rds")) services.push("RDS");
  if (site.resources.some((one) => one.kind === "lambda")) services.push("Lambda");
  const arnOf = (service: Service): string => topicArn(site, topicName(fleet.alarms?.topic, site.region, service));
  // Messages of other topics than the fleet's are refused, whoever is subscribed to them.
  const heard = new Set(
    (["ELB", "RDS", "Lambda"] as const).map(arnOf).filter((arn) => deliversHere(fleet, site.topics.get(arn))),
  );
  return (
    services.every((one) => heard.has(arnOf(one))) &&
    site.alarms.every(({ arn, definition }) => {
      if (!isOwned(site.tags.get(arn), fleet.name, definition.name)) return true;
      const topics = definition.alarmActions.filter((one) => one.split(":")[2] === "sns");
      return topics.length === 0 || topics.some((one) => heard.has(one));
    })
  );
}

/** Whether a topic has a confirmed subscription of ours. */
export function deliversHere(fleet: Fleet, topic: ObservedTopic | undefined): boolean {
  const ours = waysIn(fleet);
  return (
    topic?.subscriptions.some(
      (one) => one.confirmed && ours.some((wish) => wish.protocol === one.protocol && wish.endpoint === one.endpoint),
    ) === true
  );
}

/** The subscriptions that bring messages to corewatch itself. */
export function waysIn(fleet: Fleet): SubscriptionWish[] {
  return wishedSubscriptions(fleet).filter((one) => one.protocol !== "email");
}

/** Key of an account and region as they are reached: the same for a place and for the site that it leads to. */
export function placeKey(place: CloudPlace, region: string): string {
  return `${paceAccount(place)}/${region}`;
}
