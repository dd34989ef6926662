import type { Diagnosis, Incident, NoticeRecord, Observation } from "../domain/index.ts";

/** Epoch milliseconds as ISO 8601 UTC; `null` stays. */
export function iso(at: number): string;
export function iso(at: number | null): string | null;
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** Milliseconds with at most two decimals: more is noise. */
export function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** An observation as the contract writes it. */
export function observationJson(o: Observation): Record<string, unknown> {
  return {
    target: { kind: o.target.kind, id: o.target.id, deployment: o.target.deployment },
    check: o.check,
    health: o.health,
    reason: o.reason,
    detail: o.detail,
    at: iso(o.at),
    durationMs: rounded(o.durationMs),
    measures: Object.fromEntries(Object.entries(o.measures).map(([name, value]) => [name, rounded(value)])),
  };
}

/** A diagnosis as the contract writes it. */
export function diagnosisJson(d: Diagnosis): Record<string, unknown> {
  return {
    scope: d.scope,
    deployment: d.deployment,
    cause: d.cause,
    severity: d.severity,
    signIn: d.signIn,
    evidence: d.evidence,
    affected: d.affected.map((one) => ({
      target: one.target.id,
      kind: one.target.kind,
      health: one.health,
      reason: one.reason,
    })),
  };
}

/** An incident as the contract writes it. */
export function incidentJson(incident: Incident, notices: readonly NoticeRecord[]): Record<string, unknown> {
  return {
    id: incident.id,
    state: incident.state,
    cause: incident.cause,
    severity: incident.severity,
    scope: incident.scope,
    deployment: incident.deployment,
    signIn: incident.signIn,
    openedAt: iso(incident.openedAt),
    acknowledgedAt: iso(incident.acknowledgedAt),
    acknowledgedBy: incident.acknowledgedBy,
    resolvedAt: iso(incident.resolvedAt),
    silencedBy: incident.silencedBy,
    mergedInto: incident.mergedInto,
    evidence: incident.evidence,
    affected: incident.affected.map((one) => ({
      target: one.target.id,
      kind: one.target.kind,
      health: one.health,
      reason: one.reason,
      since: iso(one.since),
    })),
    notices: notices.map((one) => ({
      kind: one.kind,
      because: one.because,
      channel: one.channel,
      state: one.state,
      attempts: one.attempts,
      at: iso(one.at),
      sentAt: iso(one.sentAt),
      error: one.error,
    })),
  };
}
