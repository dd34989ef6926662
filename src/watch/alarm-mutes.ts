import type { ApplyPorts } from "../../alarms/apply.ts";
import { muteRulePrefix, planMutes, type OpenWindow } from "../../alarms/mute.ts";
import { runMuteStep } from "../../alarms/mute-run.ts";
import { paceAccount, readWorld } from "../../alarms/read.ts";
import { TAG } from "../../alarms/tags.ts";
import type { World } from "../../alarms/world.ts";
import type { Clock, FactStore, Fleet, Log, Ticker } from "../domain/index.ts";
import { activeWindows } from "../incidents/maintenance.ts";
import { ALARM_MUTES } from "./alarm-facts.ts";
import type { AlarmHub } from "./alarm-hub.ts";

/** What {@link AlarmMutes} needs. */
export interface MutesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly store: FactStore;
  readonly hub: AlarmHub;
  readonly fleet: () => Fleet;
}

/**
 * Keeps exactly the alarms of open maintenance windows mute. That something may be mute is kept in the store before it
 * is, and taken back after nothing is any more: a process that dies in between leaves that to the next one.
 */
export class AlarmMutes {
  readonly #options: MutesOptions;
  /** The windows that AWS was last brought in order with. */
  #done: string | undefined;

  constructor(options: MutesOptions) {
    this.#options = options;
  }

  /** Compares with the windows; asks AWS only when something has to be done. @throws CloudError; StoreUnavailable; Error */
  async check(ports: ApplyPorts): Promise<void> {
    const windows = this.#windows();
    if (keyOf(windows) === this.#done) return;
    if (windows.length === 0 && !(await this.#mayBeMuted())) {
      this.#done = keyOf(windows);
      return;
    }
    const { fleet, hub } = this.#options;
    const world = await readWorld(fleet(), await hub.reloadRecord(), ports);
    await this.#settle(world, windows, ports);
    const [problem] = world.problems;
    if (problem !== undefined) throw new Error(`${problem.site}: ${problem.message}`);
  }

  /** Looks over what was read anyway: also what is mute without anybody here knowing. @throws CloudError; StoreUnavailable; Error */
  async lookOver(world: World, ports: ApplyPorts): Promise<void> {
    const windows = this.#windows();
    const isTagged = world.sites.some(({ tags }) =>
      [...tags.values()].some((one) => one[TAG.mutedUntil] !== undefined),
    );
    if (windows.length > 0 || isTagged || (await this.#mayBeMuted())) await this.#settle(world, windows, ports);
  }

  #windows(): OpenWindow[] {
    const { fleet, clock, ticker } = this.#options;
    return openWindows(fleet(), clock.now(), ticker);
  }

  async #mayBeMuted(): Promise<boolean> {
    const fact = await this.#options.store.getFact(ALARM_MUTES);
    return typeof fact === "object" && fact !== null && Reflect.get(fact, "muted") === true;
  }

  async #settle(world: World, windows: readonly OpenWindow[], ports: ApplyPorts): Promise<void> {
    const { log, store } = this.#options;
    const fleet = this.#options.fleet().name;
    if (windows.length > 0 && !(await this.#mayBeMuted())) await store.putFact(ALARM_MUTES, { muted: true });
    let first: unknown;
    for (const site of world.sites) {
      const call = ports.pacer.call(paceAccount(site.place), site.region, ports.signal);
      try {
        const rules = await ports.reader.muteRules(site.place, muteRulePrefix(fleet), call);
        for (const step of planMutes(fleet, site, windows, rules)) {
          await runMuteStep(step, fleet, ports, call);
          log.info(`alarms at ${step.site}: ${SAYS[step.does]}`);
        }
      } catch (error) {
        first ??= error;
      }
    }
    if (first !== undefined) throw first;
    if (!world.complete) return;
    if (windows.length === 0) await store.putFact(ALARM_MUTES, { muted: false });
    this.#done = keyOf(windows);
  }
}

/** The maintenance windows that are open at `now` (epoch ms). @throws RangeError for a schedule that is not cron */
export function openWindows(fleet: Fleet, now: number, ticker: Ticker): OpenWindow[] {
  return activeWindows(fleet, now, ticker).map(({ window, from, until }) => ({
    id: window.id,
    match: window.match,
    from,
    until,
    reason: window.reason,
  }));
}

const SAYS = {
  "put-rule": "muted for a maintenance window",
  "delete-rule": "no longer muted",
  disable: "actions disabled for a maintenance window",
  enable: "actions enabled again",
} as const;

function keyOf(windows: readonly OpenWindow[]): string {
  return JSON.stringify(windows);
}
