/**
 * Distribution of durations that merges exactly: an HDR histogram of microseconds from 1 µs to 10 min with two
 * significant digits, in its V2 encoding, uncompressed. Written here since the library's own way to bytes deflates and
 * base64s each one, and its way back builds a new histogram of 12 KB for each: a thousand small ones are made every
 * minute and sixty thousand merged every hour. Tests hold the bytes against the library.
 */
const DIGITS = 2;
const LOWEST = 1;
const HIGHEST = 600_000_000;
/** Twice 10^digits, rounded up to a power of two: one bucket is this many steps wide, and its upper half is used. */
const HALF = 128;
const HALF_MAGNITUDE = 7;
const SIZE = indexOf(HIGHEST) + 1;
/** V2, with the word size's lowest bit set. */
const COOKIE = 0x1c849303 | 0x10;
const HEADER = 40;

/** SQL that gathers the latency columns of a group: the client's own way to an array of bytes goes letter by letter. */
export const LATENCIES = "string_agg(encode(latency, 'hex'), ',')";

/** Counts by duration. */
export class Latency {
  readonly #counts = new Float64Array(SIZE);
  #end = 0;
  #total = 0;

  /** How many durations it holds. */
  get total(): number {
    return this.#total;
  }

  /** Counts one duration; beyond the range it counts as the range's end. */
  record(microseconds: number): void {
    this.#add(indexOf(Math.min(HIGHEST, Math.max(0, Math.round(microseconds)))), 1);
  }

  #add(index: number, count: number): void {
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
    this.#total += count;
    if (index >= this.#end) this.#end = index + 1;
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0, 0, this.#end);
    this.#end = 0;
    this.#total = 0;
  }

  /** The duration in µs that `share` (0–1) of all are not longer than, to two digits; `null` when it is empty. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    const wanted = Math.max(1, Math.ceil(share * this.#total - 1e-9));
    let seen = 0;
    for (let index = 0; index < this.#end; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= wanted) return highestAt(index);
    }
    return highestAt(this.#end - 1);
  }

  /** Its bytes. */
  encode(): Buffer {
    const bytes = Buffer.alloc(HEADER + 9 * (this.#end + 1));
    let at = HEADER;
    let index = 0;
    while (index < this.#end) {
      const count = this.#counts[index++] ?? 0;
      let zeros = count === 0 ? 1 : 0;
      while (zeros > 0 && index < this.#end && this.#counts[index] === 0) {
        zeros++;
        index++;
      }
      // A run of empty steps is written as its negative length.
      at = writeZigZag(bytes, at, zeros > 1 ? -zeros : count);
    }
    bytes.writeInt32BE(COOKIE, 0);
    bytes.writeInt32BE(at - HEADER, 4);
    bytes.writeInt32BE(0, 8);
    bytes.writeInt32BE(DIGITS, 12);
    bytes.writeBigInt64BE(BigInt(LOWEST), 16);
    bytes.writeBigInt64BE(BigInt(HIGHEST), 24);
    bytes.writeDoubleBE(1, 32);
    return bytes.subarray(0, at);
  }

  /** Adds several, as {@link LATENCIES} hands them out. @throws Error when one is damaged */
  mergeAll(latencies: string | null): void {
    for (const hex of latencies?.split(",") ?? []) this.merge(Buffer.from(hex, "hex"));
  }

  /** Adds what `encode` wrote. @throws Error when these are not such bytes. */
  merge(bytes: Buffer): void {
    if (bytes.length < HEADER || bytes.readInt32BE(0) !== COOKIE || bytes.readInt32BE(12) !== DIGITS) {
      throw new Error("a stored latency histogram is damaged");
    }
    const end = HEADER + bytes.readInt32BE(4);
    let at = HEADER;
    let index = 0;
    while (at < end) {
      const { value, next } = readZigZag(bytes, at);
      at = next;
      if (value < 0) index -= value;
      else {
        if (index >= SIZE) throw new Error("a stored latency histogram is damaged");
        if (value > 0) this.#add(index, value);
        index++;
      }
    }
  }
}

function indexOf(value: number): number {
  const bucket = Math.max(0, 31 - Math.clz32(value) - HALF_MAGNITUDE);
  return bucket * HALF + (value >> bucket);
}

/** The longest duration that counts as step `index`. */
function highestAt(index: number): number {
  const bucket = Math.max(0, Math.floor(index / HALF) - 1);
  const step = index - bucket * HALF;
  return (step + 1) * 2 ** bucket - 1;
}

/** Seven bits a byte, lowest first, the sign in the lowest bit; counts stay far below 2^52, so the ninth byte is not reached. */
function writeZigZag(bytes: Buffer, at: number, value: number): number {
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

function readZigZag(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  let weight = 1;
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error("a stored latency histogram is damaged");
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) break;
    weight *= 0x80;
  }
  return { value: value % 2 === 0 ? value / 2 : -(value + 1) / 2, next: at };
}
