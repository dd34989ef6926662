import type { DecisionOutput, Diagnosis, Fleet, Incident, SeriesState, Silence } from "../domain/index.ts";
import { scopeKey } from "../domain/index.ts";
import { keepHealing } from "./aftermath.ts";
import { rank } from "./conclusion.ts";
import { Draft } from "./draft.ts";
import { keepFolded } from "./fold.ts";
import { followDiagnosis, heal, mergeIncident, openIncident, reopenIncident, resolveIncident, takeIn } from "./life.ts";
import type { ActiveWindow } from "./maintenance.ts";
import { match } from "./match.ts";
import { quietNow } from "./silence.ts";
import { upkeep } from "./upkeep.ts";

/** What {@link reconcile} decides from: everything read in the same transaction that will write its output. */
export interface ReconcileInput {
  readonly fleet: Fleet;
  /** Epoch ms. */
  readonly now: number;
  /** What `diagnose` concluded, and what the shell itself has to tell (scopes `configuration` and `notices`). */
  readonly diagnoses: readonly Diagnosis[];
  /** Open and acknowledged incidents, and those resolved within `fleet.incidents.reopenWithinMs`. */
  readonly incidents: readonly Incident[];
  /** Silences that people made (from the store); those of fleet.yaml are taken from `fleet`. */
  readonly silences: readonly Silence[];
  /** Maintenance windows that are open now. */
  readonly windows: readonly ActiveWindow[];
  newIncidentId(): string;
  /** Passed through to the output, so that state change, incident and notice are written together. */
  readonly states: readonly SeriesState[];
  /**
   * `true` for an incident that this look could not have seen (a one-shot sweep knows nothing of the daemon's
   * `prober`, `configuration` and `notices` scopes): then a missing diagnosis says nothing, and it is left as it is.
   */
  readonly incomplete?: (incident: Incident) => boolean;
}

/**
 * Makes incidents follow diagnoses, and decides who hears of it. Pure; with nothing changed it writes nothing but
 * `states`. Call it again at least every 15 s while an incident is open: reminders, escalation, the ends of silences and
 * gathered changes fall due by time alone.
 */
export function reconcile(input: ReconcileInput): DecisionOutput {
  const { fleet, now } = input;
  const storm = input.incidents.find((one) => one.state !== "resolved" && one.cause === "many-deployments-down");
  const healed = keepHealing(fleet, onePerScope(input.diagnoses), input.incidents, now);
  const diagnoses = onePerScope(keepFolded(healed.diagnoses, fleet, storm));
  const matching = match(diagnoses, input.incidents, now, fleet.incidents.reopenWithinMs);
  const quiet = quietNow(input);
  const alive: Draft[] = [];
  const ended: Draft[] = [];

  for (const { incident, diagnosis } of matching.follow) {
    const draft = new Draft(incident, now);
    heal(draft, diagnosis, healed.healing.has(incident.id), now);
    followDiagnosis(draft, diagnosis, now);
    alive.push(draft);
  }
  for (const { incident, diagnosis } of matching.reopen) {
    const draft = new Draft(incident, now);
    reopenIncident(draft, diagnosis, now);
    alive.push(draft);
  }
  for (const diagnosis of matching.open) alive.push(openIncident(input.newIncidentId(), diagnosis, now));
  const taken = new Map<Draft, string[]>();
  for (const { incident, into } of matching.merge) {
    const draft = new Draft(incident, now);
    const heir = alive.find((one) => scopeKey(one.incident.scope) === scopeKey(into));
    if (heir === undefined) continue;
    mergeIncident(draft, heir, now);
    taken.set(heir, [...(taken.get(heir) ?? []), incident.id]);
    ended.push(draft);
  }
  for (const [heir, ids] of taken) takeIn(heir, ids);
  for (const incident of matching.gone) {
    const draft = new Draft(incident, now);
    if (input.incomplete?.(incident) === true) alive.push(draft);
    else {
      resolveIncident(draft, fleet, now);
      ended.push(draft);
    }
  }
  for (const draft of alive) upkeep(draft, fleet, quiet, now);

  // What ended is written first: its scope is free for what follows.
  const written = [...ended, ...alive].flatMap((draft) => draft.finish(fleet) ?? []);
  return {
    states: input.states,
    incidents: written.map((one) => one.incident),
    events: written.flatMap((one) => one.events),
    notices: written.flatMap((one) => one.notices),
  };
}

/** At most one diagnosis for one scope: the more severe of two. */
function onePerScope(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const byScope = new Map<string, Diagnosis>();
  for (const one of diagnoses) {
    const before = byScope.get(scopeKey(one.scope));
    if (before === undefined || rank(one.severity) > rank(before.severity)) byScope.set(scopeKey(one.scope), one);
  }
  return [...byScope.values()];
}
