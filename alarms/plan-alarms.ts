import type { CompositeAlarmDefinition, Fleet, MetricAlarmDefinition, ObservedAlarm } from "../src/domain/index.ts";
import type { AlarmSpec } from "./alarm.ts";
import type { Change, Conflict, Drift } from "./change.ts";
import { alarmArn, topicArn, topicName } from "./names.ts";
import { definitionHash, diffFields, normalise, type Fields } from "./normalise.ts";
import { nameSpecs, type Naming } from "./plan-names.ts";
import { anyInAlarm, namesInRule } from "./rule.ts";
import { alarmTags, isMutedAt, TAG, tagChanges } from "./tags.ts";
import { madeKey, type SiteWorld, type World } from "./world.ts";

/** An alarm that is as it shall be, or will be once the plan is applied. */
export interface Settled {
  readonly spec: AlarmSpec;
  readonly definition: MetricAlarmDefinition | CompositeAlarmDefinition;
  readonly site: SiteWorld;
}

/** The part of a plan that is about one site's alarms. */
export interface AlarmPart {
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
  readonly drift: readonly Drift[];
  readonly unchanged: number;
  /** Owned alarms that are there now. */
  readonly owned: readonly ObservedAlarm[];
  readonly settled: readonly Settled[];
}

/** Plans one site's alarms. Deletes are left out while the world is incomplete. */
export function planAlarms(fleet: Fleet, specs: readonly AlarmSpec[], site: SiteWorld, world: World): AlarmPart {
  const { bySpec, owned, surplus } = nameSpecs(specs, site, fleet.name);
  const changes: Change[] = [];
  const conflicts: Conflict[] = [];
  const drift: Drift[] = [];
  const settled: Settled[] = [];
  let unchanged = 0;
  const nameOf = new Map<string, string>();
  for (const [spec, naming] of bySpec) if (naming.kind !== "conflict") nameOf.set(spec.identity, naming.name);

  for (const [spec, naming] of bySpec) {
    if (spec.presence === "if-there" && naming.kind !== "owned") continue;
    if (naming.kind === "conflict") {
      conflicts.push({ name: naming.name, account: site.account, region: site.region, reason: naming.reason });
      continue;
    }
    const definition = define(fleet, spec, naming, site, nameOf, world.now);
    if (definition === undefined) {
      if (naming.kind === "owned") unchanged++;
      continue;
    }
    settled.push({ spec, definition, site });
    const compared = compare(fleet, spec, definition, naming, site, world);
    if (compared.drift !== undefined) drift.push(compared.drift);
    if (compared.change === undefined) unchanged++;
    else changes.push(compared.change);
  }
  const needed = neededByOthers(site, owned);
  for (const alarm of surplus) {
    const user = needed.get(alarm.definition.name);
    if (user !== undefined && world.complete) {
      const reason = `the alarm is no longer needed here, but ${user}, which is not corewatch's, is made of it: it stays; delete both by hand`;
      conflicts.push({ name: alarm.definition.name, account: site.account, region: site.region, reason });
      unchanged++;
    } else if (!world.complete || isProtected(alarm, site) || world.unconfirmed.has(alarm.arn)) unchanged++;
    else changes.push(removal(alarm, site));
  }
  return { changes, conflicts, drift, unchanged, owned, settled };
}

/** The whole definition; `undefined` for a composite none of whose children can be had. */
function define(
  fleet: Fleet,
  spec: AlarmSpec,
  naming: Exclude<Naming, { kind: "conflict" }>,
  site: SiteWorld,
  nameOf: ReadonlyMap<string, string>,
  now: number,
): MetricAlarmDefinition | CompositeAlarmDefinition | undefined {
  const topic = topicArn(site, topicName(fleet.alarms?.topic, site.region, spec.service));
  const common = {
    name: naming.name,
    // While a maintenance window has it muted, the mute planner alone switches its actions.
    actionsEnabled:
      naming.kind === "owned" && isMutedAt(site.tags.get(naming.alarm.arn), now)
        ? naming.alarm.definition.actionsEnabled
        : true,
    alarmActions: [topic],
    okActions: [topic],
    insufficientDataActions: [],
  };
  if (spec.draft.kind === "metric") return { ...spec.draft, ...common };
  const children = spec.draft.anyOf.flatMap((identity) => nameOf.get(identity) ?? []).sort();
  if (children.length === 0) return undefined;
  return {
    kind: "composite",
    description: spec.draft.description,
    ...common,
    rule: anyInAlarm(children),
  };
}

function compare(
  fleet: Fleet,
  spec: AlarmSpec,
  definition: MetricAlarmDefinition | CompositeAlarmDefinition,
  naming: Exclude<Naming, { kind: "conflict" }>,
  site: SiteWorld,
  world: World,
): { readonly change?: Change; readonly drift?: Drift } {
  const wanted = normalise(definition);
  // Also one that is over and was never taken off: nobody edited the alarm by hand.
  const muted = naming.kind === "owned" && site.tags.get(naming.alarm.arn)?.[TAG.mutedUntil] !== undefined;
  const tags = alarmTags(fleet.name, spec, definition.name, fingerprint(wanted, muted));
  const composite = definition.kind === "composite";
  const common = {
    kind: composite ? ("composite" as const) : ("alarm" as const),
    name: definition.name,
    account: site.account,
    region: site.region,
    place: site.place,
    identity: spec.identity,
    needs: [...definition.alarmActions, ...(definition.kind === "composite" ? namesInRule(definition.rule) : [])],
  };
  if (naming.kind === "new") {
    const arn = alarmArn(site, definition.name);
    const made = world.made.has(madeKey({ ...site, identity: spec.identity }));
    return {
      change: {
        ...common,
        verb: "create",
        fields: diffFields(undefined, wanted),
        step: { does: "put-alarm", arn, definition, tags, exists: false, retag: undefined },
        restores: made,
      },
      ...(made ? { drift: { ...spot(site, definition.name), what: "deleted", fields: [] } as const } : {}),
    };
  }
  const { alarm } = naming;
  if (world.unconfirmed.has(alarm.arn)) return {};
  const there = normalise(alarm.definition);
  const observedTags = site.tags.get(alarm.arn) ?? {};
  const fields = diffFields(there, wanted);
  const retag = tagChanges(observedTags, tags, world.now);
  const needsTags = Object.keys(retag.set).length > 0 || retag.remove.length > 0;
  if (fields.length === 0) {
    if (!needsTags) return {};
    const touched = [...Object.keys(retag.set), ...retag.remove];
    const before = Object.fromEntries(touched.map((key) => [key, observedTags[key] ?? null]));
    const after = Object.fromEntries(touched.map((key) => [key, retag.set[key] ?? null]));
    return {
      change: {
        ...common,
        verb: "update",
        fields: [{ name: "Tags", before, after }],
        step: { does: "tag", arn: alarm.arn, retag, adopts: false },
        needs: [],
        restores: false,
      },
    };
  }
  const edited =
    observedTags[TAG.definition] !== undefined && observedTags[TAG.definition] !== fingerprint(there, muted);
  return {
    change: {
      ...common,
      verb: "update",
      fields,
      step: { does: "put-alarm", arn: alarm.arn, definition, tags, exists: true, retag: needsTags ? retag : undefined },
      restores: false,
    },
    ...(edited
      ? {
          drift: {
            ...spot(site, definition.name),
            what: "edited",
            fields: fields.map(({ name, before, after }) => ({ name, before: after, after: before })),
          } as const,
        }
      : {}),
  };
}

/** A mute comes and goes without the definition having changed. */
function fingerprint(fields: Fields, muted: boolean): string {
  return definitionHash(muted ? { ...fields, ActionsEnabled: true } : fields);
}

/** Names of alarms that composites of others are made of, with one such composite each: AWS does not let them go. */
function neededByOthers(site: SiteWorld, owned: readonly ObservedAlarm[]): Map<string, string> {
  const ours = new Set(owned);
  return new Map(
    site.alarms.flatMap((alarm) => {
      const { definition } = alarm;
      if (definition.kind !== "composite" || ours.has(alarm)) return [];
      return namesInRule(definition.rule).map((name) => [name, definition.name] as const);
    }),
  );
}

function spot(site: SiteWorld, name: string): Pick<Drift, "kind" | "name" | "account" | "region"> {
  return { kind: "alarm", name, account: site.account, region: site.region };
}

/**
 * An alarm of a deployment that the fleet still has, but whose load balancer AWS does not know. Of one that names no
 * deployment (a drill's), or too many to be read from a tag, it cannot be told whether it is wanted.
 */
function isProtected(alarm: ObservedAlarm, site: SiteWorld): boolean {
  const tag = site.tags.get(alarm.arn)?.[TAG.deployment];
  if (tag === undefined || /^[0-9a-f]{64}$/.test(tag)) return site.unresolved.length > 0;
  const deployments = tag.split(" ");
  return site.unresolved.some((one) => deployments.includes(one.deployment));
}

function removal(alarm: ObservedAlarm, site: SiteWorld): Change {
  const identity = site.tags.get(alarm.arn)?.[TAG.identity] ?? null;
  return {
    verb: "delete",
    kind: alarm.definition.kind === "composite" ? "composite" : "alarm",
    name: alarm.definition.name,
    account: site.account,
    region: site.region,
    place: site.place,
    fields: diffFields(normalise(alarm.definition), undefined),
    step: { does: "delete-alarm", arn: alarm.arn },
    identity,
    needs: [],
    restores: false,
  };
}
