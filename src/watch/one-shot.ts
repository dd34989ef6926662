import { planTasks } from "../../checks/index.ts";
import type { Task } from "../../checks/check.ts";
import type { ProbePorts } from "../../checks/run.ts";
import { sweepOnce } from "../../checks/sweep-once.ts";
import type {
  CheckKind,
  CheckSettings,
  Clock,
  DecisionOutput,
  Diagnosis,
  FiringAlarm,
  Fleet,
  Incident,
  Log,
  Observation,
  SeriesState,
  Store,
  Ticker,
} from "../domain/index.ts";
import { seriesKey, StoreUnavailable } from "../domain/index.ts";
import { diagnose } from "../incidents/diagnose.ts";
import { activeWindows } from "../incidents/maintenance.ts";
import { reconcile } from "../incidents/reconcile.ts";
import { firingIn } from "./alarm-ledger.ts";
import { SeriesBook } from "./series.ts";

/** What a one-shot sweep is built from. */
export interface OneShotOptions {
  readonly fleet: Fleet;
  /** What to probe: the fleet's tasks, or some of them. */
  readonly tasks: readonly Task[];
  readonly ports: ProbePorts;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly log: Log;
  /** `undefined`: nothing is kept and nobody is told. So it is too when it gets out of reach meanwhile. */
  readonly store: Pick<Store, "decide" | "append" | "states" | "getFact" | "putFact"> | undefined;
  readonly signal?: AbortSignal;
}

/** What a one-shot sweep found. */
export interface OneShotFindings {
  readonly observations: readonly Observation[];
  /** What these observations say, each taken at its word: thresholds decide incidents only. */
  readonly diagnoses: readonly Diagnosis[];
  /** What was decided through the store, after thresholds; `undefined` without a store. */
  readonly decided: DecisionOutput | undefined;
  /** Why a store that was there could not be used to the end. */
  readonly lost?: StoreUnavailable;
}

const FIT = { degraded: false, reasons: [] };
/** What a look from outside the daemon can not see. */
const DAEMONS_OWN: ReadonlySet<Incident["scope"]["kind"]> = new Set([
  "prober",
  "configuration",
  "notices",
  "alarms",
  "alarm-path",
]);

/**
 * Probes at once, judges on top of the stored states, and decides through the store, so that sweeps from cron and the
 * daemon share thresholds and incidents. What was found is told also without the store.
 * @throws what `signal` was aborted with: what was called off is neither kept nor told.
 */
export async function sweepFleet(options: OneShotOptions): Promise<OneShotFindings> {
  const { fleet, tasks, ports, clock, store, signal } = options;
  const settingsOf = (kind: CheckKind): CheckSettings => fleet.checks[kind];
  const slot = clock.now();
  const stored = store?.states();
  // A rejection is awaited below; until then it must not count as unhandled.
  stored?.catch(() => undefined);
  const once = signal === undefined ? { clock, slot } : { clock, slot, signal };
  const observations = await sweepOnce(tasks, settingsOf, ports, once);
  signal?.throwIfAborted();
  const diagnoses = atTheirWord(options, observations);
  if (store === undefined) return { observations, diagnoses, decided: undefined };
  try {
    const alarms = await firingIn(store, fleet);
    const decided = await decide(options, store, observations, (await stored) ?? [], alarms);
    await store.append(observations, []);
    return { observations, diagnoses, decided };
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return { observations, diagnoses, decided: undefined, lost: error };
  }
}

/** Thresholds of one: what was just seen counts as settled. */
function atTheirWord({ fleet, tasks, clock }: OneShotOptions, observations: readonly Observation[]): Diagnosis[] {
  const book = new SeriesBook();
  book.plan(tasks, (kind) => ({ ...fleet.checks[kind], failures: 1, successes: 1, window: 1 }), clock.now());
  for (const one of observations) book.get(seriesKey(one.target, one.check))?.take(one, 0);
  return diagnose({ fleet, now: clock.now(), series: book.all, prober: FIT });
}

function decide(
  options: OneShotOptions,
  store: Pick<Store, "decide">,
  observations: readonly Observation[],
  states: readonly SeriesState[],
  alarms: readonly FiringAlarm[],
): Promise<DecisionOutput> {
  const { fleet, clock, ticker } = options;
  // All of the fleet, also when only some of it was probed: the rest is as it was, not gone.
  const tasks = planTasks(fleet);
  const keys = observations.map((one) => seriesKey(one.target, one.check));
  return store.decide(keys, clock.now() - fleet.incidents.reopenWithinMs, (input) => {
    const now = clock.now();
    const book = new SeriesBook();
    book.plan(tasks, (kind) => fleet.checks[kind], now);
    book.adopt(states);
    book.adopt(input.states.values());
    const changed: SeriesState[] = [];
    for (const one of observations) {
      const series = book.get(seriesKey(one.target, one.check));
      if (series?.take(one, 0).changed === true) changed.push(series.state);
    }
    return reconcile({
      fleet,
      now,
      diagnoses: diagnose({ fleet, now, series: book.all, prober: FIT, alarms }),
      incidents: input.incidents,
      silences: input.silences,
      windows: activeWindows(fleet, now, ticker),
      newIncidentId: () => input.newIncidentId(),
      states: changed,
      incomplete: ({ scope }) => DAEMONS_OWN.has(scope.kind),
    });
  });
}
