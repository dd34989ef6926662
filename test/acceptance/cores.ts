import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const KEYS = JSON.stringify({
  keys: [{ kty: "RSA", kid: "s-acceptance", n: "AQAB", e: "AQAB", alg: "RS256", use: "sig" }],
});

/** How a core that is well answers. */
export const well: RequestListener = (request, response) => {
  const isKeys = request.url?.endsWith("/jwks.json") === true;
  response.setHeader("content-type", isKeys ? "application/json" : "text/html;charset=UTF-8");
  response.end(isKeys ? KEYS : "Hello\n");
};

/** How a core answers behind which something broke; `body` is what it says. */
export function failing(body = "Internal Server Error"): RequestListener {
  return (_request, response) => void response.writeHead(503, { "content-type": "text/plain" }).end(body);
}

/** A small core on loopback whose answers a test chooses. */
export class Core {
  readonly url: string;
  answer: RequestListener = well;
  /** When each /hello came, epoch ms. */
  readonly asked: number[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      if (request.url?.endsWith("/hello") === true) this.asked.push(Date.now());
      this.answer(request, response);
    });
  }

  static async start(): Promise<Core> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return new Core(server);
  }

  /** Ends every connection and listens no more: its port refuses. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => void this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
