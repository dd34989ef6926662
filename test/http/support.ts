import { createServer as createHttp } from "node:http";
import type { Server as HttpServer, RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import type { Server as HttpsServer } from "node:https";
import { createServer as createTcp } from "node:net";
import type { Server, Socket } from "node:net";
import type { Clock, HttpRequest, Timer, TlsSettings } from "../../src/domain/index.ts";
import type { KeyPair } from "../support/certificates.ts";

/** The real time, which a test can put forward: ages are met without waiting, timers stay real. */
export class ForwardClock implements Clock {
  #ahead = 0;
  now(): number {
    return Date.now() + this.#ahead;
  }
  monotonic(): number {
    return performance.now() + this.#ahead;
  }
  after(ms: number, fn: () => void): Timer {
    const handle = setTimeout(fn, ms);
    return { clear: () => clearTimeout(handle) };
  }
  forward(ms: number): void {
    this.#ahead += ms;
  }
}

/** A listening server, what connected to it, and how to end it. */
export interface Running<S extends Server = Server> {
  readonly server: S;
  readonly port: number;
  readonly url: string;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** Connections open now. */
  readonly open: () => number;
}

const running: { server: Server; sockets: Set<Socket> }[] = [];

async function listen<S extends Server>(server: S, scheme: string): Promise<Running<S>> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  running.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const { port } = address;
  const url = `${scheme}://127.0.0.1:${port}`;
  return { server, port, url, accepted: () => accepted, open: () => sockets.size };
}

export function startHttp(handler: RequestListener): Promise<Running<HttpServer>> {
  const server = createHttp(handler);
  server.keepAliveTimeout = 600_000;
  return listen(server, "http");
}

export function startHttps(pair: KeyPair, handler: RequestListener): Promise<Running<HttpsServer>> {
  const server = createHttps(pair, handler);
  server.keepAliveTimeout = 600_000;
  server.on("tlsClientError", () => undefined);
  return listen(server, "https");
}

/** A server of bytes: `onRequest` gets the socket at each chunk that comes, with the count of chunks so far. */
export function startRaw(onRequest: (socket: Socket, count: number) => void): Promise<Running> {
  return listen(
    createTcp((socket) => {
      let count = 0;
      socket.on("data", () => onRequest(socket, ++count));
    }),
    "http",
  );
}

/** Ends every server started by this file's helpers. */
export async function stopServers(): Promise<void> {
  const all = running.splice(0);
  await Promise.all(
    all.map(
      ({ server, sockets }) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    ),
  );
}

/** Waits until `holds`, at most two seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 2_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export function request(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    url,
    method: "GET",
    headers: {},
    connection: "fresh",
    timeoutMs: 5_000,
    maxBodyBytes: 4_096,
    maxRedirects: 0,
    requireTrust: false,
    ...more,
  };
}

export function tlsFor(serverName: string, authority?: KeyPair, verify = true): TlsSettings {
  return { ca: authority?.cert, verify, serverName };
}

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;
