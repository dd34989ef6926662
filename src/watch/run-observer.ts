import { wait } from "../domain/index.ts";
import type { AlarmChange, Clock, Fleet, ObserverFacts, RunObserver, Store, Ticker, Timer } from "../domain/index.ts";
import type { AlarmNow } from "./run-alarms.ts";
import { incidentsOf } from "./run-incidents.ts";
import { gapsOf, probesOf, seriesOf, tellGap } from "./run-probes.ts";

/** What {@link createRunObserver} works with. */
export interface RunObserverOptions {
  readonly store: Pick<Store, "summary" | "list" | "get">;
  readonly daemon: ObserverFacts["daemon"];
  /** The fleet as it is now: cores that were added are probed as well. */
  readonly fleet: () => Fleet;
  /** The deployment's alarms that corewatch manages; `undefined`: there is no AWS to ask. @throws Error */
  readonly alarmsOf: (() => Promise<readonly AlarmNow[]>) | undefined;
  readonly clock: Clock;
  /** Says which checks were due in a run. */
  readonly ticker: Pick<Ticker, "next">;
}

/** CloudWatch keeps the last change of an alarm only: what fires and goes back between two looks is half seen. */
const ALARMS_EVERY_MS = 5_000;
const LOOK_MS = 1_000;

/**
 * corewatch's own eyes during a run, as the store and CloudWatch tell it: from its making on it follows the states of the
 * deployment's alarms. What could not be read is a trouble among the facts, never an absence.
 */
export function createRunObserver(options: RunObserverOptions): RunObserver {
  const { store, daemon, fleet, ticker, clock } = options;
  const alarms = new AlarmLog(options);

  const look = async (id: string, from: number, to: number): Promise<{ facts: ObserverFacts; isWhole: boolean }> => {
    const troubles = [...alarms.troubles];
    let probes: ObserverFacts["probes"] = [];
    let incidents: ObserverFacts["incidents"] = [];
    let isWhole = true;
    try {
      const deployment = fleet().deployments.find((one) => one.id === id);
      if (deployment === undefined) throw new Error(`${id} is no longer in the inventory`);
      probes = await probesOf(store, seriesOf(fleet(), ticker, id, from, to), from, to);
      incidents = await incidentsOf(store, deployment, from, to);
    } catch (error) {
      isWhole = false;
      troubles.push(`what corewatch stored could not be read: ${sentenceOf(error)}`);
    }
    const facts = {
      watching: daemon !== "none",
      daemon,
      probes,
      incidents,
      alarms: alarms.names,
      alarmChanges: alarms.since(from),
      troubles,
    };
    return { facts, isWhole };
  };

  return {
    async facts(id, from, to) {
      await alarms.look();
      const { facts, isWhole } = await look(id, from, to);
      if (!isWhole || daemon === "none") return facts;
      try {
        const gaps = await gapsOf(store, seriesOf(fleet(), ticker, id, from, to), from, to);
        const unwatchedMs = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
        return { ...facts, unwatchedMs, troubles: [...facts.troubles, ...gaps.map(tellGap)] };
      } catch (error) {
        const trouble = `whether anything was left unwatched could not be read: ${sentenceOf(error)}`;
        return { ...facts, troubles: [...facts.troubles, trouble] };
      }
    },
    async until(id, from, isThere, ms, signal) {
      const end = clock.monotonic() + ms;
      for (;;) {
        const { facts, isWhole } = await look(id, from, clock.now());
        // What could not be read may hold what is waited for, or what would still be open.
        if (isWhole && isThere(facts)) return facts;
        const left = end - clock.monotonic();
        if (left <= 0 || signal.aborted) return facts;
        await wait(clock, Math.min(LOOK_MS, left), signal);
      }
    },
    stop: async () => alarms.stop(),
  };
}

/** Follows the states of alarms. */
class AlarmLog {
  readonly #options: RunObserverOptions;
  readonly #since: number;
  readonly #last = new Map<string, AlarmNow>();
  readonly #changes: AlarmChange[] = [];
  #names: readonly string[] | null = null;
  #trouble: string | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RunObserverOptions) {
    this.#options = options;
    this.#since = options.clock.now();
    if (options.alarmsOf !== undefined) void this.#follow();
  }

  get names(): readonly string[] | null {
    return this.#names;
  }

  get troubles(): readonly string[] {
    return this.#trouble === undefined ? [] : [this.#trouble];
  }

  /** Changes from `from` (epoch ms) on, in order. */
  since(from: number): AlarmChange[] {
    return this.#changes.filter((change) => change.at >= from).sort((a, b) => a.at - b.at);
  }

  /** Looks now. Never rejects. */
  look(): Promise<void> {
    return (this.#looking ??= this.#read().finally(() => (this.#looking = undefined)));
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.clear();
  }

  async #follow(): Promise<void> {
    await this.look();
    if (!this.#isStopped) this.#timer = this.#options.clock.after(ALARMS_EVERY_MS, () => void this.#follow());
  }

  async #read(): Promise<void> {
    const { alarmsOf } = this.#options;
    if (alarmsOf === undefined) return;
    try {
      const now = await alarmsOf();
      for (const one of now) {
        const { name, state, stateAt } = one;
        const before = this.#last.get(name);
        this.#last.set(name, one);
        const isChange = before === undefined ? stateAt >= this.#since : stateAt !== before.stateAt;
        if (isChange) this.#changes.push({ name, at: stateAt, state });
      }
      this.#names = now.map((one) => one.name);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = `the alarms could not be read: ${sentenceOf(error)}`;
    }
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
