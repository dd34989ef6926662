import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent, RunHead, Shot } from "../../src/domain/index.ts";
import { certify } from "../../loadtests/certificate.ts";
import { foldRun, RunFolder } from "../../loadtests/record.ts";
import { encodeEvent, encodeHead, encodeShots, type Frame, readFrames } from "../../loadtests/shots.ts";
import { figuresOf, HEALTHY, passingRun, T0 } from "./records.ts";
import { recordsOf } from "./shot-list.ts";

const quick = passingRun("quick", { durationMs: 5_000, rate: 50 });
const head: RunHead = quick.head;

function planned(index: number): RunHead["plan"]["stages"][number] {
  const plan = head.plan.stages[index];
  if (plan === undefined) throw new Error("plan quick has two stages");
  return plan;
}

function ended(stage: number, at: number): RunEvent {
  return { type: "stage-ended", stage, at, generator: HEALTHY, cut: null, detail: "" };
}

/** Frames of a run of two stages, with a core that comes in the second. */
function framesOf(batches: readonly (readonly Partial<Shot>[])[]): Frame[] {
  const events: RunEvent[] = [
    { type: "stage-began", stage: 0, at: T0 + 10, plan: planned(0) },
    ended(0, T0 + 5_000),
    { type: "stage-began", stage: 1, at: T0 + 5_010, plan: planned(1) },
    { type: "core-added", at: T0 + 6_000, core: "acme-4", instance: null, zone: null },
    { type: "core-minute", count: { core: "acme-1", minute: T0, requests: 120 } },
    { type: "core-minute", count: { core: "acme-1", minute: T0, requests: 130 } },
    { type: "note", at: T0 + 7_000, text: "seen" },
    { type: "connection-uri", at: T0 + 7_000, uri: head.connectionUri },
  ];
  return [
    { type: "head", head },
    ...events.map((event) => ({ type: "event" as const, event })),
    ...batches.map((shots) => ({ type: "shots" as const, stage: 1, records: recordsOf(shots) })),
    { type: "event", event: ended(1, T0 + 10_500) },
    { type: "event", event: { type: "ended", at: T0 + 11_000, cut: null } },
  ];
}

function bytesOf(frame: Frame): Uint8Array {
  if (frame.type === "head") return encodeHead(frame.head);
  if (frame.type === "event") return encodeEvent(frame.event);
  if (frame.type === "shots") return encodeShots(frame.stage, frame.records);
  throw new Error("a cut is not written");
}

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

const shot = fc.record({
  scheduledMs: fc.integer({ min: 0, max: 4_999 }),
  latenessMs: fc.integer({ min: 0, max: 30 }),
  serviceMs: fc.integer({ min: 0, max: 3_000 }),
  outcome: fc.constantFrom(
    "ok",
    "non-2xx",
    "lost",
    "timed-out",
    "refused",
    "dropped",
    "business-failure",
    "wrong-body",
  ),
  endpoint: fc.integer({ min: 0, max: 1 }),
  core: fc.integer({ min: 0, max: 3 }),
} as const);

test("a run folded from its file is the run folded live: the same certificate, hash and all", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.array(shot, { minLength: 1, maxLength: 40 }), { maxLength: 6 }),
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
    async (batches, sizes) => {
      const frames = framesOf(batches);
      const live = new RunFolder();
      for (const frame of frames) {
        live.add(frame);
        // Looking at a run while it goes on changes nothing.
        live.record();
      }
      const parts = frames.map(bytesOf);
      const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        file.set(part, at);
        at += part.length;
      }
      const read = await foldRun(readFrames(inPieces(file, sizes)));
      const [a, b] = [certify(live.record()), certify(read)];
      expect(b).toEqual(a);
      const shots = batches.reduce((sum, batch) => sum + batch.length, 0);
      expect(a.load.offered).toBe(shots);
      expect(read.stages[1]?.figures?.windows.reduce((sum, window) => sum + window.offered, 0) ?? 0).toBe(shots);
    },
  );
  await fc.assert(property, { seed: 20261121, numRuns: 40 });
});

async function* of(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}

test("a file that ends in the middle gives what it holds, and says that it was cut", async () => {
  const frames = framesOf([[{ scheduledMs: 5 }]]).slice(0, -2);
  const record = await foldRun(of([...frames, { type: "cut", detail: "the file ends in the middle of a record" }]));
  expect(record.endedAt).toBeNull();
  expect(record.stages[1]).toMatchObject({ endedAt: null, generator: null });
  expect(record.notes.at(-1)?.text).toContain("ends in the middle");
  expect(certify(record)).toMatchObject({ verdict: "invalid", finishedAt: null });
});

test("cores that come are known by their place after the first ones, and a minute read twice counts once", async () => {
  const record = await foldRun(of(framesOf([[{ core: 3, scheduledMs: 10 }]])));
  expect(record.cores).toEqual(["acme-1", "acme-2", "acme-3", "acme-4"]);
  expect(record.stages[1]?.figures?.cores[3]?.offered).toBe(1);
  expect(record.coreMinutes).toEqual([{ core: "acme-1", minute: T0, requests: 130 }]);
});

test("shots of a stage that never began, and a record without a head, are said to be so", async () => {
  const shots: Frame = { type: "shots", stage: 7, records: recordsOf([{}]) };
  await expect(foldRun(of([{ type: "head", head }, shots]))).rejects.toThrow("stage 7, which never began");
  await expect(foldRun(of([]))).rejects.toThrow("no head");
});

test("figures of an ended stage are reckoned once, however often they are looked at", () => {
  let asked = 0;
  const folder = new RunFolder(() => ({
    add: () => undefined,
    setCores: () => undefined,
    figures() {
      asked++;
      return figuresOf({ durationMs: 1_000 });
    },
  }));
  for (const frame of framesOf([])) folder.add(frame);
  for (let i = 0; i < 5; i++) folder.record();
  expect(asked).toBe(2);
});

test("a survival stage is counted by windows of seconds, also when it lasts longer than planned", () => {
  const launch = passingRun("launch");
  const index = launch.head.plan.stages.findIndex((one) => one.kind === "survival");
  const plan = launch.head.plan.stages[index];
  if (plan === undefined) throw new Error("plan launch has a survival stage");
  const folder = new RunFolder();
  folder.add({ type: "head", head: launch.head });
  folder.add({ type: "event", event: { type: "stage-began", stage: index, at: T0, plan } });
  // Ten minutes into a stage that was planned for three.
  const records = recordsOf([{ scheduledMs: 1_000 }, { scheduledMs: 600_000 }]);
  folder.add({ type: "shots", stage: index, records });
  const windows = folder.record().stages[0]?.figures?.windows ?? [];
  expect(windows.at(-1)).toMatchObject({ offered: 1 });
  expect((windows.at(-1)?.toMs ?? 0) - (windows.at(-1)?.fromMs ?? 0)).toBeLessThanOrEqual(2_000);
  expect(windows.at(-1)?.fromMs).toBeGreaterThanOrEqual(598_000);
});

test.each([
  ["even arrivals that are answered pass", (i: number) => ({ scheduledMs: i, latenessMs: 0.3, serviceMs: 4 }), "pass"],
  ["bursts of 20 are the generator's fault", burst, "invalid"],
  [
    "lateness is the generator's fault",
    (i: number) => ({ scheduledMs: i, latenessMs: i % 50 === 0 ? 90 : 1 }),
    "invalid",
  ],
  ["failures fail", (i: number) => ({ scheduledMs: i, outcome: i % 100 === 0 ? "lost" : "ok" }) as const, "fail"],
])("of real shots: %s", async (_what, shotAt: (i: number) => Partial<Shot>, verdict) => {
  const run = passingRun("quick", { durationMs: 10_000 });
  const plan = run.head.plan.stages[1];
  if (plan === undefined) throw new Error("plan quick has two stages");
  const shots = Array.from({ length: 10_000 }, (_, i) => shotAt(i));
  const record = await foldRun(
    of([
      { type: "head", head: run.head },
      { type: "event", event: { type: "stage-began", stage: 1, at: T0, plan } },
      { type: "shots", stage: 1, records: recordsOf(shots) },
      { type: "event", event: ended(1, T0 + 10_100) },
      { type: "event", event: { type: "ended", at: T0 + 11_000, cut: null } },
    ]),
  );
  const certificate = certify(record);
  expect(certificate).toMatchObject({ verdict, load: { offered: 10_000 } });
  expect(certificate.criteria.find((one) => one.id === "generator-sustained")?.outcome).toBe(
    verdict === "invalid" ? "invalid" : "pass",
  );
});

/** Due evenly, sent twenty at once: each a little late, never by more than lateness may be. */
function burst(i: number): Partial<Shot> {
  const within = i % 20;
  return { scheduledMs: i, latenessMs: 20 - within, serviceMs: 4 };
}
