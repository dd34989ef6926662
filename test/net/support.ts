import { createSocket } from "node:dgram";
import { Worker } from "node:worker_threads";

/** What a name server knows of one name: records, an error code, or silence. */
export type Zone = Readonly<
  Record<
    string,
    | {
        readonly a?: readonly string[];
        readonly aaaa?: readonly string[];
        readonly cname?: string;
        readonly ttl?: number;
      }
    | "servfail"
    | "silent"
  >
>;

/** A name server on loopback. */
export interface NameServer {
  readonly address: string;
  /** Questions asked so far: `A www.example.com`. */
  readonly asked: string[];
  zone: Zone;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<number, string>> = { 1: "A", 5: "CNAME", 28: "AAAA" };

export async function startNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const asked: string[] = [];
  const server: NameServer = {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    zone,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (message, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join(".").toLowerCase();
    const type = message.readUInt16BE(at + 1);
    asked.push(`${TYPES[type] ?? type} ${name}`);
    const entry = server.zone[name];
    if (entry === "silent") return;
    const records: Buffer[] = [];
    if (typeof entry === "object") {
      const ttl = entry.ttl ?? 60;
      if (type === 1)
        for (const ip of entry.a ?? []) records.push(record(1, ttl, Buffer.from(ip.split(".").map(Number))));
      if (type === 28) for (const ip of entry.aaaa ?? []) records.push(record(28, ttl, ipv6(ip)));
      if (type === 5 && entry.cname !== undefined) records.push(record(5, ttl, encode(entry.cname)));
    }
    const code = entry === undefined ? 3 : entry === "servfail" ? 2 : 0;
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, message.subarray(12, at + 5), ...records]), from.port, from.address);
  });
  return server;
}

function record(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encode(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** Eight full groups: the only spelling these tests use. */
function ipv6(address: string): Buffer {
  return Buffer.from(
    address
      .split(":")
      .map((group) => group.padStart(4, "0"))
      .join(""),
    "hex",
  );
}

/** A port whose process sleeps: the kernel accepts until the backlog of one is full, and then nobody does. */
export async function startDeafPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const code = `
    const { parentPort } = require("node:worker_threads");
    const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const worker = new Worker(code, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once("message", resolve));
  return { port, close: async () => void (await worker.terminate()) };
}
