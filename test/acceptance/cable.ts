import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** `through`; `holds-answers`: what the far end says waits; `silent`: nothing passes; `cut`: connections are reset. */
export type CableState = "through" | "holds-answers" | "silent" | "cut";

/** A TCP way to somewhere that can be cut or held, and mended. */
export class Cable {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #state: CableState = "through";

  private constructor(server: Server, to: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (near) => {
      if (this.#state === "cut") {
        near.resetAndDestroy();
        return;
      }
      const far = connect(to);
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const end of pair) {
        end.on("error", () => end.destroy());
        end.on("close", () => {
          this.#pairs.delete(pair);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
      this.#hold(pair);
    });
  }

  /** A way to the host and port of `url`. */
  static async to(url: string): Promise<Cable> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return new Cable(server, { host: hostname, port: Number(port) });
  }

  /** `url` by this way. */
  url(url: string): string {
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String(this.port);
    return through.toString();
  }

  set(state: CableState): void {
    this.#state = state;
    for (const pair of this.#pairs) {
      if (state === "cut") for (const end of pair) end.resetAndDestroy();
      else this.#hold(pair);
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => void this.#server.close(resolve));
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
    await closed;
  }

  #hold([near, far]: readonly [Socket, Socket]): void {
    near.unpipe(far);
    far.unpipe(near);
    if (this.#state === "through" || this.#state === "holds-answers") near.pipe(far);
    if (this.#state === "through") far.pipe(near);
  }
}
