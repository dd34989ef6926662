import type { Affected, Diagnosis, Fleet, Incident, Scope, Target, TargetKind } from "../domain/index.ts";
import { CAUSE_TEXTS, formatDuration, listSome, seriesKey } from "../domain/index.ts";
import { highest, rank } from "./conclusion.ts";
import { Draft } from "./draft.ts";

/** Changes of who is affected gather for this long before the card and the thread follow: a wave of failures is one line. */
const AFFECTED_MS = 15_000;
/** Changes of wording alone (evidence, reasons, sign-in) wait this long. */
const WORDING_MS = 60_000;

/** A new incident. */
export function openIncident(id: string, diagnosis: Diagnosis, now: number): Draft {
  const incident: Incident = {
    ...contentOf(diagnosis),
    id,
    state: "open",
    peak: diagnosis.severity,
    openedAt: now,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    reopened: 0,
    silencedBy: null,
    told: false,
    remindedAt: null,
    escalated: 0,
    mergedInto: null,
    version: 0,
    telling: { channels: [], changedAt: now, waitingSince: now },
  };
  const draft = new Draft(incident, now, true);
  draft.log("opened", `${titleOf(diagnosis)} (${nameOf(diagnosis.scope)}, ${diagnosis.severity}).`);
  return draft;
}

/** Brings an open incident up to the diagnosis. */
export function followDiagnosis(draft: Draft, diagnosis: Diagnosis, now: number): void {
  const before = draft.incident;
  const moved =
    before.cause !== diagnosis.cause ||
    before.scope.kind !== diagnosis.scope.kind ||
    before.scope.id !== diagnosis.scope.id;
  const step = rank(diagnosis.severity) - rank(before.severity);
  if (!moved && step === 0) {
    const waited = now - draft.changedAt;
    const crowd = crowdChange(before.affected, diagnosis.affected);
    if (crowd !== undefined && waited >= AFFECTED_MS) {
      take(draft, diagnosis);
      draft.log("affected-changed", crowd);
    } else if (waited >= WORDING_MS && differsInWords(before, diagnosis)) {
      take(draft, diagnosis);
      draft.show();
    }
    return;
  }
  take(draft, diagnosis);
  if (moved)
    draft.log(
      "cause-changed",
      `Now: ${titleOf(diagnosis)} (${nameOf(diagnosis.scope)}); before: ${CAUSE_TEXTS[before.cause].title}.`,
    );
  if (step > 0) {
    draft.log(
      "severity-raised",
      `Severity raised from ${before.severity} to ${diagnosis.severity}. Users can sign in: ${diagnosis.signIn}.`,
    );
    // Whoever took on the smaller matter has not taken on this one.
    if (moved && before.state === "acknowledged") {
      draft.set({ state: "open", acknowledgedAt: null, acknowledgedBy: null });
      draft.remember({ waitingSince: now });
    }
  }
  if (step < 0) {
    // People were called for something that is over, while something else goes on: that ends like a resolution.
    const relief = moved && diagnosis.severity === "minor";
    draft.log("severity-lowered", `Severity lowered from ${before.severity} to ${diagnosis.severity}.`, relief);
  }
}

/** Keeps whether only the aftermath of an outage is left. */
export function heal(draft: Draft, diagnosis: Diagnosis, healing: boolean, now: number): void {
  const before = draft.incident.healingSince ?? null;
  if (healing === (before !== null)) return;
  // The evidence is another one from here on: it does not wait with other changes of wording.
  if (healing) take(draft, diagnosis);
  draft.set({ healingSince: healing ? now : null });
  draft.log(
    "affected-changed",
    healing
      ? "Recovering: the cores answer again, and the load balancer has yet to take all of them back."
      : "No longer recovering.",
  );
}

/** A resolved incident that came back. */
export function reopenIncident(draft: Draft, diagnosis: Diagnosis, now: number): void {
  const gap = now - (draft.incident.resolvedAt ?? now);
  const cause = draft.incident.cause;
  take(draft, diagnosis);
  draft.set({
    state: "open",
    resolvedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    remindedAt: null,
    reopened: draft.incident.reopened + 1,
  });
  draft.remember({ waitingSince: now });
  const was = cause === diagnosis.cause ? "" : `; before: ${CAUSE_TEXTS[cause].title}`;
  draft.log(
    "reopened",
    `Back after ${formatDuration(gap)}: ${titleOf(diagnosis)} (${nameOf(diagnosis.scope)}, ${diagnosis.severity})${was}.`,
  );
}

/** Nothing of it is left. */
export function resolveIncident(draft: Draft, fleet: Fleet, now: number): void {
  const { openedAt, affected, reopened } = draft.incident;
  draft.set({ state: "resolved", resolvedAt: now, silencedBy: null, healingSince: null });
  const lasted = formatDuration(now - openedAt);
  const again = reopened === 0 ? "" : ` (reopened ${reopened === 1 ? "once" : `${reopened} times`})`;
  const who = affected.length === 0 ? "" : ` Affected: ${listSome(targetNames(affected), 5)}.`;
  const text = isWatched(fleet, draft.incident) ? "Over" : "Closed: it is no longer in the configuration. Over";
  draft.log("resolved", `${text} after ${lasted}${again}.${who}`);
}

/** It goes on as another incident, which tells its end. */
export function mergeIncident(draft: Draft, into: Draft, now: number): void {
  draft.set({ state: "resolved", resolvedAt: now, mergedInto: into.incident.id });
  draft.log(
    "merged",
    `Goes on as ${into.incident.id}: ${CAUSE_TEXTS[into.incident.cause].title} (${nameOf(into.incident.scope)}).`,
  );
  draft.set({ silencedBy: null });
}

/** The survivor's side of {@link mergeIncident}. */
export function takeIn(draft: Draft, ids: readonly string[]): void {
  draft.log("merged", `Takes in ${listSome(ids, 5)}.`);
}

/** `database main`, `host i-0a1b`; corewatch itself for what it says of itself. */
function nameOf(scope: Scope): string {
  return scope.kind === "prober" || scope.kind === "notices" ? "corewatch" : `${scope.kind} ${scope.id}`;
}

function titleOf({ cause }: Pick<Diagnosis, "cause">): string {
  return CAUSE_TEXTS[cause].title;
}

function contentOf(diagnosis: Diagnosis): Pick<Incident, keyof Diagnosis> {
  const { scope, deployment, cause, severity, signIn, evidence, affected } = diagnosis;
  return { scope, deployment, cause, severity, signIn, evidence, affected };
}

function take(draft: Draft, diagnosis: Diagnosis): void {
  draft.set({ ...contentOf(diagnosis), peak: highest([draft.incident.peak, diagnosis.severity]) });
}

/** One sentence on who came and who left; `undefined` when the same series are in the same health. */
function crowdChange(before: readonly Affected[], after: readonly Affected[]): string | undefined {
  const old = new Set(before.map(stamp));
  const current = new Set(after.map(keyOf));
  const came = after.filter((one) => !old.has(stamp(one)));
  const left = before.filter((one) => !current.has(keyOf(one)));
  const sentences = [
    ...(came.length === 0 ? [] : [`Now affected: ${listSome(came.map(told), 5)}.`]),
    ...(left.length === 0 ? [] : [`Recovered: ${listSome(targetNames(left), 5)}.`]),
  ];
  return sentences.length === 0 ? undefined : sentences.join(" ");
}

function differsInWords(incident: Incident, diagnosis: Diagnosis): boolean {
  return (
    incident.signIn !== diagnosis.signIn ||
    incident.deployment !== diagnosis.deployment ||
    incident.evidence.join("\n") !== diagnosis.evidence.join("\n") ||
    incident.affected.map(wording).sort().join("\n") !== diagnosis.affected.map(wording).sort().join("\n")
  );
}

function wording(one: Affected): string {
  return `${stamp(one)} ${one.reason} ${one.since}`;
}

function stamp(one: Affected): string {
  return `${keyOf(one)} ${one.health}`;
}

function keyOf({ target, check }: Affected): string {
  return check === undefined ? `${target.kind}:${target.id}` : seriesKey(target, check);
}

function told(one: Affected): string {
  return `${one.target.id} (${one.health})`;
}

function targetNames(affected: readonly Affected[]): string[] {
  return [...new Set(affected.map((one) => one.target.id))];
}

/** `false` when all that it was about has left the fleet. */
function isWatched(fleet: Fleet, { affected }: Incident): boolean {
  if (affected.length === 0) return true;
  const { deployments } = fleet;
  const has: Record<TargetKind, (target: Target) => boolean> = {
    core: ({ id }) => deployments.some((one) => one.cores.some((core) => `${one.id}/${core.id}` === id)),
    deployment: ({ id }) => deployments.some((one) => one.id === id),
    "load-balancer": ({ deployment }) => deployment === null || deployments.some((one) => one.id === deployment),
    database: ({ id }) => fleet.databases.some((one) => one.id === id),
    endpoint: ({ id }) => fleet.endpoints.some((one) => one.id === id),
    heartbeat: ({ id }) => fleet.heartbeats.some((one) => one.id === id),
  };
  return affected.some(({ target }) => has[target.kind](target));
}
