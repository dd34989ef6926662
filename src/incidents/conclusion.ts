import type {
  Affected,
  Cause,
  Deployment,
  Diagnosis,
  Reason,
  Scope,
  SeriesKey,
  Severity,
  SignIn,
} from "../domain/index.ts";
import { REASON_TEXTS, SEVERITIES } from "../domain/index.ts";
import type { SeriesView } from "./picture.ts";
import { compare, keyOf } from "./sight.ts";

/** What one rule concludes: a diagnosis that still holds its series. */
export interface Conclusion {
  readonly scope: Scope;
  readonly deployment: string | null;
  readonly cause: Cause;
  readonly severity: Severity;
  readonly signIn: SignIn;
  readonly evidence: readonly string[];
  readonly affected: readonly SeriesView[];
}

/** Series that a conclusion has already explained: later rules leave them alone. */
export type Explained = ReadonlySet<SeriesKey>;

/** Sentences that a diagnosis keeps at most. */
const MAX_EVIDENCE = 12;

/** The conclusion as data, in a fixed order. */
export function toDiagnosis(conclusion: Conclusion): Diagnosis {
  return {
    scope: conclusion.scope,
    deployment: conclusion.deployment,
    cause: conclusion.cause,
    severity: conclusion.severity,
    signIn: conclusion.signIn,
    evidence: [...new Set(conclusion.evidence)].slice(0, MAX_EVIDENCE),
    affected: affectedOf(conclusion.affected),
  };
}

/** Affected targets, one a series, sorted by key. */
function affectedOf(views: readonly SeriesView[]): Affected[] {
  const byKey = new Map(views.map((view) => [keyOf(view), view]));
  return [...byKey]
    .sort(([a], [b]) => compare(a, b))
    .map(([, { target, health, reason, since, check }]) => ({ target, health, reason, since, check }));
}

/** The higher of severities; `minor` when there is none. */
export function highest(severities: Iterable<Severity>): Severity {
  let found: Severity = "minor";
  for (const one of severities) if (rank(one) > rank(found)) found = one;
  return found;
}

/** 0 for minor, 2 for critical. */
export function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** What a problem weighs in this deployment: in development one step less. */
export function weigh(severity: Severity, deployment: Deployment): Severity {
  return deployment.kind === "development" ? (SEVERITIES[Math.max(0, rank(severity) - 1)] ?? "minor") : severity;
}

/** One answer for several deployments: the same when all agree, `unknown` when something is not known, else `partly`. */
export function joinSignIn(answers: readonly SignIn[]): SignIn {
  const [first] = answers;
  if (first === undefined) return "unknown";
  if (answers.every((answer) => answer === first)) return first;
  if (answers.some((answer) => answer === "no" || answer === "partly")) return "partly";
  return "unknown";
}

/** "acme/acme-1 refuses connections" */
export function says(name: string, reason: Reason): string {
  return `${name} ${REASON_TEXTS[reason]}`;
}

/** `1 core`, `3 cores` */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** Cores by what their hello says, the most frequent reason first. */
export function byReason(
  cores: readonly { readonly id: string; readonly hello: SeriesView | undefined }[],
): { reason: Reason; ids: string[] }[] {
  const groups = new Map<Reason, string[]>();
  for (const core of cores) {
    const reason = core.hello?.reason ?? "not-seen-yet";
    const ids = groups.get(reason);
    if (ids === undefined) groups.set(reason, [core.id]);
    else ids.push(core.id);
  }
  return [...groups]
    .map(([reason, ids]) => ({ reason, ids }))
    .sort((a, b) => b.ids.length - a.ids.length || compare(a.reason, b.reason));
}
