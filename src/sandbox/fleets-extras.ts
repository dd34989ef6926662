import { createServer } from "node:http";
import type { Log } from "../domain/index.ts";
import { boundPort } from "./files.ts";

/** A plain web page: the fleet's HTTP endpoint that is no core. */
export interface LandingPage {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it on any free port of the loopback. */
export async function startLandingPage(): Promise<LandingPage> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html;charset=utf-8" });
    response.end("<!doctype html><title>Acme</title><h1>Welcome to Acme</h1>\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${boundPort(server)}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const BEAT_MS = 3_000;

/** The worker that cannot be reached and reports in. */
export class RenderWorker {
  readonly #token: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(token: string, log: Log) {
    this.#token = token;
    this.#log = log;
  }

  /** Beats to the corewatch at `webUrl` every 3 s, from now on. */
  beatTo(webUrl: string): void {
    this.stop();
    const beat = (): void => void this.#beat(new URL("/heartbeats/render-worker", webUrl));
    beat();
    this.#timer = setInterval(beat, BEAT_MS);
  }

  /** It falls silent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #beat(url: URL): Promise<void> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}`, connection: "close" },
        signal: AbortSignal.timeout(BEAT_MS),
      });
      await response.arrayBuffer();
      this.#tell(response.ok ? undefined : `HTTP ${response.status}`);
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : "failed");
    }
  }

  /** Says once that beats do not arrive, and once that they do again. */
  #tell(problem: string | undefined): void {
    if (problem !== undefined && !this.#failing)
      this.#log.debug("the render worker's heartbeat is not taken", { problem });
    this.#failing = problem !== undefined;
  }
}
