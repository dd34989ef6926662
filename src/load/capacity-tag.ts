import { hash } from "node:crypto";

/**
 * How the rows of a fill are told from all others, and how their ids are made.
 *
 * An id is a UUID of version 8 (RFC 9562: the maker's own layout): `c04e3a7c-HHHH-8RRR-8RRR-NNNNNNNNNNNN`. SuperTokens makes
 * random UUIDs, whose thirteenth digit is always 4, so no row of its own can bear such an id, however many there are: that
 * is a matter of form, not of luck. HHHH comes from tag, app and tenant; R…R is the number of the run, N…N a row's number,
 * scattered. Behind the fixed part all digits are decimal: in every collation, those where `aa` sorts behind `z` too, all
 * ids of one tag lie between the lowest and the highest one, so that one range of the primary key finds them.
 */
export interface Tag {
  /** `c04e3a7c-HHHH-8`: ids of this tag, and no others, begin with it. */
  readonly prefix: string;
  /** Behind the UUID of a session handle: cores of a tenant other than `public` find the tenant in it. */
  readonly suffix: string;
}

/** `c04e3a7c` is corewatch's mark in ids. */
const MARK = "c04e3a7c";
/** Runs that an id has room for. */
const RUNS = 1_000_000;
const HALF = 1_000_000;

/** The tag of what corewatch adds to one tenant of one app. */
export function makeTag(name: string, app: string, tenant: string): Tag {
  const part = hash("sha256", [name, app, tenant].join("\0"), "hex").slice(0, 4);
  return { prefix: `${MARK}-${part}-8`, suffix: tenant === "public" ? "" : `_${tenant}` };
}

/** Lowest and highest id of a tag; handles and user ids lie between them. */
export function range(tag: Tag): { readonly low: string; readonly high: string } {
  return { low: `${tag.prefix}000-8000-000000000000`, high: `${tag.prefix}999-8999-999999999999${tag.suffix}` };
}

/** The part of an id before the row's number. @throws Error when all runs of this tag are used up */
export function runPrefix(tag: Tag, run: number): string {
  if (run >= RUNS) throw new Error("all numbers of fills are used up: clean first (--clean)");
  const digits = String(run).padStart(6, "0");
  return `${tag.prefix}${digits.slice(0, 3)}-8${digits.slice(3)}-`;
}

/** The run that made `id`, or `undefined` for an id of another form. */
export function runOf(tag: Tag, id: string): number | undefined {
  if (!id.startsWith(tag.prefix)) return undefined;
  const found = /^(\d{3})-8(\d{3})-\d{12}/.exec(id.slice(tag.prefix.length));
  return found === null ? undefined : Number(`${found[1]}${found[2]}`);
}

/**
 * Scatters row numbers over 10^12, each to another one: a Feistel network over two halves of six decimal digits. Real
 * ids are random, so that their index is as wide and its pages are as full as in real life; ids that rise would flatter both.
 */
export class Scatter {
  readonly #keys: readonly number[];
  high = 0;
  low = 0;

  constructor(seed: number, run: number, salt: string) {
    const bytes = hash("sha256", `${seed}/${run}/${salt}`, "buffer");
    this.#keys = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at));
  }

  /** Sets {@link high} and {@link low}, six digits each, of row `index` (below 10^12). */
  set(index: number): void {
    let high = Math.floor(index / HALF) % HALF;
    let low = index % HALF;
    for (const key of this.#keys) {
      const next = (high + mix(low, key)) % HALF;
      high = low;
      low = next;
    }
    this.high = high;
    this.low = low;
  }
}

/** A 32-bit finaliser (xor-shift and multiply): any half to any number. */
function mix(value: number, key: number): number {
  let bits = Math.imul(value ^ key, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Writes six decimal digits. By hand: of all that a row costs, calls out of JavaScript cost most. */
export function writeSix(buffer: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let place = at + 5; place >= at; place--) {
    const next = (rest / 10) | 0;
    buffer[place] = 48 + rest - next * 10;
    rest = next;
  }
}
