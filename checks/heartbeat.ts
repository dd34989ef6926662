import type { Heartbeat, Outcome } from "../src/domain/index.ts";
import { DEFAULTS, type Check } from "./check.ts";

/** A worker's own sentence is cut at this length. */
const MAX_MESSAGE = 200;

/**
 * A worker that reports in. It is expected `every` after its last beat, or after corewatch began to listen when that was later:
 * beats sent while corewatch was away could not be taken, and their absence says nothing. Within the grace it is late but still
 * up, so that nobody is paged for it.
 */
export const heartbeat: Check<Heartbeat> = {
  kind: "heartbeat",
  tells: "Whether a worker that cannot be reached still reports in, and what it last said.",
  // The thresholds are the heartbeat's own every and grace, so the first bad look counts.
  defaults: { ...DEFAULTS, schedule: "*/10 * * * * *", timeoutMs: 5_000, failures: 1, successes: 1, window: 1 },
  targets: (fleet) =>
    fleet.heartbeats.map((input) => ({ target: { kind: "heartbeat", id: input.id, deployment: null }, input })),
  async probe(input, context): Promise<Outcome> {
    const since = context.beats.expectedSince?.(input.id) ?? context.beats.since;
    const last = context.beats.last(input.id);
    const now = context.clock.now();
    // A clock that was set back makes beats seem to come from the future: they are fresh.
    const ageMs = last === undefined ? undefined : Math.max(0, now - last.at);
    const waitedMs = Math.max(0, now - Math.max(since, last?.at ?? since));
    const measures: Record<string, number> = ageMs === undefined ? {} : { ageMs };
    const overdueMs = waitedMs - input.everyMs;
    context.trace(
      last === undefined ? "no beat was ever taken" : `last beat ${seconds(ageMs ?? 0)} ago, ok: ${last.ok}`,
    );

    if (overdueMs > input.graceMs) {
      return {
        health: "down",
        reason: "heartbeat-missing",
        detail:
          last === undefined
            ? `${input.id} never reported in, and was expected every ${seconds(input.everyMs)}`
            : `${input.id} last reported in at ${new Date(last.at).toISOString()}, and was expected every ${seconds(input.everyMs)}`,
        measures,
      };
    }
    if (last === undefined)
      return { health: "unknown", reason: "not-seen-yet", detail: `${input.id} has not reported in yet`, measures };
    if (!last.ok) {
      const said = last.message === "" ? "without a message" : last.message.slice(0, MAX_MESSAGE);
      return {
        health: "down",
        reason: "heartbeat-reported-failure",
        detail: `${input.id} reported a failure: ${said}`,
        measures,
      };
    }
    if (ageMs !== undefined && ageMs > input.everyMs + input.graceMs) {
      return {
        health: "unknown",
        reason: "not-seen-yet",
        detail: `${input.id} has not reported in since corewatch started`,
        measures,
      };
    }
    if (overdueMs > 0) {
      return {
        health: "up",
        reason: "heartbeat-late",
        detail: `${input.id} is ${seconds(overdueMs)} late, within its grace`,
        measures: { ...measures, lateMs: overdueMs },
      };
    }
    return { health: "up", reason: "ok", detail: "", measures };
  },
};

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
