import type { Clock, Fleet, ObservedAlarm } from "../src/domain/index.ts";
import type { ApplyPorts } from "./apply.ts";
import { planDrillAlarms } from "./plan-drill.ts";
import { confirmed } from "./planning.ts";
import { readWorld } from "./read.ts";
import { familyOf } from "./receipt.ts";
import { planAndApply, readRecord, type AlarmStore } from "./run.ts";
import { isOwned, TAG } from "./tags.ts";
import type { SiteWorld, World } from "./world.ts";

/** What finding a drill's alarms needs. */
export interface SitePorts extends ApplyPorts {
  readonly clock: Clock;
  readonly store: AlarmStore;
}

/**
 * The alarm that is set off at each site: the drill's own, made where it is wanting, or (`real`) one of the fleet's that
 * is OK. What could not be read or made goes to `problems`. @throws Error; StoreUnavailable
 */
export async function drillTargets(
  fleet: Fleet,
  ports: SitePorts,
  real: boolean,
  problems: string[],
): Promise<{ site: SiteWorld; name: string }[]> {
  return targets(fleet, await prepared(fleet, ports, real, problems), real);
}

/** The world with the drill's alarms in it; they are made where they are wanting, in the turn of everybody who applies. */
async function prepared(fleet: Fleet, ports: SitePorts, real: boolean, problems: string[]): Promise<World> {
  const { clock, store } = ports;
  const record = await readRecord(store);
  const read = await readWorld(fleet, record, ports);
  problems.push(...read.problems.map((one) => `${one.site}: ${one.message}`));
  if (real) return read;
  const { plan, world } = await confirmed(fleet, read, ports, planDrillAlarms);
  if (plan.changes.length === 0) return world;
  const made = await planAndApply({
    fleet,
    store,
    ports,
    clock,
    planner: async (fleet, record, ports) =>
      confirmed(fleet, await readWorld(fleet, record, ports), ports, planDrillAlarms),
  });
  if (made.outcome === "busy")
    throw new Error("the drill's alarm cannot be made while another corewatch applies: try again when it is done");
  if (made.outcome === "refused") throw new Error(made.refused.message);
  for (const { change, outcome, error } of made.results)
    if (outcome !== "done") problems.push(`${change.name}: ${error ?? outcome}`);
  return readWorld(fleet, await readRecord(store), ports);
}

function targets(fleet: Fleet, world: World, real: boolean): { site: SiteWorld; name: string }[] {
  return world.sites.flatMap((site) => {
    const owned = site.alarms.filter(({ arn, definition }) => isOwned(site.tags.get(arn), fleet.name, definition.name));
    const familyAt = ({ arn }: ObservedAlarm) => familyOf(site.tags.get(arn)?.[TAG.identity] ?? "");
    const isReal = (one: ObservedAlarm): boolean => {
      const family = familyAt(one);
      return (
        family !== undefined &&
        family !== "drill" &&
        family !== "dead-man" &&
        one.definition.kind === "metric" &&
        one.definition.actionsEnabled &&
        one.state === "OK"
      );
    };
    const found = owned.find((one) => (real ? isReal(one) : familyAt(one) === "drill"));
    return found === undefined ? [] : [{ site, name: found.definition.name }];
  });
}
