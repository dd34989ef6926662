import type { Fleet, ObservedTopic, SubscriptionWish } from "../src/domain/index.ts";
import type { AlarmSpec } from "./alarm.ts";
import type { Change, Conflict, Drift } from "./change.ts";
import { isTopicName, topicArn, topicName } from "./names.ts";
import { policyChange } from "./policy.ts";
import { isOwned, tagChanges, topicTags } from "./tags.ts";
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

/** Names of the topics that these alarms go to. */
export function topicNames(fleet: Fleet, specs: readonly AlarmSpec[], region: string): string[] {
  return [...new Set(specs.map((one) => topicName(fleet.alarms?.topic, region, one.service)))];
}

/** The part of a plan that is about one site's topics. */
export interface TopicPart {
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
  readonly drift: readonly Drift[];
  readonly unchanged: number;
  /** Names of owned topics that are there now. */
  readonly owned: readonly string[];
}

/**
 * Plans topics, their policies and subscriptions. A topic that exists and is not ours is used as it is. One of ours that
 * is no longer needed (`specs` are the alarms that stay or come) goes only when nobody else hangs on it: neither a subscription of people nor an alarm of others.
 */
export function planTopics(fleet: Fleet, specs: readonly AlarmSpec[], site: SiteWorld, world: World): TopicPart {
  const names = topicNames(fleet, specs, site.region);
  const parts = names.map((name) => planTopic(fleet, name, site, world));
  const wanted = new Set(names.map((name) => topicArn(site, name)));
  const owned: string[] = [];
  const leftovers: TopicPart[] = [];
  for (const [arn, topic] of site.topics) {
    const name = arn.slice(arn.lastIndexOf(":") + 1);
    if (topic === undefined || !isOwned(site.tags.get(arn), fleet.name, name)) continue;
    owned.push(name);
    if (!wanted.has(arn)) leftovers.push(planLeftover(fleet, topic, name, site, world));
  }
  const all = [...parts, ...leftovers];
  return {
    changes: all.flatMap((one) => one.changes),
    conflicts: all.flatMap((one) => one.conflicts),
    drift: all.flatMap((one) => one.drift),
    unchanged: all.reduce((sum, one) => sum + one.unchanged, 0),
    owned,
  };
}

const NOTHING: TopicPart = { changes: [], conflicts: [], drift: [], unchanged: 0, owned: [] };

function planTopic(fleet: Fleet, name: string, site: SiteWorld, world: World): TopicPart {
  const arn = topicArn(site, name);
  const common = { name, account: site.account, region: site.region, place: site.place, needs: [], restores: false };
  if (!isTopicName(name)) {
    const reason = "SNS takes letters, digits, - and _ in a topic's name: change alarms.topic in fleet.yaml";
    return { ...NOTHING, conflicts: [{ name, account: site.account, region: site.region, reason }] };
  }
  if (world.unconfirmed.has(arn) || !site.topics.has(arn)) return NOTHING;
  const topic = site.topics.get(arn);
  const wishes = wishedSubscriptions(fleet);
  if (topic === undefined) {
    const tags = topicTags(fleet.name, name);
    const made = world.made.has(madeKey({ ...site, identity: `topic:${name}` }));
    const creation: Change = {
      ...common,
      verb: "create",
      kind: "topic",
      fields: [{ name: "TopicArn", before: null, after: arn }],
      step: { does: "create-topic", topicArn: arn, tags },
      identity: `topic:${name}`,
      restores: made,
    };
    const policy = policyChange("", site, arn);
    const changes = [creation, ...policyChanges(policy, "create", arn, common), ...subscriptions(wishes, arn, common)];
    const drift: Drift[] = made
      ? [{ kind: "topic", name, account: site.account, region: site.region, what: "deleted", fields: [] }]
      : [];
    // What hangs on a topic that is made again waits for the same person.
    return { ...NOTHING, changes: changes.map((one) => ({ ...one, restores: made })), drift };
  }
  if (!isOwned(site.tags.get(arn), fleet.name, name)) return NOTHING;
  const missing = wishes.filter(
    (wish) => !topic.subscriptions.some((one) => one.protocol === wish.protocol && one.endpoint === wish.endpoint),
  );
  const retag = tagChanges(site.tags.get(arn) ?? {}, topicTags(fleet.name, name));
  const tagging: Change[] =
    Object.keys(retag.set).length === 0
      ? []
      : [
          {
            ...common,
            verb: "update",
            kind: "topic",
            fields: [{ name: "Tags", before: null, after: retag.set }],
            step: { does: "tag", arn, retag, adopts: false },
            identity: `topic:${name}`,
          },
        ];
  try {
    const policy = policyChange(topic.policy, site, arn);
    const changes = [
      ...tagging,
      ...policyChanges(policy, "update", arn, common),
      ...subscriptions(missing, arn, common),
    ];
    return { ...NOTHING, changes, unchanged: tagging.length === 0 ? 1 : 0 };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const reason = "the topic's policy is no JSON: mend it by hand";
    return { ...NOTHING, conflicts: [{ name, account: site.account, region: site.region, reason }] };
  }
}

type Common = Pick<Change, "name" | "account" | "region" | "place" | "needs" | "restores">;

function policyChanges(
  found: ReturnType<typeof policyChange>,
  verb: "create" | "update",
  topicArn: string,
  common: Common,
): Change[] {
  if (found === undefined) return [];
  return [
    {
      ...common,
      verb,
      kind: "policy",
      fields: found.fields,
      step: { does: "set-policy", topicArn, policy: found.policy },
      identity: null,
      needs: [topicArn],
    },
  ];
}

function subscriptions(wishes: readonly SubscriptionWish[], topicArn: string, common: Common): Change[] {
  return wishes.map((wish) => ({
    ...common,
    verb: "create",
    kind: "subscription",
    name: `${common.name} → ${wish.protocol} ${wish.endpoint}`,
    fields: [
      { name: "Protocol", before: null, after: wish.protocol },
      { name: "Endpoint", before: null, after: wish.endpoint },
    ],
    step: { does: "subscribe", topicArn, wish },
    identity: null,
    needs: [topicArn],
  }));
}

function planLeftover(fleet: Fleet, topic: ObservedTopic, name: string, site: SiteWorld, world: World): TopicPart {
  if (!world.complete || world.unconfirmed.has(topic.arn) || site.unresolved.length > 0)
    return { ...NOTHING, unchanged: 1 };
  const wished = wishedSubscriptions(fleet);
  const others = topic.subscriptions.filter(
    (one) => !wished.some((wish) => wish.protocol === one.protocol && wish.endpoint === one.endpoint),
  );
  const users = site.alarms.filter(
    ({ arn, definition }) =>
      !isOwned(site.tags.get(arn), fleet.name, definition.name) &&
      [...definition.alarmActions, ...definition.okActions, ...definition.insufficientDataActions].includes(topic.arn),
  );
  if (others.length > 0 || users.length > 0) {
    const who = others.length > 0 ? `${others.length} subscriptions of others` : `${users.length} alarms of others`;
    const reason = `the topic is no longer needed here, but ${who} hang on it: it stays; delete it by hand`;
    return { ...NOTHING, unchanged: 1, conflicts: [{ name, account: site.account, region: site.region, reason }] };
  }
  return {
    ...NOTHING,
    changes: [
      {
        verb: "delete",
        kind: "topic",
        name,
        account: site.account,
        region: site.region,
        place: site.place,
        fields: [{ name: "TopicArn", before: topic.arn, after: null }],
        step: { does: "delete-topic", topicArn: topic.arn },
        identity: `topic:${name}`,
        needs: [],
        restores: false,
      },
    ],
  };
}
