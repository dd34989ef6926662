import { CloudError, type AlarmRecord, type Fleet, type Tags } from "../src/domain/index.ts";
import { planFleet, type AlarmPlan } from "./plan.ts";
import { paceAccount, readWorld, sentence, type ReadPorts } from "./read.ts";
import { alarmArn, topicArn } from "./names.ts";
import { madeKey, siteKey, type SiteWorld, type World } from "./world.ts";

/** The bulk listing of tags lags behind; at most so many of its surprises are asked about one by one in a round. */
const MAX_CONFIRMED = 200;
/** A confirmed tag may give an alarm another role in the plan, which brings up the next surprise. */
const ROUNDS = 3;

/** A plan with the world that it was made of. */
export interface Planned {
  readonly plan: AlarmPlan;
  readonly world: World;
}

/**
 * Reads everything and plans. Where the bulk listing of tags makes something look out of order that is otherwise right
 * (somebody else's alarm under a wanted name, tags alone that differ, actions that are disabled), the tags are asked for by themselves and the plan
 * is made again: the listing is only eventually consistent.
 */
export async function makePlan(fleet: Fleet, record: AlarmRecord, ports: ReadPorts): Promise<Planned> {
  const world = await readWorld(fleet, record, ports);
  return confirmed(fleet, world, ports, (fleet, world) => planFleet(fleet, world));
}

/** Plans, confirms what looks odd, and plans again. */
export async function confirmed<Plan extends AlarmPlan>(
  fleet: Fleet,
  start: World,
  ports: ReadPorts,
  planWith: (fleet: Fleet, world: World) => Plan,
): Promise<{ plan: Plan; world: World }> {
  let world = start;
  let plan = planWith(fleet, world);
  const asked = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const suspects = oddities(plan, world)
      .filter((one) => !asked.has(one.arn))
      .slice(0, MAX_CONFIRMED);
    if (suspects.length === 0) break;
    for (const one of suspects) asked.add(one.arn);
    world = await confirm(world, suspects, ports);
    plan = planWith(fleet, world);
  }
  return { plan, world };
}

interface Suspect {
  readonly arn: string;
  readonly site: SiteWorld;
}

/** Existing alarms and topics whose place in the plan hangs on tags that the bulk listing may not show yet. */
function oddities(plan: AlarmPlan, world: World): Suspect[] {
  const sites = new Map(world.sites.map((one) => [siteKey(one), one]));
  const found: Suspect[] = [];
  const add = (arn: string, site: SiteWorld | undefined): void => {
    if (site !== undefined) found.push({ arn, site });
  };
  for (const { step, fields, ...one } of plan.changes) {
    // Disabled actions may be a mute whose tag is not listed yet.
    const mute = step.does === "put-alarm" && step.exists && fields.some((field) => field.name === "ActionsEnabled");
    if (step.does === "tag" || mute) add(step.arn, sites.get(siteKey(one)));
  }
  const alarms = new Map(world.sites.map((site) => [site, new Set(site.alarms.map((one) => one.arn))]));
  for (const one of plan.conflicts) {
    const site = sites.get(siteKey(one));
    if (site === undefined) continue;
    const arn = alarmArn(site, one.name);
    if (!site.tags.has(arn) && alarms.get(site)?.has(arn) === true) add(arn, site);
  }
  for (const one of plan.lint) {
    if (one.rule !== "topic-not-ours") continue;
    for (const site of world.sites) {
      const arn = topicArn(site, one.alarm);
      const known = world.made.has(madeKey({ ...site, identity: `topic:${one.alarm}` }));
      if (known && site.topics.get(arn) !== undefined) add(arn, site);
    }
  }
  return found;
}

async function confirm(world: World, suspects: readonly Suspect[], ports: ReadPorts): Promise<World> {
  const tags = new Map(world.sites.map((site) => [site, new Map(site.tags)]));
  const problems = [...world.problems];
  const unconfirmed = new Set(world.unconfirmed);
  await Promise.all(
    suspects.map(async ({ arn, site }) => {
      const call = ports.pacer.call(paceAccount(site.place), site.region, ports.signal);
      try {
        const found: Tags = await ports.reader.tags(site.place, arn, call);
        tags.get(site)?.set(arn, found);
      } catch (error) {
        unconfirmed.add(arn);
        const gone = error instanceof CloudError && error.failure === "not-found";
        const message = gone ? `${arn} went away while it was being looked at: plan again` : sentence(error);
        problems.push({ site: siteKey(site), message });
      }
    }),
  );
  return {
    ...world,
    sites: world.sites.map((site) => ({ ...site, tags: tags.get(site) ?? site.tags })),
    problems,
    complete: world.complete && unconfirmed.size === 0,
    unconfirmed,
  };
}
