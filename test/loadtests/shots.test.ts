import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeEvent, encodeHead, encodeShots, readFrames, RecordBuffer } from "../../loadtests/shots.ts";
import type { Frame } from "../../loadtests/shots.ts";
import { SHOT_OUTCOMES } from "../../src/domain/index.ts";
import type { RunEvent, RunHead, Shot } from "../../src/domain/index.ts";
import { recordsOf, shotsIn } from "./shot-list.ts";

// A head of the right version is all that the file asks for; what is in it is the record's business.
const HEAD = { version: 1, plan: { name: "quick" }, deployment: "acme-production" } as unknown as RunHead;
const NOTE: RunEvent = { type: "note", at: 1_763_712_000_000, text: "ümläuts and \u{1F680}" };

const SHOTS: readonly Shot[] = [
  { scheduledMs: 0, latenessMs: 0, serviceMs: 12.345, outcome: "ok", endpoint: 0, core: 0, status: 200 },
  { scheduledMs: 1234.56, latenessMs: 0.789, serviceMs: 0, outcome: "non-2xx", endpoint: 15, core: 254, status: 503 },
  {
    scheduledMs: 40_000_000,
    latenessMs: 0,
    serviceMs: 10_000,
    outcome: "timed-out",
    endpoint: 1,
    core: 255,
    status: 0,
  },
  { scheduledMs: 5, latenessMs: 0, serviceMs: 0, outcome: "dropped", endpoint: 1, core: 255, status: 0 },
];

function file(): Uint8Array {
  return Buffer.concat([
    encodeHead(HEAD),
    encodeEvent(NOTE),
    encodeShots(3, recordsOf(SHOTS)),
    encodeShots(4, recordsOf([])),
    encodeEvent(NOTE),
  ]);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function frames(bytes: Uint8Array, size = bytes.length): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of readFrames(inPieces(bytes, Math.max(1, size)))) all.push(frame);
  return all;
}

describe("a file of shots", () => {
  it("gives back what was written, in whatever pieces it is read", async () => {
    const whole = await frames(file());
    expect(whole.map((frame) => frame.type)).toEqual(["head", "event", "shots", "shots", "event"]);
    expect(whole[0]).toEqual({ type: "head", head: HEAD });
    expect(whole[1]).toEqual({ type: "event", event: NOTE });
    const shots = whole[2];
    expect(shots?.type === "shots" && [shots.stage, shotsIn([shots.records])]).toEqual([3, SHOTS]);
    for (const size of [1, 2, 7, 64]) expect(await frames(file(), size)).toEqual(whole);
  });

  it("cut off anywhere gives every whole record, and says that it was cut", async () => {
    const bytes = file();
    const whole = await frames(bytes);
    const ends = [
      encodeHead(HEAD).length,
      encodeEvent(NOTE).length,
      encodeShots(3, recordsOf(SHOTS)).length,
      encodeShots(4, recordsOf([])).length,
      encodeEvent(NOTE).length,
    ].map((_, i, sizes) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
    for (let cut = 0; cut < bytes.length; cut++) {
      const read = await frames(bytes.subarray(0, cut), 50);
      const expected = ends.filter((end) => end <= cut).length;
      expect(read.slice(0, expected)).toEqual(whole.slice(0, expected));
      // Between two records nobody can see the cut: then the run's end is missing.
      const visible = !ends.includes(cut);
      expect(read.slice(expected).map((frame) => frame.type)).toEqual(visible ? ["cut"] : []);
    }
  });

  it("that is something else, or damaged, is refused in a sentence", async () => {
    const bytes = file();
    await expect(frames(Buffer.from("{}"))).rejects.toThrow("this is not a file of shots");
    await expect(frames(Buffer.from("corewatch shots 2\nH"))).rejects.toThrow("does not read");
    const head = encodeHead(HEAD).length;
    const odd = Uint8Array.from(bytes);
    odd[head] = 0x5a;
    await expect(frames(odd)).rejects.toThrow(`damaged at byte ${head}: a record of the unknown type 90`);
    const huge = Uint8Array.from(bytes);
    huge.set([255, 255, 255, 255], head + 1);
    await expect(frames(huge)).rejects.toThrow("a record of 4294967295 bytes, and none is that large");
    await expect(frames(Buffer.concat([encodeHead(HEAD), encodeHead(HEAD).subarray(18)]))).rejects.toThrow(
      "second head",
    );
    await expect(frames(Buffer.concat([encodeHead(HEAD).subarray(0, 18), encodeEvent(NOTE)]))).rejects.toThrow(
      "no head",
    );
    const broken = Uint8Array.from(bytes);
    broken[head + 5] = 0x78;
    await expect(frames(broken)).rejects.toThrow("not JSON");
    await expect(frames(encodeHead({ ...HEAD, version: 2 } as unknown as RunHead))).rejects.toThrow(
      "a head that is not",
    );
  });

  it("does not take a record that could not be read again", () => {
    const text = "x".repeat(17 * 1024 * 1024);
    expect(() => encodeEvent({ type: "note", at: 0, text })).toThrow("too large");
  });
});

describe("a record", () => {
  it("keeps the moment of sending to the microsecond, and the due moment to ten", () => {
    const millis = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });
    fc.assert(
      fc.property(millis(40_000_000), millis(60_000), millis(60_000), (scheduledMs, latenessMs, serviceMs) => {
        const [shot] = shotsIn([recordsOf([{ scheduledMs, latenessMs, serviceMs }])]);
        expect(Math.abs((shot?.scheduledMs ?? 0) - scheduledMs)).toBeLessThanOrEqual(0.010_001);
        const sent = (shot?.scheduledMs ?? 0) + (shot?.latenessMs ?? 0);
        expect(Math.abs(sent - (scheduledMs + latenessMs))).toBeLessThanOrEqual(0.0006);
        expect(Math.abs((shot?.serviceMs ?? 0) - serviceMs)).toBeLessThanOrEqual(0.0006);
      }),
      { seed: 20_261_121 },
    );
  });

  it("counts what is too long for it as the longest, and never wraps around", () => {
    const [shot] = shotsIn([recordsOf([{ latenessMs: 1e9, serviceMs: 1e9, status: 99_999 }])]);
    expect([shot?.latenessMs, shot?.serviceMs, shot?.status]).toEqual([4_294_967.295, 4_294_967.295, 65_535]);
  });

  it("of an outcome that there is not is damaged", () => {
    const records = recordsOf([{}]);
    records[12] = SHOT_OUTCOMES.length;
    expect(() => shotsIn([records])).toThrow("the outcome 8, which there is not");
    expect(() => shotsIn([records.subarray(1)])).toThrow("not whole records");
  });

  it("is handed over in a buffer of its own", () => {
    const buffer = new RecordBuffer(2);
    buffer.add(1, 1, 2, 0, 0);
    const first = buffer.take();
    buffer.add(7, 7, 9, 0, 0);
    expect(shotsIn(first === undefined ? [] : [first])[0]?.scheduledMs).toBe(1);
    expect(buffer.take()?.length).toBe(16);
    expect(buffer.take()).toBeUndefined();
  });
});
