import type {
  DecisionOutput,
  Incident,
  IncidentEvent,
  MissedSlot,
  NoticeDraft,
  Observation,
  Outbox,
  OutboxClaim,
  SeriesState,
} from "../../src/domain/index.ts";

/** 2026-11-21T08:00:00Z: the start of an hour. */
export const START = Date.parse("2026-11-21T08:00:00Z");

/** An observation of core `acme/acme-1` by hello, up after 12 ms, unless told otherwise. */
export function observation(given: Partial<Observation> & { core?: string } = {}): Observation {
  const { core = "acme-1", ...rest } = given;
  const slot = rest.slot ?? START;
  return {
    target: { kind: "core", id: `acme/${core}`, deployment: "acme" },
    check: "hello",
    slot,
    at: slot + 3,
    durationMs: 12,
    latenessMs: 1.5,
    health: "up",
    reason: "ok",
    detail: "",
    measures: {},
    ...rest,
  };
}

/** Key of the series that {@link observation} belongs to. */
export const SERIES = "core:acme/acme-1:hello";

/** A slot of {@link SERIES} that was missed. */
export function missed(slot: number): MissedSlot {
  return { series: SERIES, slot, why: "overrun" };
}

/** A state of `key` that was never stored. */
export function state(given: Partial<SeriesState> = {}): SeriesState {
  return {
    key: SERIES,
    health: "down",
    reason: "connection-refused",
    since: START,
    recent: [true, false, true],
    goods: 0,
    slot: START,
    version: 0,
    ...given,
  };
}

/** An open incident of deployment acme. */
export function incident(given: Partial<Incident> = {}): Incident {
  return {
    id: "INC-1",
    scope: { kind: "deployment", id: "acme" },
    state: "open",
    deployment: "acme",
    cause: "core-down",
    severity: "major",
    peak: "major",
    signIn: "yes",
    evidence: ["acme-1 refuses connections"],
    affected: [
      {
        target: { kind: "core", id: "acme/acme-1", deployment: "acme" },
        health: "down",
        reason: "connection-refused",
        since: START,
      },
    ],
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
    version: 0,
    ...given,
  };
}

/** A line of INC-1's timeline. */
export function event(given: Partial<IncidentEvent> = {}): IncidentEvent {
  return { incident: "INC-1", at: START, kind: "opened", text: "Core acme-1 is down", ...given };
}

/** A card for INC-1 in #ops. */
export function notice(given: Partial<NoticeDraft> = {}): NoticeDraft {
  return {
    incident: "INC-1",
    channel: "#ops",
    kind: "card",
    because: "opened",
    text: "",
    broadcast: false,
    mention: null,
    at: START,
    ...given,
  };
}

/** What a decision writes: nothing but what is given. */
export function output(given: Partial<DecisionOutput> = {}): DecisionOutput {
  return { states: [], incidents: [], events: [], notices: [], ...given };
}

/** The claim, which must be free. */
export async function claimed(outbox: Outbox): Promise<OutboxClaim> {
  const claim = await outbox.claim();
  if (claim === undefined) throw new Error("the claim is not free");
  return claim;
}
