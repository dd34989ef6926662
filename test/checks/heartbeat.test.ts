import { expect, test } from "vitest";
import { heartbeat } from "../../checks/heartbeat.ts";
import type { BeatReader, Heartbeat } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";
import { context, fleet } from "./small-fleet.ts";

const START = Date.parse("2026-11-21T08:00:00Z");
const MINUTE = 60_000;
const worker: Heartbeat = {
  id: "render-worker",
  everyMs: 5 * MINUTE,
  graceMs: 2 * MINUTE,
  token: undefined,
  slackChannel: undefined,
};

/** Looks `minutes` after corewatch began to listen; the last beat came at `beatAt` minutes (negative: before). */
function look(minutes: number, beatAt?: number, beat: { ok?: boolean; message?: string } = {}) {
  const beats: BeatReader = {
    since: START,
    last: () => (beatAt === undefined ? undefined : { at: START + beatAt * MINUTE, ok: true, message: "", ...beat }),
  };
  return heartbeat.probe(worker, context({ beats, clock: new FakeClock(START + minutes * MINUTE) }));
}

test("a worker never seen is unknown until every and grace have passed, then missing", async () => {
  expect(await look(7)).toMatchObject({ health: "unknown", reason: "not-seen-yet" });
  expect(await look(7.01)).toMatchObject({
    health: "down",
    reason: "heartbeat-missing",
    detail: "render-worker never reported in, and was expected every 300 s",
  });
});

test("a beat in time is up; within the grace it is late but up; after it, missing", async () => {
  expect(await look(65, 60)).toMatchObject({ health: "up", reason: "ok", measures: { ageMs: 5 * MINUTE } });
  expect(await look(66, 60)).toMatchObject({ health: "up", reason: "heartbeat-late", measures: { lateMs: MINUTE } });
  expect(await look(67, 60)).toMatchObject({ health: "up", reason: "heartbeat-late" });
  expect(await look(67.1, 60)).toMatchObject({
    health: "down",
    reason: "heartbeat-missing",
    detail: "render-worker last reported in at 2026-11-21T09:00:00.000Z, and was expected every 300 s",
  });
});

test("a reported failure is down at once, with the worker's words cut to a bound", async () => {
  const outcome = await look(61, 60, { ok: false, message: `queue stuck ${"x".repeat(1_000)}` });
  expect(outcome).toMatchObject({ health: "down", reason: "heartbeat-reported-failure" });
  expect(outcome.detail).toMatch(/^render-worker reported a failure: queue stuck x+$/);
  expect(outcome.detail.length).toBeLessThan(260);
});

test("beats that came while corewatch was away cannot be missed: it waits as for a new worker", async () => {
  expect(await look(1, -600)).toMatchObject({ health: "unknown", reason: "not-seen-yet" });
  expect(await look(1, -3)).toMatchObject({ health: "up", reason: "ok" });
  expect(await look(7.1, -600)).toMatchObject({ health: "down", reason: "heartbeat-missing" });
});

test("a clock that was set back does not make beats overdue", async () => {
  expect(await look(10, 60)).toMatchObject({ health: "up", reason: "ok", measures: { ageMs: 0 } });
});

test("one target a heartbeat, and one look decides", () => {
  expect(heartbeat.targets(fleet({ heartbeats: [worker] }))).toEqual([
    { target: { kind: "heartbeat", id: "render-worker", deployment: null }, input: worker },
  ]);
  expect(heartbeat.defaults).toMatchObject({ failures: 1, successes: 1 });
});
