import type { Fleet, ObservedTopic } from "../src/domain/index.ts";
import type { AlarmSpec } from "./alarm.ts";
import type { Change, Conflict, Drift } from "./change.ts";
import { isTopicName, topicArn, topicName } from "./names.ts";
import {
  freshSubscriptions,
  isOurs,
  planSubscriptions,
  presentSubscriptions,
  wishedSubscriptions,
  type PresentPart,
} from "./plan-subscriptions.ts";
import { policyChange, policyIdentity } from "./policy.ts";
import { counted } from "./standing.ts";
import { isOwned, tagChanges, topicTags } from "./tags.ts";
import { madeKey, type SiteWorld, type World } from "./world.ts";

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
  /** Subscriptions and policies of ours that are there now. */
  readonly present: readonly PresentPart[];
  /** Identities of the subscriptions and policies that the inventory wants. */
  readonly wanted: readonly string[];
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
    present: all.flatMap((one) => one.present),
    wanted: all.flatMap((one) => one.wanted),
  };
}

const NOTHING: TopicPart = { changes: [], conflicts: [], drift: [], unchanged: 0, owned: [], present: [], wanted: [] };

function planTopic(fleet: Fleet, name: string, site: SiteWorld, world: World): TopicPart {
  const arn = topicArn(site, name);
  const common = { name, account: site.account, region: site.region, place: site.place, needs: [], restores: false };
  if (!isTopicName(name)) {
    const reason = "SNS takes letters, digits, - and _ in a topic's name: change alarms.topic in fleet.yaml";
    return { ...NOTHING, conflicts: [{ name, account: site.account, region: site.region, reason }] };
  }
  if (world.unconfirmed.has(arn) || !site.topics.has(arn)) return NOTHING;
  const topic = site.topics.get(arn);
  const identity = policyIdentity(site, arn);
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
    const changes = [
      creation,
      ...policyChanges(policy, "create", arn, identity, common),
      ...freshSubscriptions(wishedSubscriptions(fleet), arn, common),
    ];
    const drift: Drift[] = made
      ? [{ kind: "topic", name, account: site.account, region: site.region, what: "deleted", fields: [] }]
      : [];
    // What hangs on a topic that is made again waits for the same person.
    const wanted = changes.flatMap((one) => one.identity ?? []);
    return { ...NOTHING, changes: changes.map((one) => ({ ...one, restores: made })), drift, wanted };
  }
  if (!isOwned(site.tags.get(arn), fleet.name, name)) return NOTHING;
  const retag = tagChanges(site.tags.get(arn) ?? {}, topicTags(fleet.name, name), world.now);
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
    const subscriptions = planSubscriptions(fleet, topic, common, site, world);
    const replaced = policy !== undefined && world.made.has(madeKey({ ...site, identity }));
    const edit: Drift[] = replaced
      ? [
          {
            kind: "policy",
            name,
            account: site.account,
            region: site.region,
            what: "edited",
            fields: policy.fields.map((one) => ({ name: one.name, before: one.after, after: one.before })),
          },
        ]
      : [];
    return {
      ...NOTHING,
      changes: [...tagging, ...policyChanges(policy, "update", arn, identity, common), ...subscriptions.changes],
      drift: [...edit, ...subscriptions.drift],
      unchanged: tagging.length === 0 ? 1 : 0,
      present: [
        ...(policy === undefined ? [{ kind: "policy" as const, name, identity }] : []),
        ...subscriptions.present,
      ],
      wanted: [identity, ...subscriptions.wanted],
    };
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
  identity: string,
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
      identity,
      needs: [topicArn],
    },
  ];
}

function planLeftover(fleet: Fleet, topic: ObservedTopic, name: string, site: SiteWorld, world: World): TopicPart {
  const ours = topic.subscriptions.filter((one) => isOurs(one, fleet, name, site, world));
  const others = topic.subscriptions.filter((one) => !ours.includes(one));
  const present = presentSubscriptions(ours, name);
  if (!world.complete || world.unconfirmed.has(topic.arn) || site.unresolved.length > 0)
    return { ...NOTHING, present, unchanged: 1 };
  const users = site.alarms.filter(
    ({ arn, definition }) =>
      !isOwned(site.tags.get(arn), fleet.name, definition.name) &&
      [...definition.alarmActions, ...definition.okActions, ...definition.insufficientDataActions].includes(topic.arn),
  );
  if (others.length > 0 || users.length > 0) {
    const [count, noun] = others.length > 0 ? [others.length, "subscription"] : [users.length, "alarm"];
    const who = `${counted(count, noun)} of others ${count === 1 ? "hangs" : "hang"} on it`;
    const reason = `the topic is no longer needed here, but ${who}: it stays; delete it by hand`;
    return {
      ...NOTHING,
      present,
      unchanged: 1,
      conflicts: [{ name, account: site.account, region: site.region, reason }],
    };
  }
  return {
    ...NOTHING,
    present,
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
