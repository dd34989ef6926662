import type {
  Affected,
  Diagnosis,
  FiringAlarm,
  Fleet,
  Incident,
  Scope,
  SignIn,
  Target,
  TargetKind,
} from "../domain/index.ts";
import { CAUSE_TEXTS, formatDuration, listSome, nameTarget, seriesKey } from "../domain/index.ts";
import { highest, rank } from "./conclusion.ts";
import { Draft } from "./draft.ts";
import { everAffected, joinWorst, keepWhy, keepWorst, worstOf } from "./worst.ts";

/** Changes of who is affected gather for this long before the card and the thread follow: a wave of failures is one line. */
const AFFECTED_MS = 15_000;
/** Changes of wording alone (evidence, reasons, sign-in) wait this long. */
const WORDING_MS = 60_000;

/** What its end says about users; nothing where that was not in question. */
const SIGN_IN_AT_WORST: Readonly<Record<SignIn, string>> = {
  yes: "",
  unknown: "",
  partly: " At worst, some users could not sign in.",
  no: " At worst, users could not sign in.",
};

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
    worst: worstOf(diagnosis),
    telling: { channels: [], changedAt: now, waitingSince: now },
    ...(diagnosis.alarms === undefined ? {} : { alarms: diagnosis.alarms }),
  };
  const draft = new Draft(incident, now, true);
  draft.log("opened", `${titleOf(diagnosis)} (${nameOf(diagnosis.scope)}, ${diagnosis.severity}).`);
  const alarms = alarmChange({}, diagnosis);
  if (alarms !== undefined) draft.log("affected-changed", alarms);
  return draft;
}

/** Brings an open incident up to the diagnosis. */
export function followDiagnosis(draft: Draft, diagnosis: Diagnosis, now: number): void {
  const before = draft.incident;
  keepWorst(draft, diagnosis);
  const moved =
    before.cause !== diagnosis.cause ||
    before.scope.kind !== diagnosis.scope.kind ||
    before.scope.id !== diagnosis.scope.id;
  const step = rank(diagnosis.severity) - rank(before.severity);
  const alarms = alarmChange(before, diagnosis);
  if (!moved && step === 0) {
    const waited = now - draft.changedAt;
    const crowd = crowdChange(before.affected, diagnosis.affected);
    // Alarms come one in minutes: they wait for nobody.
    if (alarms !== undefined || (crowd !== undefined && waited >= AFFECTED_MS)) {
      take(draft, diagnosis);
      draft.log("affected-changed", [alarms, crowd].filter((one) => one !== undefined).join(" "));
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
  if (alarms !== undefined) draft.log("affected-changed", alarms);
}

/** Keeps whether only the aftermath of an outage is left. */
export function heal(draft: Draft, diagnosis: Diagnosis, healing: boolean, now: number): void {
  const before = draft.incident.healingSince ?? null;
  if (healing === (before !== null)) return;
  const alarms = healing ? alarmChange(draft.incident, diagnosis) : undefined;
  const bare = diagnosis.affected.length === 0;
  draft.set({ healingSince: healing ? now : null });
  // The evidence is another one from here on: it does not wait with other changes of wording.
  if (healing) take(draft, diagnosis);
  const left = bare
    ? "Recovering: probes see it well again, and its CloudWatch alarms have yet to return to OK."
    : "Recovering: the cores answer again, and the load balancer has yet to take all of them back.";
  draft.log(
    "affected-changed",
    [healing ? left : "No longer recovering.", alarms].filter((one) => one !== undefined).join(" "),
  );
}

/** A resolved incident that came back. */
export function reopenIncident(draft: Draft, diagnosis: Diagnosis, now: number): void {
  const gap = now - (draft.incident.resolvedAt ?? now);
  const cause = draft.incident.cause;
  keepWorst(draft, diagnosis);
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
  const { openedAt, reopened, worst } = draft.incident;
  const names = targetNames(everAffected(draft.incident));
  draft.set({ state: "resolved", resolvedAt: now, silencedBy: null, healingSince: null });
  const lasted = formatDuration(now - openedAt);
  const again = reopened === 0 ? "" : ` (reopened ${reopened === 1 ? "once" : `${reopened} times`})`;
  const who = names.length === 0 ? "" : ` Affected: ${listSome(names, 5, worst?.targets)}.`;
  const users = SIGN_IN_AT_WORST[worst?.signIn ?? "unknown"];
  const text = isWatched(fleet, draft.incident) ? "Over" : "Closed: it is no longer in the configuration. Over";
  draft.log("resolved", `${text} after ${lasted}${again}.${users}${who}`);
}

/** It goes on as another incident, which tells its end. */
export function mergeIncident(draft: Draft, into: Draft, now: number): void {
  draft.set({ state: "resolved", resolvedAt: now, mergedInto: into.incident.id });
  draft.log(
    "merged",
    `Goes on as ${into.incident.id}: ${CAUSE_TEXTS[into.incident.cause].title} (${nameOf(into.incident.scope)}).`,
  );
  draft.set({ silencedBy: null });
  into.set({ worst: joinWorst(into.incident, draft.incident) });
}

/** The survivor's side of {@link mergeIncident}. */
export function takeIn(draft: Draft, ids: readonly string[]): void {
  draft.log("merged", `Takes in ${listSome(ids, 5)}.`);
}

/** `database main`, `host i-0a1b`; corewatch itself for what it says of itself. */
function nameOf(scope: Scope): string {
  if (scope.kind === "prober" || scope.kind === "notices") return "corewatch";
  return scope.kind === "alarms" || scope.kind === "alarm-path" ? "CloudWatch alarms" : `${scope.kind} ${scope.id}`;
}

function titleOf({ cause }: Pick<Diagnosis, "cause">): string {
  return CAUSE_TEXTS[cause].title;
}

function contentOf(diagnosis: Diagnosis): Omit<Diagnosis, "alarms"> {
  const { scope, deployment, cause, severity, signIn, evidence, affected } = diagnosis;
  return { scope, deployment, cause, severity, signIn, evidence, affected };
}

function take(draft: Draft, diagnosis: Diagnosis): void {
  const { alarms = draft.incident.alarms === undefined ? undefined : [] } = diagnosis;
  const peak = highest([draft.incident.peak, diagnosis.severity]);
  keepWhy(draft, diagnosis);
  draft.set({ ...contentOf(diagnosis), ...(alarms === undefined ? {} : { alarms }), peak });
}

/** One sentence on CloudWatch alarms that came and left; `undefined` when they are the same. */
function alarmChange(before: Pick<Incident, "alarms">, { alarms: after = [] }: Diagnosis): string | undefined {
  const old = before.alarms ?? [];
  const came = after.filter((one) => !old.some(({ arn }) => arn === one.arn));
  const left = old.filter((one) => !after.some(({ arn }) => arn === one.arn));
  const names = (list: readonly FiringAlarm[]): string =>
    listSome(
      list.map((one) => `"${one.name}"`),
      3,
    );
  const [only] = came;
  const sentences = [
    ...(only === undefined ? [] : [came.length === 1 ? only.evidence : `CloudWatch alarms in ALARM: ${names(came)}.`]),
    ...(left.length === 0 ? [] : [`No longer in ALARM: ${names(left)}.`]),
  ];
  return sentences.length === 0 ? undefined : sentences.join(" ");
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
  return `${nameTarget(one.target)} (${one.health})`;
}

function targetNames(affected: readonly Affected[]): string[] {
  return [...new Set(affected.map((one) => nameTarget(one.target)))];
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
