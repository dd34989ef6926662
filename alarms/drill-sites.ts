import type { Clock, Fleet } from "../src/domain/index.ts";
import type { ApplyPorts } from "./apply.ts";
import { isHeard } from "./ingress.ts";
import { muteRulePrefix, planMutes, type OpenWindow } from "./mute.ts";
import { planDrillAlarms } from "./plan-drill.ts";
import { confirmed } from "./planning.ts";
import { paceAccount, readWorld } from "./read.ts";
import { familyOf } from "./receipt.ts";
import { planAndApply, readRecord, type AlarmStore } from "./run.ts";
import { isMutedAt, isOwned, TAG } from "./tags.ts";
import { siteKey, type SiteWorld, type World } from "./world.ts";

/** What finding a drill's alarms needs. */
export interface SitePorts extends ApplyPorts {
  readonly clock: Clock;
  readonly store: AlarmStore;
  /** Maintenance windows that are open now. */
  windows(): readonly OpenWindow[];
}

/** What is set off at a site. */
export interface DrillSite {
  readonly site: SiteWorld;
  /** The alarm's. */
  readonly name: string;
  /** Alarms of this site arrive at corewatch by themselves; elsewhere they are asked for. */
  readonly heard: boolean;
}

/**
 * The alarm that is set off at each site: the drill's own, made where it is wanting, or (`real`) one of the fleet's that
 * is OK and not muted. What could not be read or made goes to `problems`. @throws Error; StoreUnavailable
 */
export async function drillTargets(
  fleet: Fleet,
  ports: SitePorts,
  real: boolean,
  problems: string[],
): Promise<DrillSite[]> {
  const found: DrillSite[] = [];
  for (const site of (await prepared(fleet, ports, real, problems)).sites) {
    const name = real ? await realAlarm(fleet, site, ports, problems) : ownedIn(fleet, site, "drill")[0];
    if (name !== undefined) found.push({ site, name, heard: isHeard(fleet, site) });
  }
  return found;
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

/** Names of the fleet's alarms at a site: of the drill's own, or of all that may really ring. */
function ownedIn(fleet: Fleet, site: SiteWorld, which: "drill" | "real", now = 0): string[] {
  return site.alarms.flatMap(({ arn, definition, state }) => {
    const tags = site.tags.get(arn);
    if (!isOwned(tags, fleet.name, definition.name)) return [];
    const family = familyOf(tags?.[TAG.identity] ?? "");
    if (which === "drill") return family === "drill" ? definition.name : [];
    if (family === undefined || family === "drill" || family === "dead-man") return [];
    if (definition.kind !== "metric" || !definition.actionsEnabled || state !== "OK") return [];
    return isMutedAt(tags, now) ? [] : definition.name;
  });
}

/** One that rings if it is set off: no window that is open mutes it, nor a rule that no open window accounts for. */
async function realAlarm(
  fleet: Fleet,
  site: SiteWorld,
  ports: SitePorts,
  problems: string[],
): Promise<string | undefined> {
  const windows = ports.windows();
  const muted = new Set(
    planMutes(fleet.name, site, windows, []).flatMap((one) => (one.does === "put-rule" ? one.rule.alarms : [])),
  );
  const name = ownedIn(fleet, site, "real", ports.clock.now()).find((one) => !muted.has(one));
  if (name === undefined) return undefined;
  const call = ports.pacer.call(paceAccount(site.place), site.region, ports.signal);
  const rules = await ports.reader.muteRules(site.place, muteRulePrefix(fleet.name), call);
  // Its alarms are not told with a rule: any of ours may be among them.
  const strange = planMutes(fleet.name, site, windows, rules).find((one) => one.does === "delete-rule");
  if (strange?.does !== "delete-rule") return name;
  problems.push(
    `${siteKey(site)}: mute rule ${strange.name} of a window that is over may mute any alarm: delete it first`,
  );
  return undefined;
}
