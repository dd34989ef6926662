import type { DecisionOutput, Fleet, Incident } from "../domain/index.ts";
import { Draft } from "./draft.ts";

/** Longest name that is kept of whoever acknowledged. */
const MAX_NAME = 200;

/** Who acknowledges what, and when (epoch ms); the fleet says where it is told. */
export interface Acknowledgement {
  readonly fleet: Fleet;
  readonly incident: Incident;
  /** A name for people. */
  readonly by: string;
  readonly now: number;
}

/**
 * Somebody is on it: reminders and escalation end. An incident that is acknowledged already or over stays as it is, and
 * nothing is written.
 */
export function acknowledge({ fleet, incident, by, now }: Acknowledgement): DecisionOutput {
  const draft = new Draft(incident, now);
  if (incident.state === "open") {
    const name = by.trim().slice(0, MAX_NAME) || "somebody";
    draft.set({ state: "acknowledged", acknowledgedAt: now, acknowledgedBy: name });
    draft.log("acknowledged", `Acknowledged by ${name}.`);
  }
  const written = draft.finish(fleet);
  if (written === undefined) return { states: [], incidents: [], events: [], notices: [] };
  return { states: [], incidents: [written.incident], events: written.events, notices: written.notices };
}
