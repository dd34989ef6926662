import type { Affected, Cause, Match } from "../domain/index.ts";
import type { ReconcileInput } from "./reconcile.ts";

/** A silence or maintenance window in force. */
export interface Quiet {
  readonly id: string;
  readonly match: Match;
  /** Why, for the timeline. */
  readonly reason: string;
}

/** What a silence can be about. */
export interface Silenceable {
  readonly cause: Cause;
  readonly deployment: string | null;
  readonly affected: readonly Affected[];
}

/** Everything that keeps things quiet at `now`: silences of fleet.yaml, of people, and open maintenance windows. */
export function quietNow({ fleet, now, silences, windows }: ReconcileInput): Quiet[] {
  return [
    ...[...fleet.silences, ...silences].filter((one) => one.from <= now && now < one.until),
    ...windows.map(({ window }) => window),
  ].map(({ id, match, reason }) => ({ id, match, reason }));
}

/**
 * The silence that covers an incident, or `undefined`. It is covered when everything affected is matched by some silence
 * in force, be it one or several together: a maintenance of one deployment never hides another's outage. A silence
 * matches an affected target when every field that it gives does: `deployment` (the target's; the incident's for what
 * belongs to none), `check`, `target` (the id), and `cause` (the incident's). `*` at the end of a field matches any
 * rest. Without any affected target only `deployment` and `cause` can match. The first covering silence is returned.
 */
export function silencing(incident: Silenceable, quiet: readonly Quiet[]): Quiet | undefined {
  if (incident.affected.length === 0)
    return quiet.find(
      ({ match }) =>
        match.target === undefined &&
        match.check === undefined &&
        fits(match.deployment, incident.deployment) &&
        fits(match.cause, incident.cause),
    );
  let first: Quiet | undefined;
  for (const one of incident.affected) {
    const found = quiet.find(({ match }) => covers(match, one, incident));
    if (found === undefined) return undefined;
    first ??= found;
  }
  return first;
}

function covers(match: Match, { target, check }: Affected, incident: Silenceable): boolean {
  return (
    fits(match.deployment, target.deployment ?? incident.deployment) &&
    fits(match.check, check ?? null) &&
    fits(match.target, target.id) &&
    fits(match.cause, incident.cause)
  );
}

function fits(pattern: string | undefined, value: string | null): boolean {
  if (pattern === undefined) return true;
  if (value === null) return false;
  return pattern.endsWith("*") ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}
