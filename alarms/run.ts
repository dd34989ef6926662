import {
  StoreUnavailable,
  type AlarmRecord,
  type Clock,
  type FactStore,
  type Fleet,
  type TurnStore,
} from "../src/domain/index.ts";
import { planAdoption, type Adoption } from "./adopt.ts";
import { applyPlan, type ApplyOptions, type ApplyPorts, type ChangeResult, type Refusal } from "./apply.ts";
import type { AlarmPlan } from "./plan.ts";
import { confirmed } from "./planning.ts";
import { readWorld, type ReadPorts } from "./read.ts";
import { nextRecord, parseRecord } from "./record.ts";
import type { World } from "./world.ts";

/** The store's fact that holds the record, and the name of the turn under which it is written. */
const RECORD = "alarms";
/** The record is written this often while an apply goes on, ms: a killed apply has lost no more than that of it. */
const KEEP_EVERY_MS = 2_000;

/** The part of the store that applying needs. */
export type AlarmStore = FactStore & TurnStore;

/** The record of what was made. @throws StoreUnavailable; TypeError for a record of another version */
export async function readRecord(store: FactStore): Promise<AlarmRecord> {
  return parseRecord(await store.getFact(RECORD));
}

/** Makes a plan of its own kind from the fleet and the record. */
export type Planner<Plan extends AlarmPlan> = (
  fleet: Fleet,
  record: AlarmRecord,
  ports: ReadPorts,
) => Promise<{ readonly plan: Plan; readonly world: World }>;

/** Reads everything and plans what taking over would do. */
export const makeAdoption: Planner<Adoption> = async (fleet, record, ports) =>
  confirmed(fleet, await readWorld(fleet, record, ports), ports, planAdoption);

/** What one apply needs. */
export interface ApplyRun<Plan extends AlarmPlan> {
  readonly fleet: Fleet;
  readonly store: AlarmStore;
  readonly ports: ApplyPorts;
  readonly clock: Clock;
  readonly options?: ApplyOptions;
  /** `makePlan`, or another. */
  readonly planner: Planner<Plan>;
  /** Called once the plan is made, before anything is written. */
  readonly onPlan?: (plan: Plan) => void;
}

/** What came of it. `busy`: another process applies, nothing was done. */
export type Applied<Plan extends AlarmPlan> =
  | { readonly outcome: "busy" }
  | { readonly outcome: "refused"; readonly plan: Plan; readonly refused: Refusal }
  | {
      readonly outcome: "applied";
      readonly plan: Plan;
      readonly results: readonly ChangeResult[];
      /** `false`: the store went away, so that the record is behind; the next apply mends it from the tags. */
      readonly kept: boolean;
    };

/**
 * Plans, applies and keeps the record, in a turn that one process of the fleet has at a time. The record is written while
 * the apply goes on and after it, however it ends. @throws StoreUnavailable when the store cannot be reached at the beginning
 */
export async function planAndApply<Plan extends AlarmPlan>(run: ApplyRun<Plan>): Promise<Applied<Plan>> {
  const { fleet, store, clock, options = {} } = run;
  const turn = await store.exclusive(RECORD, async (lost): Promise<Applied<Plan>> => {
    const ports = { ...run.ports, signal: AbortSignal.any([run.ports.signal, lost]) };
    const record = await readRecord(store);
    const { plan } = await run.planner(fleet, record, ports);
    run.onPlan?.(plan);
    const keeper = new RecordKeeper(store, clock, record, plan);
    const told = await applyPlan(plan, ports, {
      ...options,
      onResult: async (result) => {
        keeper.add(result);
        await options.onResult?.(result);
      },
    });
    if ("refused" in told) return { outcome: "refused", plan, refused: told.refused };
    return { outcome: "applied", plan, results: told.results, kept: await keeper.close() };
  });
  return turn.held ? turn.result : { outcome: "busy" };
}

/** Writes the record now and then while results come in; a store that is away does not stop an apply. */
class RecordKeeper {
  readonly #store: FactStore;
  readonly #clock: Clock;
  readonly #record: AlarmRecord;
  readonly #plan: AlarmPlan;
  readonly #results: ChangeResult[] = [];
  #writing: Promise<boolean> = Promise.resolve(true);
  /** Monotonic ms. The first result is written at once: who receives alarms learns from it whose account is ours. */
  #written = Number.NEGATIVE_INFINITY;

  constructor(store: FactStore, clock: Clock, record: AlarmRecord, plan: AlarmPlan) {
    this.#store = store;
    this.#clock = clock;
    this.#record = record;
    this.#plan = plan;
  }

  add(result: ChangeResult): void {
    this.#results.push(result);
    if (this.#clock.monotonic() - this.#written < KEEP_EVERY_MS) return;
    this.#written = this.#clock.monotonic();
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Writes what is left. `false` when the store is away. */
  async close(): Promise<boolean> {
    await this.#writing;
    return this.#write();
  }

  async #write(): Promise<boolean> {
    try {
      await this.#store.putFact(RECORD, nextRecord(this.#record, this.#plan, this.#results, this.#clock.now()));
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      throw error;
    }
  }
}
