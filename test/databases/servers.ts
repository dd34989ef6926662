import { connect, createServer, type Server, type Socket } from "node:net";
import { TLSSocket, createSecureContext } from "node:tls";
import { generate } from "selfsigned";

/** A TCP server whose connections a test handles, with what is needed to see them closed. */
export interface RawServer {
  readonly port: number;
  /** Connections taken so far. */
  readonly taken: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Resolves when `open` is `count`; a test's own timeout bounds it. */
  whenOpen(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server on loopback. */
export async function rawServer(onConnection: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const waiters: { count: number; resolve: () => void }[] = [];
  let taken = 0;
  const told = (): void => {
    const due = waiters.filter((waiter) => waiter.count === sockets.size);
    for (const waiter of due) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  };
  const server = createServer((socket) => {
    taken++;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      told();
    });
    told();
    onConnection(socket);
    // What nobody reads hides the end of the connection.
    if (socket.listenerCount("data") === 0) socket.resume();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    port: portOf(server),
    get taken() {
      return taken;
    },
    get open() {
      return sockets.size;
    },
    whenOpen: (count) =>
      new Promise((resolve) => {
        waiters.push({ count, resolve });
        told();
      }),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** The port that a listening server got. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

/** A port of loopback where nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await rawServer(() => undefined);
  await server.stop();
  return server.port;
}

/** Puts TLS, as Postgres negotiates it, in front of a server that has none. */
export async function tlsFront(target: URL): Promise<RawServer> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "database.invalid" }], { keyType: "ec" });
  const secureContext = createSecureContext({ key, cert });
  return rawServer((socket) => {
    socket.once("data", () => {
      socket.write("S");
      const secure = new TLSSocket(socket, { isServer: true, secureContext });
      const upstream = connect(Number(target.port), target.hostname);
      for (const each of [secure, upstream]) each.on("error", () => each.destroy());
      secure.on("close", () => upstream.destroy());
      secure.pipe(upstream).pipe(secure);
    });
  });
}

/** The bytes of Postgres' ErrorResponse. */
export function errorResponse(state: string, message: string): Buffer {
  const fields = `SFATAL\0VFATAL\0C${state}\0M${message}\0\0`;
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + Buffer.byteLength(fields));
  return Buffer.concat([Buffer.from("E"), length, Buffer.from(fields)]);
}
