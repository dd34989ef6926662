import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer as createSecure } from "node:https";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTcp } from "node:net";
import type { LoadTarget, LoadTransport, WireRequest, WireResult } from "../../src/domain/index.ts";
import type { KeyPair } from "../support/certificates.ts";

/** A server under load, and how many connections it took. */
export interface LoadServer {
  readonly port: number;
  readonly connections: () => number;
  close(): Promise<void>;
}

/** An HTTP(S) server on a free port of `host`. */
export async function serve(
  listener: RequestListener,
  options: { readonly tls?: KeyPair; readonly host?: string; readonly port?: number } = {},
): Promise<LoadServer> {
  const { tls, host = "127.0.0.1", port = 0 } = options;
  const server = tls === undefined ? createServer(listener) : createSecure({ ...tls }, listener);
  let connections = 0;
  server.on(tls === undefined ? "connection" : "secureConnection", () => connections++);
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A server that does with each connection what it is told. */
export async function serveTcp(onSocket: (socket: Socket) => void): Promise<LoadServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createTcp((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Says Hello as a core does. */
export function hello(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-length": 6, "x-core": "acme-2" }).end("Hello\n");
}

/** A port on which nothing listens. */
export async function deadPort(): Promise<number> {
  const server = await serveTcp(() => undefined);
  await server.close();
  return server.port;
}

/** A target on loopback. */
export function targetOf(url: string, over: Partial<LoadTarget> = {}): LoadTarget {
  return {
    url,
    host: new URL(url).host,
    apiKey: undefined,
    tls: { ca: undefined, verify: true, serverName: "localhost" },
    coreHeader: "x-core",
    cores: ["acme-1", "acme-2"],
    ...over,
  };
}

/** `GET` of a path. */
export function get(path = "/hello"): WireRequest {
  return { method: "GET", path, headers: {}, body: undefined };
}

/** One request, as a promise. */
export function ask(transport: LoadTransport, request = get()): Promise<WireResult> {
  return new Promise((resolve) => transport.send(request, resolve));
}
