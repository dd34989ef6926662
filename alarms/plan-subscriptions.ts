import type { Fleet, MadeItem, ObservedSubscription, ObservedTopic, SubscriptionWish } from "../src/domain/index.ts";
import type { Change, Drift } from "./change.ts";
import { madeKey, type SiteWorld, type World } from "./world.ts";

/** Where the platform's web server takes SNS messages, below `web.publicUrl`. */
export const RECEIPT_PATH = "/receipts/sns";

/** Every subscription that a topic of ours shall have: the platform's own endpoint first. */
export function wishedSubscriptions(fleet: Fleet): SubscriptionWish[] {
  const url = fleet.web.publicUrl;
  const own: SubscriptionWish[] =
    url?.startsWith("https:") === true ? [{ protocol: "https", endpoint: url.replace(/\/+$/, "") + RECEIPT_PATH }] : [];
  return [...own, ...(fleet.alarms?.subscriptions ?? [])];
}

/** What corewatch made at a topic and still finds there: for the record. */
export type PresentPart = Pick<MadeItem, "kind" | "name" | "identity">;

/** The part of a plan that is about one topic's subscriptions. */
export interface SubscriptionPart {
  readonly changes: readonly Change[];
  readonly drift: readonly Drift[];
  readonly present: readonly PresentPart[];
  /** Identities that the inventory wants. */
  readonly wanted: readonly string[];
}

type Common = Pick<Change, "name" | "account" | "region" | "place" | "needs" | "restores">;

/** New subscriptions of a topic that is about to be made. */
export function freshSubscriptions(wishes: readonly SubscriptionWish[], topicArn: string, common: Common): Change[] {
  return wishes.map((wish) => subscribing("create", wish, topicArn, common));
}

/**
 * Subscriptions of a topic of ours against the wishes. What is missing is made; where the record says that it was made, a
 * person took it away, which is drift. An https endpoint that never confirmed is asked again, since its message was lost.
 * What corewatch made and nobody wishes any more goes, and everything else is somebody else's and stays.
 */
export function planSubscriptions(
  fleet: Fleet,
  topic: ObservedTopic,
  common: Common,
  site: SiteWorld,
  world: World,
): SubscriptionPart {
  const wishes = wishedSubscriptions(fleet);
  const changes: Change[] = [];
  const drift: Drift[] = [];
  for (const wish of wishes) {
    const found = topic.subscriptions.find((one) => isSame(one, wish));
    if (found === undefined) {
      const restores = world.made.has(madeKey({ ...site, identity: identityOf(common.name, wish) }));
      const change = subscribing("create", wish, topic.arn, { ...common, restores });
      changes.push(change);
      const { account, region } = site;
      if (restores)
        drift.push({ kind: "subscription", name: change.name, account, region, what: "deleted", fields: [] });
    } else if (!found.confirmed && wish.protocol === "https")
      changes.push(subscribing("update", wish, topic.arn, common));
  }
  const ours = topic.subscriptions.filter((one) => isOurs(one, fleet, common.name, site, world));
  if (world.complete)
    for (const one of ours)
      // One that is pending has no ARN to end it by, and lapses by itself.
      if (one.arn !== undefined && !wishes.some((wish) => isSame(one, wish)))
        changes.push(unsubscribing(one, one.arn, topic.arn, common));
  return {
    changes,
    drift,
    present: presentSubscriptions(ours, common.name),
    wanted: wishes.map((one) => identityOf(common.name, one)),
  };
}

/** Subscriptions of ours for the record. */
export function presentSubscriptions(ours: readonly ObservedSubscription[], topicName: string): PresentPart[] {
  return ours.map((one) => ({
    kind: "subscription",
    name: nameOf(topicName, one),
    identity: identityOf(topicName, one),
  }));
}

/** Whether a subscription is wished, or corewatch made it. */
export function isOurs(
  one: ObservedSubscription,
  fleet: Fleet,
  topicName: string,
  site: SiteWorld,
  world: World,
): boolean {
  return (
    wishedSubscriptions(fleet).some((wish) => isSame(one, wish)) ||
    world.made.has(madeKey({ ...site, identity: identityOf(topicName, one) }))
  );
}

type Ends = Pick<ObservedSubscription, "protocol" | "endpoint">;

function isSame(one: Ends, other: Ends): boolean {
  return one.protocol === other.protocol && one.endpoint === other.endpoint;
}

function identityOf(topicName: string, { protocol, endpoint }: Ends): string {
  return `subscription:${topicName} ${protocol} ${endpoint}`;
}

function nameOf(topicName: string, { protocol, endpoint }: Ends): string {
  return `${topicName} → ${protocol} ${endpoint}`;
}

function subscribing(verb: "create" | "update", wish: SubscriptionWish, topicArn: string, common: Common): Change {
  return {
    ...common,
    verb,
    kind: "subscription",
    name: nameOf(common.name, wish),
    fields:
      verb === "update"
        ? [{ name: "Confirmed", before: false, after: true }]
        : [
            { name: "Protocol", before: null, after: wish.protocol },
            { name: "Endpoint", before: null, after: wish.endpoint },
          ],
    step: { does: "subscribe", topicArn, wish },
    identity: identityOf(common.name, wish),
    needs: [topicArn],
  };
}

function unsubscribing(one: Ends, arn: string, topicArn: string, common: Common): Change {
  return {
    ...common,
    verb: "delete",
    kind: "subscription",
    name: nameOf(common.name, one),
    fields: [
      { name: "Protocol", before: one.protocol, after: null },
      { name: "Endpoint", before: one.endpoint, after: null },
    ],
    step: { does: "unsubscribe", topicArn, arn },
    identity: identityOf(common.name, one),
  };
}
