import type { ApplyPorts } from "../../alarms/apply.ts";
import type { Drift } from "../../alarms/change.ts";
import type { FieldChange } from "../../alarms/normalise.ts";
import type { AlarmPlan } from "../../alarms/plan.ts";
import { makePlan } from "../../alarms/planning.ts";
import { planAndApply } from "../../alarms/run.ts";
import { siteKey, type World } from "../../alarms/world.ts";
import type { Clock, Diagnosis, Fleet, Log, Store } from "../domain/index.ts";
import { ALARM_DRIFT } from "./alarm-facts.ts";
import type { AlarmHub } from "./alarm-hub.ts";

/** What {@link AlarmPlanner} needs. */
export interface PlannerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly hub: AlarmHub;
  readonly fleet: () => Fleet;
  /** What drifted, or that nothing did. */
  readonly onDrift: (drift: Diagnosis | undefined) => void;
  /** Everything was read: what is muted can be compared with it. */
  readonly onWorld: (world: World, ports: ApplyPorts) => Promise<void>;
}

const MAX_SENTENCES = 8;
const MAX_FIELDS = 3;
const MAX_VALUE = 80;

/** The daemon's look at CloudWatch: finds drift and, where it may, creates and updates what is wanting. */
export class AlarmPlanner {
  readonly #options: PlannerOptions;
  #plannedAt: number | undefined;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** When the last look that saw everything began, epoch ms. */
  get plannedAt(): number | undefined {
    return this.#plannedAt;
  }

  /** Looks once. @throws Error that says what could not be read, after all else was done; StoreUnavailable */
  async run(ports: ApplyPorts): Promise<void> {
    const { clock, hub, onWorld, store } = this.#options;
    const fleet = this.#options.fleet();
    const askedAt = clock.now();
    const { plan, world, mended } = await this.#plan(fleet, ports, askedAt);
    await hub.reloadRecord();
    const left = plan.drift.filter((one) => !mended.has(keyOf(one)));
    if (left.length > 0 || plan.complete) {
      const drift = left.length === 0 ? undefined : driftOf(fleet, left);
      this.#options.onDrift(drift);
      await store.putFact(ALARM_DRIFT, drift ?? null);
    }
    await onWorld(world, ports);
    const [problem] = plan.problems;
    if (problem !== undefined) throw new Error(`${problem.site}: ${problem.message}`);
    this.#plannedAt = askedAt;
  }

  async #plan(
    fleet: Fleet,
    ports: ApplyPorts,
    askedAt: number,
  ): Promise<{ plan: AlarmPlan; world: World; mended: ReadonlySet<string> }> {
    const { store, clock, log, hub } = this.#options;
    // What was read is taken in before anything is applied: the first messages of a new topic come at once.
    const planner: typeof makePlan = async (...given) => {
      const planned = await makePlan(...given);
      for (const { account, region, alarms } of planned.world.sites)
        await hub.read({ account, region, alarms, askedAt });
      return planned;
    };
    const lookOnly = async () => ({
      ...(await planner(fleet, await hub.reloadRecord(), ports)),
      mended: new Set<string>(),
    });
    if (fleet.alarms?.autoApply !== "safe") return lookOnly();
    let world: World | undefined;
    const applied = await planAndApply({
      fleet,
      store,
      ports,
      clock,
      options: { only: "safe" },
      planner: async (...given) => {
        const planned = await planner(...given);
        world = planned.world;
        return planned;
      },
    });
    if (applied.outcome === "busy" || world === undefined) return lookOnly();
    if (applied.outcome === "refused") {
      log.warn(`alarms are not applied by themselves: ${applied.refused.message}`);
      return { plan: applied.plan, world, mended: new Set() };
    }
    const done = applied.results.filter((one) => one.outcome === "done");
    for (const { change, error } of applied.results.filter((one) => one.outcome === "failed"))
      log.warn(`${change.verb} ${change.kind} ${change.name} failed: ${error ?? ""}`);
    if (done.length > 0)
      log.info(`${done.length} alarms, topics and subscriptions were brought in order`, {
        changes: done.slice(0, 10).map(({ change }) => `${change.verb} ${change.kind} ${change.name}`),
      });
    const mended = new Set(done.filter(({ change }) => change.verb === "update").map(({ change }) => keyOf(change)));
    return { plan: applied.plan, world, mended };
  }
}

function keyOf(one: Pick<Drift, "account" | "region" | "name">): string {
  return `${siteKey(one)}/${one.name}`;
}

/** Drift as one thing to tell, of the lowest urgency. */
export function driftOf(fleet: Fleet, drift: readonly Drift[]): Diagnosis {
  const more = drift.length - MAX_SENTENCES;
  return {
    scope: { kind: "alarms", id: fleet.name },
    deployment: null,
    cause: "alarm-drift",
    severity: "minor",
    signIn: "unknown",
    evidence: [
      ...drift.slice(0, MAX_SENTENCES).map((one) => `${nameOf(one)} was ${whatOf(one)}.`),
      ...(more > 0 ? [`${more} more: "corewatch alarms status" lists them.`] : []),
    ],
    affected: [],
  };
}

function nameOf({ kind, name, ...place }: Drift): string {
  return `${kind === "alarm" ? "Alarm" : "Topic"} "${name}" (${siteKey(place)})`;
}

function whatOf({ what, fields }: Drift): string {
  if (what === "deleted") return "deleted by hand";
  const shown = fields.slice(0, MAX_FIELDS).map(told).join(", ");
  return `edited by hand${shown === "" ? "" : `: ${shown}`}${fields.length > MAX_FIELDS ? " and more" : ""}`;
}

function told({ name, before, after }: FieldChange): string {
  return `${name} ${show(before)} → ${show(after)}`;
}

function show(value: unknown): string {
  const text =
    value === null || value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

/** The drift that an earlier process told of. */
export function keptDrift(fact: unknown, fleet: Fleet): Diagnosis | undefined {
  if (typeof fact !== "object" || fact === null) return undefined;
  const evidence: unknown = Reflect.get(fact, "evidence");
  if (!Array.isArray(evidence)) return undefined;
  const sentences = evidence.filter((one) => typeof one === "string");
  return { ...driftOf(fleet, []), evidence: sentences };
}
