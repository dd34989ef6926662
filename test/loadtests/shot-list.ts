import { forEachShot, RecordBuffer } from "../../loadtests/shots.ts";
import { NO_CORE, SHOT_OUTCOMES } from "../../src/domain/index.ts";
import type { Shot, ShotOutcome } from "../../src/domain/index.ts";

/** Shots of records, as plain values. */
export function shotsIn(records: Iterable<Uint8Array>): Shot[] {
  const shots: Shot[] = [];
  for (const bytes of records) {
    forEachShot(bytes, (scheduledUs, latenessUs, serviceUs, outcome, endpoint, core, status) => {
      shots.push({
        scheduledMs: scheduledUs / 1000,
        latenessMs: latenessUs / 1000,
        serviceMs: serviceUs / 1000,
        outcome: SHOT_OUTCOMES[outcome] ?? "ok",
        endpoint,
        core,
        status,
      });
    });
  }
  return shots;
}

/** Records of these shots; what is left out is an `ok` of endpoint 0 that names no core. */
export function recordsOf(shots: readonly Partial<Shot>[]): Uint8Array<ArrayBuffer> {
  const buffer = new RecordBuffer(Math.max(1, shots.length));
  for (const shot of shots) {
    const outcome: ShotOutcome = shot.outcome ?? "ok";
    const answered = ["ok", "non-2xx", "wrong-body", "business-failure"].includes(outcome);
    const scheduled = shot.scheduledMs ?? 0;
    const sent = outcome === "dropped" ? undefined : scheduled + (shot.latenessMs ?? 0);
    buffer.add(
      scheduled,
      sent,
      (sent ?? 0) + (shot.serviceMs ?? 1),
      SHOT_OUTCOMES.indexOf(outcome),
      shot.endpoint ?? 0,
      shot.core ?? NO_CORE,
      shot.status ?? (answered ? 200 : 0),
    );
  }
  return buffer.take() ?? new Uint8Array(0);
}
