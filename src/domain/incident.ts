import type { FiringAlarm } from "./alarms.ts";
import type { CheckKind, Health, Reason } from "./health.ts";
import type { Target } from "./observation.ts";

/**
 * Glossary. A *diagnosis* is what corewatch concludes right now from all evidence: a named cause, its scope, and whom
 * it affects. An *incident* is the story that people follow: it opens when a diagnosis is settled, lives through changes
 * of diagnosis, and ends when nothing of it is left. A *notice* is one thing to be told in one channel about it.
 */

/** How bad it is for users. `critical`: they cannot sign in, or are about to be unable; `major`: something is down and redundancy covers it; `minor`: someone should look in working hours. */
export const SEVERITIES = ["minor", "major", "critical"] as const;
/** One of {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** Named causes, closed; published as `$defs.Cause`. Texts stand in `causes.ts`. */
export const CAUSES = [
  "core-down",
  "several-cores-down",
  "one-core-left",
  "all-cores-down",
  "host-down",
  "zone-down",
  "many-deployments-down",
  "database-down",
  "database-unreachable-from-cores",
  "database-degraded",
  "load-balancer-down",
  "load-balancer-degraded",
  "target-unhealthy",
  "target-not-registered",
  "wrong-identity",
  "key-set-split",
  "core-degraded",
  "certificate-bad",
  "dns-broken",
  "sign-in-broken",
  "endpoint-down",
  "endpoint-degraded",
  "heartbeat-missing",
  "prober-path",
  "prober-degraded",
  "configuration-rejected",
  "notices-undelivered",
  "alarm-firing",
  "alarm-drift",
  "alarm-path-broken",
  "core-not-ready",
] as const;
/** One of {@link CAUSES}. */
export type Cause = (typeof CAUSES)[number];

/** What an incident is about; at most one incident is open for one scope. */
export interface Scope {
  readonly kind:
    | "deployment"
    | "database"
    | "host"
    | "zone"
    | "fleet"
    | "endpoint"
    | "heartbeat"
    | "prober"
    | "configuration"
    | "notices"
    | "alarms"
    | "alarm-path";
  /** Id of the deployment, database …; the fleet's name for `fleet`, `prober`, `configuration`, `notices`, `alarms` and `alarm-path`. */
  readonly id: string;
}

/** `deployment:acme` */
export function scopeKey(scope: Scope): string {
  return `${scope.kind}:${scope.id}`;
}

/** Whether users can still sign in, as far as the evidence says. */
export type SignIn = "yes" | "partly" | "no" | "unknown";

/** A target that an incident is about. */
export interface Affected {
  readonly target: Target;
  readonly health: Health;
  readonly reason: Reason;
  /** Epoch ms since when it is settled so. */
  readonly since: number;
  /** The check that says so; a target that fails two checks stands in the list twice. */
  readonly check?: CheckKind;
}

/** What corewatch concludes now. Pure data; computed by `src/incidents/diagnose.ts`. */
export interface Diagnosis {
  readonly scope: Scope;
  /** The deployment it is about, `null` when several or none. */
  readonly deployment: string | null;
  readonly cause: Cause;
  readonly severity: Severity;
  readonly signIn: SignIn;
  /** Sentences for people, most telling first; redacted, bounded to 12. */
  readonly evidence: readonly string[];
  readonly affected: readonly Affected[];
  /** CloudWatch alarms that speak of the same; absent when there are none. */
  readonly alarms?: readonly FiringAlarm[];
}

/** Life of an incident. `acknowledged` is open with somebody on it. */
export type IncidentState = "open" | "acknowledged" | "resolved";

/** One incident, as stored. */
export interface Incident {
  /** `INC-12`: numbered per store. */
  readonly id: string;
  readonly scope: Scope;
  readonly state: IncidentState;
  readonly deployment: string | null;
  readonly cause: Cause;
  readonly severity: Severity;
  /** The highest severity that it ever had. */
  readonly peak: Severity;
  readonly signIn: SignIn;
  readonly evidence: readonly string[];
  readonly affected: readonly Affected[];
  /** Epoch ms. */
  readonly openedAt: number;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: number | null;
  readonly reopened: number;
  /** Id of the silence or window that keeps it quiet now, or `null`. */
  readonly silencedBy: string | null;
  /** `false` until it has been told to anybody: silenced from birth. */
  readonly told: boolean;
  readonly remindedAt: number | null;
  /** How many escalation steps were taken. */
  readonly escalated: number;
  /** Id of the incident that took this one over, or `null`. */
  readonly mergedInto: string | null;
  /** Counts writes. */
  readonly version: number;
  /** CloudWatch alarms that are part of it now. */
  readonly alarms?: readonly FiringAlarm[];
  /** Since when only the aftermath is left: cores answer again, and the load balancer takes them back. Epoch ms; absent or `null` otherwise. */
  readonly healingSince?: number | null;
  /** How bad it was at its worst, for its end to tell; absent on incidents of an earlier version. */
  readonly worst?: Worst;
  /** What telling people about it has to remember; absent until something was told. Stored with the incident. */
  readonly telling?: Telling;
}

/** What an incident was at its worst: what it is at the end says little of that. */
export interface Worst {
  /** `no` counts as worse than `partly`, that than `unknown`, that than `yes`. */
  readonly signIn: SignIn;
  /** Everything that it ever affected, each series once, in the order of coming; at most 200. */
  readonly affected: readonly Affected[];
  /** How many targets it affected at one time, at most. */
  readonly targets: number;
  /** Why, as it was said when it was widest. */
  readonly evidence: readonly string[];
}

/** Memory of what was told where. */
export interface Telling {
  /** Channels that have its card; they all hear the resolution, even when the configuration changed meanwhile. */
  readonly channels: readonly string[];
  /** When its card last changed, epoch ms: changes of wording alone wait. */
  readonly changedAt: number;
  /** Since when it waits for somebody to acknowledge it, epoch ms: opening, reopening, or the end of a silence. */
  readonly waitingSince: number;
}

/** What can happen to an incident. */
export type IncidentEventKind =
  | "opened"
  | "reopened"
  | "cause-changed"
  | "affected-changed"
  | "severity-raised"
  | "severity-lowered"
  | "acknowledged"
  | "silenced"
  | "unsilenced"
  | "reminded"
  | "escalated"
  | "merged"
  | "resolved";

/** One line of an incident's timeline. */
export interface IncidentEvent {
  readonly incident: string;
  readonly at: number;
  readonly kind: IncidentEventKind;
  /** One sentence for people. */
  readonly text: string;
}

/**
 * One thing to be told about one incident in one channel. `card`: bring the incident's one message in the channel up to
 * date (post it when there is none); `reply`: add a line to its thread.
 */
export interface NoticeDraft {
  readonly incident: string;
  readonly channel: string;
  readonly kind: "card" | "reply";
  /** Why it goes out; also a metric label. */
  readonly because: IncidentEventKind;
  /** Replies only: the line. */
  readonly text: string;
  /** Replies only: also show it in the channel (edits do not notify anybody). */
  readonly broadcast: boolean;
  /** Mention to put in front, or `null`. */
  readonly mention: string | null;
  /** Epoch ms of the event that caused it. */
  readonly at: number;
}

/** A notice as the outbox holds it. */
export interface Notice extends NoticeDraft {
  readonly id: number;
  readonly attempts: number;
  /** A send was begun and no receipt was kept: look for the message before sending again. */
  readonly begun: boolean;
  /** Epoch ms of the first attempt's failure, for the fallback route; `null` when none failed. */
  readonly failingSince: number | null;
}
