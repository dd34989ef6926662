import type { Diagnosis, Incident, Scope } from "../domain/index.ts";
import { scopeKey } from "../domain/index.ts";
import { compare } from "./sight.ts";
import { everAffected } from "./worst.ts";

/** Which incident follows which diagnosis. */
export interface Matching {
  /** An open incident goes on with this diagnosis. */
  readonly follow: readonly { readonly incident: Incident; readonly diagnosis: Diagnosis }[];
  /** A resolved one comes back. */
  readonly reopen: readonly { readonly incident: Incident; readonly diagnosis: Diagnosis }[];
  readonly open: readonly Diagnosis[];
  /** An open incident whose matter goes on in another one, by that one's scope. */
  readonly merge: readonly { readonly incident: Incident; readonly into: Scope }[];
  /** Nothing is left of these. */
  readonly gone: readonly Incident[];
}

/** Resolved incidents and a diagnosis that share at least this part of all their targets are about the same thing. */
const SAME_THING = 0.5;

/**
 * Pairs diagnoses (one a scope) with incidents: by scope; else, when a cause is found later or changes, with the open
 * incident that shares most affected targets (the other sharers are merged into it); else with one resolved within
 * `reopenWithinMs` for the same scope or mostly the same targets; else it is new.
 */
export function match(
  diagnoses: readonly Diagnosis[],
  incidents: readonly Incident[],
  now: number,
  reopenWithinMs: number,
): Matching {
  const waiting = new Map(diagnoses.map((one) => [scopeKey(one.scope), one]));
  const follow: { incident: Incident; diagnosis: Diagnosis }[] = [];
  let left: Incident[] = [];
  for (const incident of incidents.filter((one) => one.state !== "resolved").sort(byAge)) {
    const diagnosis = waiting.get(scopeKey(incident.scope));
    if (diagnosis === undefined) left.push(incident);
    else {
      waiting.delete(scopeKey(incident.scope));
      follow.push({ incident, diagnosis });
    }
  }
  for (const diagnosis of waiting.values()) {
    const [best] = left
      .map((incident) => ({ incident, shared: shared(incident, diagnosis) }))
      .filter(({ shared }) => shared > 0)
      // Of equals the one that people know of, then the oldest.
      .sort((a, b) => Number(b.incident.told) - Number(a.incident.told) || b.shared - a.shared);
    if (best === undefined) continue;
    left = left.filter((one) => one !== best.incident);
    waiting.delete(scopeKey(diagnosis.scope));
    follow.push({ incident: best.incident, diagnosis });
  }
  const merge: { incident: Incident; into: Scope }[] = [];
  const gone: Incident[] = [];
  for (const incident of left) {
    const into = heir(incident, follow);
    if (into === undefined) gone.push(incident);
    else merge.push({ incident, into });
  }
  const { reopen, open } = revive([...waiting.values()], incidents, now, reopenWithinMs);
  return { follow, reopen, open, merge, gone };
}

/** The diagnosis in which an incident without its own goes on: that of its scope, else the one that shares most targets. */
function heir(incident: Incident, follow: readonly { readonly diagnosis: Diagnosis }[]): Scope | undefined {
  const candidates = follow.map(({ diagnosis }) => ({
    scope: diagnosis.scope,
    shared: scopeKey(diagnosis.scope) === scopeKey(incident.scope) ? Infinity : shared(incident, diagnosis),
  }));
  return candidates.filter((one) => one.shared > 0).sort((a, b) => b.shared - a.shared)[0]?.scope;
}

function revive(
  diagnoses: readonly Diagnosis[],
  incidents: readonly Incident[],
  now: number,
  reopenWithinMs: number,
): Pick<Matching, "reopen" | "open"> {
  // A merged incident lives on in another one and never comes back by itself.
  let past = incidents
    .filter(
      (one) => one.state === "resolved" && one.mergedInto === null && now - (one.resolvedAt ?? 0) <= reopenWithinMs,
    )
    .sort((a, b) => (b.resolvedAt ?? 0) - (a.resolvedAt ?? 0) || byAge(a, b));
  const reopen: { incident: Incident; diagnosis: Diagnosis }[] = [];
  const open: Diagnosis[] = [];
  const bySameScope = (diagnosis: Diagnosis): Incident | undefined =>
    past.find((one) => scopeKey(one.scope) === scopeKey(diagnosis.scope));
  // Those with a scope of their own choose first.
  const order = [...diagnoses].sort(
    (a, b) => Number(bySameScope(b) !== undefined) - Number(bySameScope(a) !== undefined),
  );
  for (const diagnosis of order) {
    const incident = bySameScope(diagnosis) ?? past.find((one) => sameThing(one, diagnosis));
    if (incident === undefined) open.push(diagnosis);
    else {
      past = past.filter((one) => one !== incident);
      reopen.push({ incident, diagnosis });
    }
  }
  return { reopen, open };
}

function sameThing(incident: Incident, diagnosis: Diagnosis): boolean {
  // What was left of it at the end is not what it was about.
  const whole = { ...incident, affected: everAffected(incident) };
  const both = shared(whole, diagnosis);
  const all = targets(whole).size + targets(diagnosis).size - both;
  return both > 0 && both / all >= SAME_THING;
}

function shared(a: Pick<Incident, "affected" | "alarms">, b: Pick<Incident, "affected" | "alarms">): number {
  const other = targets(b);
  let n = 0;
  for (const key of targets(a)) if (other.has(key)) n++;
  return n;
}

/** What two things can have in common: targets and alarms; a load balancer that several deployments share, and its alarms, say nothing of what they share. */
function targets({ affected, alarms = [] }: Pick<Incident, "affected" | "alarms">): Set<string> {
  return new Set([
    ...affected
      .filter(({ target }) => !(target.kind === "load-balancer" && target.deployment === null))
      .map(({ target }) => `${target.kind}:${target.id}`),
    ...alarms.filter(({ deployments }) => deployments.length === 1).map(({ arn }) => arn),
  ]);
}

function byAge(a: Incident, b: Incident): number {
  return a.openedAt - b.openedAt || a.id.length - b.id.length || compare(a.id, b.id);
}
