import { NO_CORE, SHOT_OUTCOMES } from "../src/domain/index.ts";
import type { RunEvent, RunHead } from "../src/domain/index.ts";

/**
 * The shots file: a line that names the format, then frames (type u8, length of the payload u32, payload). Numbers are little
 * endian. Types: `H` the head (JSON, once, first), `E` an event (JSON), `S` shots (stage u32, then records of 16 bytes).
 *
 * A record: scheduled moment u32 (10 µs), lateness u32 (µs), service time u32 (µs), outcome in the low and endpoint in the high four
 * bits of a u8, core u8, status u16. Durations too long for their field count as the longest. Everything that is reported is
 * reckoned from records, so that a report made from the file is the report that was made live.
 */
const MAGIC = new TextEncoder().encode("corewatch shots 1\n");
const HEAD = 0x48;
const EVENT = 0x45;
const SHOTS = 0x53;
const FRAME_HEAD_BYTES = 5;
const STAGE_BYTES = 4;
/** Bytes of one record. */
export const RECORD_BYTES = 16;
/** No frame is larger: a batch of shots is 64 KiB, the longest timeline of incidents far below a megabyte. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const MAX_U32 = 0xffff_ffff;
const SCHEDULED_UNIT_US = 10;
/** The longest stage whose moments fit a record, ms: eleven hours and a half and a bit. */
export const LONGEST_STAGE_MS = Math.floor((MAX_U32 * SCHEDULED_UNIT_US) / 1000);

/** One frame of a shots file; `cut` comes last where the file ends in the middle of a frame. */
export type Frame =
  | { readonly type: "head"; readonly head: RunHead }
  | { readonly type: "event"; readonly event: RunEvent }
  | { readonly type: "shots"; readonly stage: number; readonly records: Uint8Array }
  | { readonly type: "cut"; readonly detail: string };

/** Begins a file: the format's line and the head. */
export function encodeHead(head: RunHead): Uint8Array {
  const frame = jsonFrame(HEAD, head);
  const bytes = new Uint8Array(MAGIC.length + frame.length);
  bytes.set(MAGIC);
  bytes.set(frame, MAGIC.length);
  return bytes;
}

/** @throws Error when the event is larger than a frame may be */
export function encodeEvent(event: RunEvent): Uint8Array {
  return jsonFrame(EVENT, event);
}

/** Shots of the stage with this index; `records` as a generator gives them. */
export function encodeShots(stage: number, records: Uint8Array): Uint8Array {
  const bytes = frameOf(SHOTS, STAGE_BYTES + records.length);
  new DataView(bytes.buffer).setUint32(FRAME_HEAD_BYTES, stage, true);
  bytes.set(records, FRAME_HEAD_BYTES + STAGE_BYTES);
  return bytes;
}

/**
 * Frames of a file as they come. A file that ends within a frame (the run was killed) gives every whole one, then `cut`.
 * @throws Error with a sentence for people when this is not a shots file of this version, or is damaged
 */
export async function* readFrames(file: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let rest: Uint8Array = new Uint8Array(0);
  let offset = 0;
  let begun = false;
  let headSeen = false;
  for await (const chunk of file) {
    rest = rest.length === 0 ? chunk : joined(rest, chunk);
    let at = 0;
    if (!begun) {
      checkMagic(rest);
      if (rest.length < MAGIC.length) continue;
      begun = true;
      at = MAGIC.length;
    }
    for (;;) {
      const size = frameSize(rest, at, offset + at);
      if (size === undefined || at + size > rest.length) break;
      const frame = decode(rest.subarray(at, at + size), offset + at);
      if ((frame.type === "head") === headSeen) throw damaged(offset + at, headSeen ? "a second head" : "no head");
      headSeen = true;
      yield frame;
      at += size;
    }
    offset += at;
    rest = copied(rest.subarray(at));
  }
  if (rest.length > 0 || !headSeen) {
    const detail = `the file ends in the middle of a record: what it holds up to byte ${offset} was read`;
    yield { type: "cut", detail };
  }
}

/** Calls `fn` for each record: times in microseconds, `outcome` an index into `SHOT_OUTCOMES`. @throws Error when damaged */
export function forEachShot(
  records: Uint8Array,
  fn: (
    scheduledUs: number,
    latenessUs: number,
    serviceUs: number,
    outcome: number,
    endpoint: number,
    core: number,
    status: number,
  ) => void,
): void {
  if (records.length % RECORD_BYTES !== 0) throw new Error(`shots of ${records.length} bytes are not whole records`);
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let at = 0; at < records.length; at += RECORD_BYTES) {
    const kind = view.getUint8(at + 12);
    if ((kind & 15) >= SHOT_OUTCOMES.length) throw new Error(`a shot has the outcome ${kind & 15}, which there is not`);
    fn(
      view.getUint32(at, true) * SCHEDULED_UNIT_US,
      view.getUint32(at + 4, true),
      view.getUint32(at + 8, true),
      kind & 15,
      kind >> 4,
      view.getUint8(at + 13),
      view.getUint16(at + 14, true),
    );
  }
}

/** Gathers records of one thread. */
export class RecordBuffer {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #used = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity * RECORD_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get isFull(): boolean {
    return this.#used === this.#bytes.length;
  }

  /**
   * Adds one shot; `scheduledMs`, `sentMs` and `endedMs` since the stage began. Lateness is counted from the moment as it is
   * recorded, so that the moment of sending stays exact. `sentMs` undefined: never sent.
   */
  add(
    scheduledMs: number,
    sentMs: number | undefined,
    endedMs: number,
    outcome: number,
    endpoint: number,
    core = NO_CORE,
    status = 0,
  ): void {
    const at = this.#used;
    const view = this.#view;
    const scheduled = Math.min(MAX_U32, Math.floor((scheduledMs * 1000) / SCHEDULED_UNIT_US));
    view.setUint32(at, scheduled, true);
    const late = sentMs === undefined ? 0 : Math.round(sentMs * 1000) - scheduled * SCHEDULED_UNIT_US;
    const service = sentMs === undefined ? 0 : Math.round((endedMs - sentMs) * 1000);
    view.setUint32(at + 4, Math.min(MAX_U32, Math.max(0, late)), true);
    view.setUint32(at + 8, Math.min(MAX_U32, Math.max(0, service)), true);
    view.setUint8(at + 12, (outcome & 15) | (endpoint << 4));
    view.setUint8(at + 13, core);
    view.setUint16(at + 14, Math.min(0xffff, status), true);
    this.#used += RECORD_BYTES;
  }

  /** What was gathered, in a buffer of its own that can be handed to another thread; `undefined` when there is nothing. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#used === 0) return undefined;
    const taken = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    return taken;
  }
}

function checkMagic(bytes: Uint8Array): void {
  const length = Math.min(bytes.length, MAGIC.length);
  for (let i = 0; i < length; i++) {
    if (bytes[i] === MAGIC[i]) continue;
    // Only the number may differ in a file of another version.
    const other = i >= MAGIC.length - 2;
    throw new Error(
      other
        ? "these shots were written in a format that this version of corewatch does not read"
        : "this is not a file of shots: it does not begin with corewatch's line",
    );
  }
}

function frameSize(bytes: Uint8Array, at: number, offset: number): number | undefined {
  if (bytes.length - at < FRAME_HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEAD_BYTES);
  const type = view.getUint8(0);
  if (type !== HEAD && type !== EVENT && type !== SHOTS) throw damaged(offset, `a record of the unknown type ${type}`);
  const length = view.getUint32(1, true);
  if (length > MAX_FRAME_BYTES) throw damaged(offset, `a record of ${length} bytes, and none is that large`);
  return FRAME_HEAD_BYTES + length;
}

function decode(frame: Uint8Array, offset: number): Frame {
  const payload = frame.subarray(FRAME_HEAD_BYTES);
  if (frame[0] === SHOTS) {
    if (payload.length < STAGE_BYTES || (payload.length - STAGE_BYTES) % RECORD_BYTES !== 0) {
      throw damaged(offset, `shots of ${payload.length} bytes, which are not whole`);
    }
    const stage = new DataView(payload.buffer, payload.byteOffset, STAGE_BYTES).getUint32(0, true);
    return { type: "shots", stage, records: copied(payload.subarray(STAGE_BYTES)) };
  }
  const value = parsed(payload, offset);
  if (frame[0] === HEAD) {
    if (!isHead(value)) throw damaged(offset, "a head that is not one");
    return { type: "head", head: value };
  }
  if (!isEvent(value)) throw damaged(offset, "an event that is not one");
  return { type: "event", event: value };
}

function parsed(payload: Uint8Array, offset: number): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch (error) {
    throw damaged(offset, "a record that is not JSON", error);
  }
}

function isHead(value: unknown): value is RunHead {
  return typeof value === "object" && value !== null && "version" in value && value.version === 1 && "plan" in value;
}

function isEvent(value: unknown): value is RunEvent {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function damaged(offset: number, what: string, cause?: unknown): Error {
  return new Error(`the file of shots is damaged at byte ${offset}: ${what}`, { cause });
}

function jsonFrame(type: number, value: unknown): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(value));
  const bytes = frameOf(type, payload.length);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

function frameOf(type: number, length: number): Uint8Array<ArrayBuffer> {
  if (length > MAX_FRAME_BYTES) throw new Error(`a record of ${length} bytes is too large for a file of shots`);
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(1, length, true);
  return bytes;
}

/** A Buffer's own `slice` copies nothing. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
