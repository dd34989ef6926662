import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
  request as httpRequest,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Clock } from "../domain/index.ts";
import type { Counts } from "./load-balancer-counts.ts";
import type { RegisteredTarget } from "./load-balancer-targets.ts";

/** What forwarding needs. */
export interface ForwardOptions {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly protocol: "http" | "https";
  /** How long a target may be silent before 504. */
  readonly idleTimeoutMs: number;
  readonly reaches: (target: RegisteredTarget) => boolean;
}

const REASONS: Record<number, string> = {
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

/** Headers of one connection, not of the message: never passed on (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * As many connections as there are requests, and all of them kept: a burst must not cost its TLS handshakes twice. The bound
 * is for a target that hangs: its requests wait for a connection, and end in 504.
 */
const KEPT = { keepAlive: true, maxSockets: 2_048, maxFreeSockets: 2_048 };

/** Sends requests to targets over kept connections and their answers back. */
export class Forwarder {
  readonly #options: ForwardOptions;
  readonly #http = new HttpAgent(KEPT);
  // Like a real load balancer: targets' certificates are not verified.
  readonly #https = new HttpsAgent({ ...KEPT, rejectUnauthorized: false });

  constructor(options: ForwardOptions) {
    this.#options = options;
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** Passes one request to `target`. */
  forward(incoming: IncomingMessage, outgoing: ServerResponse, target: RegisteredTarget): void {
    const { clock, counts, idleTimeoutMs } = this.#options;
    const { key, address } = target;
    const started = clock.monotonic();
    let request: ClientRequest | undefined;
    let settled = false;
    const timer = clock.after(idleTimeoutMs, () => fail(504));
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      timer.clear();
      return true;
    };
    const fail = (status: number): void => {
      if (!settle()) return;
      counts.failed(key);
      incoming.unpipe();
      incoming.resume();
      request?.destroy();
      this.refuse(outgoing, status);
    };
    outgoing.on("close", () => {
      if (settle() || !outgoing.writableFinished) request?.destroy();
    });
    // A blocked path drops packets: the caller waits until the timeout.
    if (!this.#options.reaches(target)) return;

    let answered = false;
    // The path goes as it came: resolved against the target, `//elsewhere/` would leave it.
    request = (address.secure ? httpsRequest : httpRequest)({
      host: address.host,
      port: address.port,
      path: incoming.url ?? "/",
      method: incoming.method ?? "GET",
      headers: this.#headers(incoming),
      agent: address.secure ? this.#https : this.#http,
    });
    request.on("error", () => {
      if (!settled) fail(502);
      else if (answered && !outgoing.writableFinished) outgoing.destroy();
    });
    request.on("response", (answer) => {
      if (!settle()) return;
      answered = true;
      const status = answer.statusCode ?? 502;
      counts.answered(key, status, (clock.monotonic() - started) / 1000);
      outgoing.writeHead(status, passedOn(answer));
      answer.on("error", () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    incoming.pipe(request);
  }

  /** An answer of the load balancer itself. */
  refuse(outgoing: ServerResponse, status: number): void {
    this.#options.counts.own(status);
    if (outgoing.headersSent || outgoing.destroyed) return;
    const title = `${status} ${REASONS[status] ?? "Error"}`;
    const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
    outgoing.writeHead(status, {
      server: "awselb/2.0",
      "content-type": "text/html",
      "content-length": Buffer.byteLength(body),
    });
    outgoing.end(body);
  }

  #headers(incoming: IncomingMessage): string[] {
    const headers = passedOn(incoming, "x-forwarded-for");
    const from = incoming.socket.remoteAddress ?? "";
    const before = incoming.headers["x-forwarded-for"];
    headers.push("x-forwarded-for", before === undefined ? from : `${String(before)}, ${from}`);
    headers.push("x-forwarded-proto", this.#options.protocol);
    headers.push("x-forwarded-port", String(incoming.socket.localPort ?? ""));
    return headers;
  }
}

/** Names and values as they came, in turn, without those of the connection and without `but`. */
function passedOn(message: IncomingMessage, but?: string): string[] {
  const { rawHeaders } = message;
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = [rawHeaders[at], rawHeaders[at + 1]];
    const known = name.toLowerCase();
    if (known !== but && !HOP_BY_HOP.has(known)) kept.push(name, value);
  }
  return kept;
}
