import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

/**
 * The file of `store export`: gzip over frames, each a letter, a length (4 bytes, big endian) and so many bytes.
 * `H` header (JSON) · `T` a table begins (JSON `{"name":…,"columns":[…]}`) · `D` rows in Postgres's COPY text format ·
 * `E` the end (JSON `{"rows":n}`), without which a file is incomplete.
 */
export type FrameKind = "H" | "T" | "D" | "E";

/** One frame. */
export interface Frame {
  readonly kind: FrameKind;
  readonly bytes: Buffer;
}

const HEAD = 5;
/** COPY hands out far smaller pieces; a longer one is no file of ours. */
const MAX_FRAME = 64 * 1024 * 1024;

/** A frame with JSON in it. */
export function jsonFrame(kind: FrameKind, value: unknown): Frame {
  return { kind, bytes: Buffer.from(JSON.stringify(value)) };
}

/** Writes frames as they come, aside first: `file` appears when it is whole. Readable for its owner only. */
export async function writeFrames(file: string, frames: AsyncIterable<Frame>): Promise<void> {
  const aside = `${file}.${process.pid}.partial`;
  try {
    const sink = createWriteStream(aside, { mode: 0o600, flags: "wx" });
    await pipeline(Readable.from(encode(frames)), createGzip({ level: 1 }), sink);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

async function* encode(frames: AsyncIterable<Frame>): AsyncGenerator<Buffer> {
  for await (const { kind, bytes } of frames) {
    const head = Buffer.alloc(HEAD);
    head.write(kind, 0, "latin1");
    head.writeUInt32BE(bytes.length, 1);
    yield head;
    yield bytes;
  }
}

/** Reads frames one by one. @throws Error when the file is no export, or is cut short. */
export async function* readFrames(file: string): AsyncGenerator<Frame> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  // The error of either stream comes out of the iteration below.
  const flowing = pipeline(source, gunzip).catch((error: unknown) => void gunzip.destroy(asError(error)));
  let pending: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      for (let frame = take(pending); frame !== undefined; frame = take(pending)) {
        yield frame;
        pending = pending.subarray(HEAD + frame.bytes.length);
      }
    }
  } catch (error) {
    throw new Error(`${file} is no export of corewatch, or damaged: ${asError(error).message}`, { cause: error });
  } finally {
    source.destroy();
    gunzip.destroy();
    await flowing;
  }
  if (pending.length > 0) throw new Error(`${file} is cut short`);
}

function take(pending: Buffer): Frame | undefined {
  if (pending.length < HEAD) return undefined;
  const kind = pending.toString("latin1", 0, 1);
  const length = pending.readUInt32BE(1);
  if ((kind !== "H" && kind !== "T" && kind !== "D" && kind !== "E") || length > MAX_FRAME) {
    throw new Error("unexpected bytes");
  }
  if (pending.length < HEAD + length) return undefined;
  return { kind, bytes: pending.subarray(HEAD, HEAD + length) };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
