import { Fault } from "./sockets.ts";

/** Status line and headers longer than this are refused, bytes. */
const MAX_HEAD_BYTES = 32 << 10;
/** A chunk's size line (with its extensions) and the trailers may not be longer, bytes. */
const MAX_LINE_BYTES = 8 << 10;
/** Interim answers (1xx) before the real one. */
const MAX_INTERIM = 8;

const EMPTY = Buffer.alloc(0);
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const END_OF_LINE = Buffer.from("\r\n");

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly truncated: boolean;
  /** The connection may carry another request. */
  readonly keepable: boolean;
}

type Framing = "length" | "chunked" | "until-close";
type State = "head" | "body" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "done";

/**
 * Reads one HTTP/1.x answer from the bytes of a connection, with every size bounded. Written for probes: what a strict
 * client refuses is refused here, and nothing is guessed.
 */
export class AnswerReader {
  readonly #head: boolean;
  readonly #maxBody: number;
  #state: State = "head";
  #pending: Buffer = EMPTY;
  #interim = 0;
  #trailers = 0;
  #status = 0;
  #headers: Record<string, string> = {};
  #framing: Framing = "until-close";
  /** Bytes left of the body, or of the present chunk. */
  #left = 0;
  #parts: Buffer[] = [];
  #size = 0;
  #truncated = false;
  #keep = false;

  /** `head`: the request was HEAD, so no body follows whatever the headers say. */
  constructor(head: boolean, maxBodyBytes: number) {
    this.#head = head;
    this.#maxBody = maxBodyBytes;
  }

  /** Takes bytes; the answer as soon as it is whole or too long. @throws Fault `protocol-error` */
  take(bytes: Buffer): Answer | undefined {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const before = rest.length;
      const state = this.#state;
      rest = this.#step(rest);
      if (this.#done) break;
      // A step that neither took bytes nor came to another state needs more of them.
      if (rest.length === 0 || (rest.length === before && this.#state === state)) break;
    }
    if (this.#done) return this.#answer(rest.length > 0);
    this.#pending = rest;
    return undefined;
  }

  /** The other side closed: the answer where it was framed so, `undefined` where it was cut short. */
  end(): Answer | undefined {
    if (this.#state !== "body" || this.#framing !== "until-close") return undefined;
    this.#state = "done";
    return this.#answer(false);
  }

  get #done(): boolean {
    return this.#state === "done";
  }

  #answer(surplus: boolean): Answer {
    const [only = EMPTY] = this.#parts;
    const body = this.#parts.length < 2 ? only : Buffer.concat(this.#parts);
    return {
      status: this.#status,
      headers: this.#headers,
      body: body.toString("utf8"),
      truncated: this.#truncated,
      keepable: this.#keep && !surplus && !this.#truncated,
    };
  }

  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes);
      case "body":
      case "chunk":
        return this.#readBody(bytes);
      case "chunk-size":
        return this.#readChunkSize(bytes);
      case "chunk-end":
        if (bytes.length < 2) return bytes;
        if (bytes[0] !== 13 || bytes[1] !== 10) throw broken("a chunk that does not end where it says");
        this.#state = "chunk-size";
        return bytes.subarray(2);
      case "trailers":
        return this.#readTrailer(bytes);
      case "done":
        break;
    }
    return bytes;
  }

  #readHead(bytes: Buffer): Buffer {
    if (!looksLikeHttp(bytes)) throw broken("something that is not HTTP");
    const end = bytes.indexOf(END_OF_HEAD);
    if (end > MAX_HEAD_BYTES || (end === -1 && bytes.length > MAX_HEAD_BYTES)) throw broken("headers without end");
    if (end === -1) return bytes;
    const lines = bytes.toString("latin1", 0, end).split("\r\n");
    const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0] ?? "");
    if (status === null) throw broken("a malformed status line");
    this.#status = Number(status[2]);
    const rest = bytes.subarray(end + 4);
    if (this.#status < 200) {
      if (this.#status < 100 || this.#status === 101) throw broken(`the status ${this.#status}`);
      if (++this.#interim > MAX_INTERIM) throw broken("interim answers without end");
      return rest;
    }
    this.#headers = parseHeaders(lines);
    this.#frame(status[1] === "1");
    return rest;
  }

  #frame(persistent: boolean): void {
    const connection = this.#headers["connection"]?.toLowerCase() ?? "";
    this.#keep = persistent ? !connection.includes("close") : connection.includes("keep-alive");
    const coding = this.#headers["transfer-encoding"];
    const length = this.#headers["content-length"];
    if (this.#head || this.#status === 204 || this.#status === 304) {
      this.#state = "done";
    } else if (coding !== undefined) {
      if (coding.trim().toLowerCase() !== "chunked") throw broken("a transfer coding that was not asked for");
      this.#framing = "chunked";
      this.#state = "chunk-size";
      if (length !== undefined) this.#keep = false;
    } else if (length !== undefined) {
      this.#framing = "length";
      this.#left = lengthOf(length);
      this.#state = this.#left === 0 ? "done" : "body";
    } else {
      this.#keep = false;
      this.#state = "body";
      this.#left = Number.POSITIVE_INFINITY;
    }
  }

  #readBody(bytes: Buffer): Buffer {
    const here = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    const room = this.#maxBody - this.#size;
    if (here.length > room) {
      this.#parts.push(here.subarray(0, room));
      this.#truncated = true;
      this.#state = "done";
      return EMPTY;
    }
    if (here.length > 0) this.#parts.push(here);
    this.#size += here.length;
    this.#left -= here.length;
    if (this.#left === 0) this.#state = this.#framing === "chunked" ? "chunk-end" : "done";
    return bytes.subarray(here.length);
  }

  #readChunkSize(bytes: Buffer): Buffer {
    const line = lineOf(bytes, MAX_LINE_BYTES);
    if (line === undefined) return bytes;
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line);
    if (size === null) throw broken("a malformed chunk size");
    this.#left = Number.parseInt(size[1] ?? "", 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
    return bytes.subarray(line.length + 2);
  }

  #readTrailer(bytes: Buffer): Buffer {
    const line = lineOf(bytes, MAX_LINE_BYTES);
    if (line === undefined) return bytes;
    this.#trailers += line.length + 2;
    if (this.#trailers > MAX_LINE_BYTES) throw broken("trailers without end");
    if (line === "") this.#state = "done";
    return bytes.subarray(line.length + 2);
  }
}

function looksLikeHttp(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 7) === "HTTP/1.".slice(0, bytes.length);
}

function lineOf(bytes: Buffer, max: number): string | undefined {
  const end = bytes.indexOf(END_OF_LINE);
  if (end > max || (end === -1 && bytes.length > max)) throw broken("a line without end");
  return end === -1 ? undefined : bytes.toString("latin1", 0, end);
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || /[\s\0]/.test(name)) throw broken("a malformed header");
    const value = line.slice(colon + 1).trim();
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

/** Repeated equal lengths are one length; different ones are an attack or a fault. */
function lengthOf(value: string): number {
  const lengths = new Set(value.split(",").map((part) => part.trim()));
  const [length] = lengths;
  if (lengths.size !== 1 || length === undefined || !/^\d{1,15}$/.test(length))
    throw broken("a malformed content-length");
  return Number(length);
}

function broken(what: string): Fault {
  return new Fault("protocol-error", `the answer is not proper HTTP: ${what}`);
}
