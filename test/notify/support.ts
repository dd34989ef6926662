import type { Affected, Incident, IncidentEvent, Log, NoticeDraft } from "../../src/domain/index.ts";

/** 2026-11-21 08:00:00 UTC */
export const START = Date.parse("2026-11-21T08:00:00Z");

/** A log that keeps every line. */
export function recordingLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (message: string, fields?: Record<string, unknown>): void =>
      void lines.push(JSON.stringify({ level, message, ...fields }));
  const log: Log & { lines: string[] } = {
    lines,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
  };
  return log;
}

/** One core of acme-production. */
export function core(name: string, since = START): Affected {
  return {
    target: { kind: "core", id: `acme-production/${name}`, deployment: "acme-production" },
    health: "down",
    reason: "connection-refused",
    since,
  };
}

/** An open incident: one core of acme-production is down. */
export function incident(over: Partial<Incident> = {}): Incident {
  return {
    id: "INC-12",
    scope: { kind: "deployment", id: "acme-production" },
    state: "open",
    deployment: "acme-production",
    cause: "core-down",
    severity: "major",
    peak: "major",
    signIn: "yes",
    evidence: [
      "acme-production/acme-2 refuses connections at 10.0.2.12:3567",
      "the load balancer says the target is unhealthy (Target.FailedHealthChecks)",
      "acme-production/acme-1 answers directly and through the load balancer",
    ],
    affected: [core("acme-2")],
    openedAt: START,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    reopened: 0,
    silencedBy: null,
    told: true,
    remindedAt: null,
    escalated: 0,
    mergedInto: null,
    version: 1,
    ...over,
  };
}

/** A card of `of` for #ops. */
export function cardDraft(of: Incident, over: Partial<NoticeDraft> = {}): NoticeDraft {
  return {
    incident: of.id,
    channel: "#ops",
    kind: "card",
    because: "opened",
    text: "",
    broadcast: false,
    mention: null,
    at: START,
    ...over,
  };
}

/** A reply in the thread of `of`. */
export function replyDraft(of: Incident, over: Partial<NoticeDraft> = {}): NoticeDraft {
  return cardDraft(of, {
    kind: "reply",
    because: "resolved",
    text: "Resolved after 12 min.",
    broadcast: true,
    ...over,
  });
}

/** A line of a timeline. */
export function event(of: Incident, kind: IncidentEvent["kind"], text: string, at = START): IncidentEvent {
  return { incident: of.id, at, kind, text };
}

/** Resolves once `holds`, looking whenever the event loop is free; fails after `timeoutMs`. */
export async function until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`what was waited for did not happen within ${timeoutMs} ms`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
