import { createSocket } from "node:dgram";

/** What a name stands for: addresses, or the name that it is an alias of. */
export type DnsEntry = { readonly addresses: readonly string[] } | { readonly alias: string };

/** A running name server on loopback. */
export interface SandboxDns {
  /** `127.0.0.1:41000`, as `resolvers` of fleet.yaml takes it. */
  readonly server: string;
  /** Names that were asked for, oldest first, at most a thousand. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const TYPES = { a: 1, cname: 5, aaaa: 28 } as const;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;
const TTL_S = 5;
const HEADER = 12;
const MAX_ASKED = 1_000;
/** Longest chain of aliases that is followed. */
const MAX_ALIASES = 8;

/** Starts a name server (UDP) that knows the names of `entries`, in lower case without their last dot, and no others. */
export async function startDns(entries: ReadonlyMap<string, DnsEntry>): Promise<SandboxDns> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (message, from) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    asked.push(question.name);
    if (asked.length > MAX_ASKED) asked.shift();
    // Whoever asked may be gone by now.
    socket.send(answer(message, question, entries), from.port, from.address, () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    stop: () => new Promise((resolve) => void socket.close(resolve)),
  };
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where it ends within the message. */
  readonly end: number;
}

/** The one question of a query; `undefined` for what is none. */
function readQuestion(message: Buffer): Question | undefined {
  if (message.length < HEADER || (message.readUInt16BE(2) & 0x8000) !== 0 || message.readUInt16BE(4) !== 1)
    return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at];
    // A question has no name before it that it could point to.
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString("latin1", at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at), end: at + 4 };
}

function answer(message: Buffer, { name, type, end }: Question, entries: ReadonlyMap<string, DnsEntry>): Buffer {
  const isKnown = Object.values<number>(TYPES).includes(type);
  const records = isKnown ? recordsOf(name, type, entries) : [];
  const code = records === undefined ? NO_SUCH_NAME : isKnown ? 0 : NOT_IMPLEMENTED;
  const header = Buffer.alloc(HEADER);
  message.copy(header, 0, 0, 2);
  // An authoritative answer to a standard query.
  header.writeUInt16BE(0x8400 | (message.readUInt16BE(2) & 0x0100) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records?.length ?? 0, 6);
  return Buffer.concat([header, message.subarray(HEADER, end), ...(records ?? [])]);
}

/** Aliases down to what they lead to, and its addresses of the type; `undefined`: there is no such name. */
function recordsOf(name: string, type: number, entries: ReadonlyMap<string, DnsEntry>): Buffer[] | undefined {
  const records: Buffer[] = [];
  let at = name;
  for (let step = 0; step < MAX_ALIASES; step++) {
    const entry = entries.get(at);
    if (entry === undefined) return records.length === 0 ? undefined : records;
    if ("addresses" in entry) {
      const data = type === TYPES.a ? entry.addresses.filter((one) => !one.includes(":")) : [];
      return [...records, ...data.map((one) => record(at, TYPES.a, Buffer.from(one.split(".").map(Number))))];
    }
    records.push(record(at, TYPES.cname, encode(entry.alias)));
    if (type === TYPES.cname) return records;
    at = entry.alias;
  }
  return records;
}

function record(name: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(TTL_S, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encode(name), fixed, data]);
}

function encode(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
    Buffer.from([0]),
  ]);
}
