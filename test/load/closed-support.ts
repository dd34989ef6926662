import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server as RawServer, Socket } from "node:net";
import { createClosedLoad } from "../../src/load/closed.ts";
import { systemClock } from "../../src/system/clock.ts";
import type { LoadTarget, WireRequest } from "../../src/domain/index.ts";
import { type RecordingLog, recordingLog } from "../fakes/log.ts";
import type { KeyPair } from "../support/certificates.ts";

const open: (() => Promise<void>)[] = [];

/** Ends every server that a test started. */
export async function stopServers(): Promise<void> {
  for (const close of open.splice(0)) await close();
}

async function listen(server: Server | RawServer, sockets: Set<Socket>): Promise<number> {
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  open.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
}

/** A plain HTTP server; `die` closes it and every connection. */
export async function startPlain(listener: RequestListener) {
  const server = createServer(listener);
  const sockets = new Set<Socket>();
  const port = await listen(server, sockets);
  const die = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${port}`, die };
}

/** A TLS server; `show` changes its certificate and ends all connections. */
export async function startTls(pair: KeyPair, listener: RequestListener) {
  const server = createTlsServer(pair, listener);
  const sockets = new Set<Socket>();
  const port = await listen(server, sockets);
  const show = (pair: KeyPair): void => {
    server.setSecureContext(pair);
    for (const socket of sockets) socket.destroy();
  };
  return { url: `https://127.0.0.1:${port}`, show };
}

/** A target without a key whose certificate is for `localhost`. */
export function targetAt(url: string, more: Partial<LoadTarget> = {}): LoadTarget {
  const tls = { ca: undefined, verify: true, serverName: "localhost" };
  return { url, host: new URL(url).host, apiKey: undefined, tls, coreHeader: undefined, cores: [], ...more };
}

export const HELLO: WireRequest = { method: "GET", path: "/hello", headers: {}, body: undefined };

/** One level against a server of this process. */
export function level(
  target: LoadTarget,
  options: {
    readonly request?: WireRequest;
    readonly connections?: number;
    readonly ms?: number;
    readonly signal?: AbortSignal;
    readonly expected?: string;
    readonly timeoutMs?: number;
    readonly log?: RecordingLog;
  } = {},
) {
  const { request = HELLO, connections = 4, ms = 400, signal = new AbortController().signal, expected } = options;
  const { timeoutMs, log = recordingLog() } = options;
  const load = createClosedLoad({ clock: systemClock, log, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  return load.level(target, request, connections, ms, signal, expected);
}
