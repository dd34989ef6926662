import type { EscalationStep, Fleet } from "../domain/index.ts";
import { CAUSE_TEXTS, formatDuration } from "../domain/index.ts";
import type { Draft } from "./draft.ts";
import { silencing, type Quiet } from "./silence.ts";

/** A clock that was set back by more than this makes stamps of the future: they are taken for now. */
const SET_BACK_MS = 1_000;

/** Silence, reminders and escalation of an open incident: all that time alone brings. */
export function upkeep(draft: Draft, fleet: Fleet, quiet: readonly Quiet[], now: number): void {
  mendStamps(draft, now);
  keepQuiet(draft, quiet, now);
  if (!isHeard(draft)) return;
  tellLate(draft, fleet);
  remind(draft, fleet, now);
  escalate(draft, fleet, now);
}

/** After the clock was set back, waiting times count from now instead of from the future. */
function mendStamps(draft: Draft, now: number): void {
  const late = (at: number): boolean => at - now > SET_BACK_MS;
  if (late(draft.waitingSince)) draft.remember({ waitingSince: now });
  if (late(draft.changedAt)) draft.remember({ changedAt: now });
  if (late(draft.incident.remindedAt ?? now)) draft.set({ remindedAt: now });
}

function keepQuiet(draft: Draft, quiet: readonly Quiet[], now: number): void {
  const by = silencing(draft.incident, quiet);
  const before = draft.incident.silencedBy;
  if ((by?.id ?? null) === before) return;
  draft.set({ silencedBy: by?.id ?? null });
  if (by === undefined) {
    draft.remember({ waitingSince: now });
    draft.log("unsilenced", `No longer silenced, and still open: ${CAUSE_TEXTS[draft.incident.cause].title}.`);
  } else if (before === null) {
    draft.log("silenced", `Silenced by ${by.id}${by.reason === "" ? "" : `: ${by.reason}`}.`);
  } else draft.show();
}

function isHeard({ incident }: Draft): boolean {
  return incident.silencedBy === null;
}

/** What was opened when there was nowhere to tell it is told as soon as there is. */
function tellLate(draft: Draft, fleet: Fleet): void {
  if (!draft.incident.told && (fleet.slack !== undefined || fleet.fallback !== undefined)) draft.show();
}

function remind(draft: Draft, { incidents }: Fleet, now: number): void {
  const { state, told, remindedAt, openedAt, cause } = draft.incident;
  if (state !== "open" || !told || incidents.remindEveryMs <= 0) return;
  if (now - Math.max(draft.waitingSince, remindedAt ?? 0) < incidents.remindEveryMs) return;
  draft.set({ remindedAt: now });
  draft.log(
    "reminded",
    `Still open after ${formatDuration(now - openedAt)}, and nobody acknowledged it: ${CAUSE_TEXTS[cause].title}.`,
  );
}

/** Each step once in the life of an incident, however often it is looked at. */
function escalate(draft: Draft, fleet: Fleet, now: number): void {
  if (draft.incident.state !== "open" || !draft.incident.told) return;
  const steps = [...fleet.incidents.escalate].sort((a, b) => a.afterMs - b.afterMs);
  for (const step of steps.slice(draft.incident.escalated)) {
    if (now - draft.waitingSince < step.afterMs) return;
    draft.set({ escalated: draft.incident.escalated + 1 });
    draft.call(step.channel, step.mention ?? null);
    draft.log("escalated", `Nobody acknowledged it for ${formatDuration(step.afterMs)}${toWhom(step)}.`);
  }
}

function toWhom({ channel, mention }: EscalationStep): string {
  const who = [mention, channel].filter((one) => one !== undefined);
  return who.length === 0 ? "" : `: calling ${who.join(" in ")}`;
}
