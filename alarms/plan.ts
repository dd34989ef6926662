import type { Fleet, MadeItem } from "../src/domain/index.ts";
import type { Change, Conflict, Drift } from "./change.ts";
import { estimate, type Estimate } from "./estimate.ts";
import { hashOf } from "./hash.ts";
import { specsFor } from "./index.ts";
import { lint, type Lint } from "./lint.ts";
import { isTopicName, topicArn } from "./names.ts";
import { planAlarms } from "./plan-alarms.ts";
import { planTopics } from "./plan-topics.ts";
import { TAG } from "./tags.ts";
import { madeKey, type Problem, type SiteWorld, type World } from "./world.ts";

/** A frozen plan: every choice is made. */
export interface AlarmPlan {
  readonly fleet: string;
  /** Of what would be done to what: a plan of another hash is another plan. */
  readonly hash: string;
  /** In the order of the sites; apply puts them in the order of their kinds. */
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
  readonly drift: readonly Drift[];
  /** Alarms and topics of ours that stay as they are. */
  readonly unchanged: number;
  /** Alarms of ours that are there now. */
  readonly owned: number;
  /** Alarms that are not ours: never touched. */
  readonly foreign: number;
  readonly lint: readonly Lint[];
  /** Deployments whose load balancer AWS does not have: nothing is known of their alarms. */
  readonly unresolved: readonly Unresolved[];
  readonly estimate: Estimate;
  readonly complete: boolean;
  readonly problems: readonly Problem[];
  /** What of ours is there now, for the store's record. */
  readonly present: readonly Omit<MadeItem, "at">[];
  /** Keys (`madeKey`) of what the inventory wants: the record forgets the others. */
  readonly wanted: readonly string[];
}

/** A load balancer of the inventory that is not to be found. */
export interface Unresolved {
  readonly deployment: string;
  readonly loadBalancer: string;
  readonly account: string;
  readonly region: string;
}

/** Plans the fleet's alarms against the world: pure, the same for the same input. */
export function planFleet(fleet: Fleet, world: World): AlarmPlan {
  const parts = world.sites.map((site) => planSite(fleet, site, world));
  const changes = parts.flatMap((one) => one.changes);
  const settled = parts.flatMap((one) => one.settled);
  return {
    fleet: fleet.name,
    hash: planHash(fleet.name, changes, world.complete),
    changes,
    conflicts: parts.flatMap((one) => one.conflicts),
    drift: parts.flatMap((one) => one.drift),
    unchanged: sum(parts.map((one) => one.unchanged)),
    owned: sum(parts.map((one) => one.owned)),
    foreign: sum(parts.map((one) => one.foreign)),
    lint: lint(fleet, world, settled),
    unresolved: world.sites.flatMap(({ account, region, unresolved }) =>
      unresolved.map((one) => ({ ...one, account, region })),
    ),
    estimate: estimate(changes, settled),
    complete: world.complete,
    problems: world.problems,
    present: parts.flatMap((one) => one.present),
    wanted: parts.flatMap((one) => one.wanted),
  };
}

/** The hash that a reviewed plan is bound to. */
export function planHash(fleet: string, changes: readonly Change[], complete: boolean): string {
  return hashOf({ version: 1, fleet, complete, changes });
}

interface SitePart extends Pick<
  AlarmPlan,
  "changes" | "conflicts" | "drift" | "unchanged" | "owned" | "present" | "wanted"
> {
  readonly foreign: number;
  readonly settled: ReturnType<typeof planAlarms>["settled"];
}

function planSite(fleet: Fleet, site: SiteWorld, world: World): SitePart {
  const specs = site.readable ? specsFor(site, fleet) : [];
  if (!site.readable)
    return {
      changes: [],
      conflicts: [],
      drift: [],
      unchanged: 0,
      owned: 0,
      foreign: 0,
      present: [],
      wanted: [],
      settled: [],
    };
  const alarms = planAlarms(fleet, specs, site, world);
  const topics = planTopics(
    fleet,
    alarms.settled.map((one) => one.spec),
    site,
    world,
  );
  const unnamable = new Set(
    topics.conflicts.filter((one) => !isTopicName(one.name)).map((one) => topicArn(site, one.name)),
  );
  const there = { account: site.account, region: site.region, roleArn: site.place.roleArn ?? null };
  return {
    changes: [...topics.changes, ...alarms.changes.filter((one) => !one.needs.some((need) => unnamable.has(need)))],
    conflicts: [...topics.conflicts, ...alarms.conflicts],
    drift: [...topics.drift, ...alarms.drift],
    unchanged: alarms.unchanged + topics.unchanged,
    owned: alarms.owned.length,
    foreign: site.alarms.length - alarms.owned.length,
    settled: alarms.settled,
    present: [
      ...alarms.owned.map(({ arn, definition }) => ({
        ...there,
        kind: "alarm" as const,
        name: definition.name,
        identity: site.tags.get(arn)?.[TAG.identity] ?? "",
      })),
      ...topics.owned.map((name) => ({ ...there, kind: "topic" as const, name, identity: `topic:${name}` })),
      ...topics.present.map((one) => ({ ...there, ...one })),
    ],
    wanted: [
      ...specs.map((one) => madeKey({ ...there, identity: one.identity })),
      ...topics.changes.flatMap((one) =>
        one.kind === "topic" && one.verb === "create" ? [madeKey({ ...there, identity: `topic:${one.name}` })] : [],
      ),
      ...topics.wanted.map((identity) => madeKey({ ...there, identity })),
    ],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
