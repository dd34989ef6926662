import type {
  AlarmReader,
  AlarmRecord,
  BalancerSummary,
  CloudCall,
  CloudPlace,
  Dimension,
  Fleet,
  ObservedAlarm,
  ObservedTopic,
  TaggedResource,
} from "../src/domain/index.ts";
import type { Service } from "./alarm.ts";
import { watchesItself } from "./dead-man.ts";
import { arnParts, isTopicName, partitionOf, topicArn, topicName } from "./names.ts";
import { placesOf, type PlaceWork } from "./places.ts";
import type { CloudPacer } from "./rate.ts";
import { resolveBalancers } from "./subjects.ts";
import { TAG, tagValue } from "./tags.ts";
import { madeKey, siteKey, type Problem, type SiteWorld, type World } from "./world.ts";

/** What reading needs. */
export interface ReadPorts {
  readonly reader: AlarmReader;
  readonly pacer: CloudPacer;
  readonly signal: AbortSignal;
}

/** The account that pacing goes by: a role names its own. */
export function paceAccount({ roleArn }: CloudPlace): string {
  return roleArn === undefined ? "own" : arnParts(roleArn).account;
}

/** Reads all that a plan needs, place by place, side by side. A read that fails is a problem, never an absence. */
export async function readWorld(fleet: Fleet, record: AlarmRecord, ports: ReadPorts): Promise<World> {
  const problems: Problem[] = [];
  const work: { work: PlaceWork; region: string }[] = [];
  for (const one of placesOf(fleet, record)) {
    try {
      work.push({ work: one, region: await ports.reader.region(one.place) });
    } catch (error) {
      problems.push({ site: one.place.region ?? "?", message: sentence(error) });
    }
  }
  const merged = mergePlaces(work);
  const read = await Promise.all(merged.map((one) => readSite(fleet, one.work, one.region, ports)));
  problems.push(...read.flatMap((one) => one.problems));
  return {
    sites: mergeSites(read.flatMap((one) => one.site ?? [])),
    problems,
    complete: problems.length === 0,
    unconfirmed: new Set(),
    made: new Set(record.items.map(madeKey)),
    now: ports.pacer.now(),
  };
}

/** A region that is written out and one that the SDK finds may be the same. */
function mergePlaces(all: readonly { work: PlaceWork; region: string }[]): { work: PlaceWork; region: string }[] {
  const groups = Map.groupBy(all, ({ work, region }) => JSON.stringify([region, work.place.roleArn]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return {
      region: first.region,
      work: {
        place: first.work.place,
        deployments: group.flatMap((one) => one.work.deployments),
        resources: group.flatMap((one) => one.work.resources),
        home: group.some((one) => one.work.home),
      },
    };
  });
}

interface SiteRead {
  readonly site: SiteWorld | undefined;
  readonly problems: readonly Problem[];
}

async function readSite(fleet: Fleet, work: PlaceWork, region: string, ports: ReadPorts): Promise<SiteRead> {
  const { place } = work;
  const { reader } = ports;
  const call = ports.pacer.call(paceAccount(place), region, ports.signal);
  const problems: Problem[] = [];
  const label = `${place.roleArn === undefined ? "" : `${paceAccount(place)}/`}${region}`;
  const attempt = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      problems.push({ site: label, message: sentence(error) });
      return undefined;
    }
  };
  const needsBalancers = work.deployments.length > 0;
  const [balancers, alarms, tagged, live] = await Promise.all([
    needsBalancers ? attempt(() => reader.balancers(place, call)) : ([] as BalancerSummary[]),
    attempt(() => reader.alarms(place, call)),
    attempt(() => reader.tagged(place, TAG.fleet, tagValue(fleet.name), call)),
    // Every living load balancer publishes it, also one whose errors and latency have no series yet.
    needsBalancers ? attempt(() => reader.series(place, "AWS/ApplicationELB", "ConsumedLCUs", call)) : undefined,
  ]);
  const account = accountOf(place, [...(balancers ?? []), ...(alarms ?? []), ...(tagged ?? [])]);
  if (balancers === undefined || alarms === undefined || tagged === undefined) return { site: undefined, problems };
  if (account === undefined) {
    // Nothing stands there, and nothing says whose account it is: that matters only where something shall be made.
    if (work.resources.length > 0 || (work.home && watchesItself(fleet)))
      problems.push({ site: label, message: NO_ACCOUNT });
    const lost = resolveBalancers(fleet, work.deployments, []).unresolved;
    if (lost.length > 0)
      problems.push({
        site: label,
        message: `AWS has no load balancer at all in ${region}: check region and account in fleet.yaml`,
      });
    return { site: undefined, problems };
  }
  const ground = { account, region, partition: partitionOf(region) };
  const topics = await readTopics(fleet, work, ground, tagged, reader, call, attempt);
  const resolved = resolveBalancers(fleet, work.deployments, balancers);
  return {
    problems,
    site: {
      ...ground,
      place,
      ...resolved,
      resources: work.resources,
      home: work.home,
      readable: topics !== undefined,
      alarms,
      tags: new Map(tagged.map((one) => [one.arn, one.tags])),
      topics: topics ?? new Map<string, ObservedTopic | undefined>(),
      live: live === undefined ? undefined : new Set(live.flatMap(balancerOf)),
    },
  };
}

const NO_ACCOUNT =
  "it cannot be told which AWS account this is, since nothing stands there yet: set roleArn in fleet.yaml";

async function readTopics(
  fleet: Fleet,
  work: PlaceWork,
  ground: { readonly account: string; readonly region: string; readonly partition: string },
  tagged: readonly TaggedResource[],
  reader: AlarmReader,
  call: CloudCall,
  attempt: <T>(read: () => Promise<T>) => Promise<T | undefined>,
): Promise<Map<string, ObservedTopic | undefined> | undefined> {
  const services: Service[] = ["ELB"];
  if (work.resources.some((one) => one.kind === "rds")) services.push("RDS");
  if (work.resources.some((one) => one.kind === "lambda")) services.push("Lambda");
  const wanted = services.map((one) => topicArn(ground, topicName(fleet.alarms?.topic, ground.region, one)));
  const ours = tagged.map((one) => one.arn).filter((arn) => arnParts(arn).service === "sns");
  const topics = new Map<string, ObservedTopic | undefined>();
  let failed = false;
  const named = wanted.filter((arn) => isTopicName(arnParts(arn).rest));
  for (const arn of new Set([...named, ...ours])) {
    const found = await attempt(async () => ({ topic: await reader.topic(work.place, arn, call) }));
    if (found === undefined) failed = true;
    else topics.set(arn, found.topic);
  }
  return failed ? undefined : topics;
}

function accountOf(place: CloudPlace, things: readonly { readonly arn: string }[]): string | undefined {
  if (place.roleArn !== undefined) return arnParts(place.roleArn).account;
  for (const { arn } of things) {
    const { account } = arnParts(arn);
    if (account !== "") return account;
  }
  return undefined;
}

/** Two roles may lead into one account and region: what stands there is there once. */
function mergeSites(sites: readonly SiteWorld[]): SiteWorld[] {
  return [...Map.groupBy(sites, siteKey).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length === 1) return first;
    const alarms = new Map<string, ObservedAlarm>(
      group.flatMap((site) => site.alarms.map((one) => [one.arn, one] as const)),
    );
    const live = group.flatMap((site) => (site.live === undefined ? [] : [...site.live]));
    const balancers = Map.groupBy(
      group.flatMap((site) => site.balancers),
      (one) => one.suffix,
    );
    return {
      ...first,
      balancers: [...balancers.values()].flatMap((same) =>
        same[0] === undefined ? [] : { ...same[0], deployments: same.flatMap((one) => one.deployments) },
      ),
      resources: group.flatMap((site) => site.resources),
      home: group.some((site) => site.home),
      readable: group.every((site) => site.readable),
      alarms: [...alarms.values()],
      tags: new Map(group.flatMap((site) => [...site.tags])),
      topics: new Map(group.flatMap((site) => [...site.topics])),
      live: group.some((site) => site.live === undefined && site.balancers.length > 0) ? undefined : new Set(live),
      unresolved: group.flatMap((site) => site.unresolved),
    };
  });
}

function balancerOf(dimensions: readonly Dimension[]): string[] {
  return dimensions.flatMap((one) => (one.name === "LoadBalancer" ? one.value : []));
}

/** What a read threw, as the problem's sentence. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : "AWS could not be read";
}
