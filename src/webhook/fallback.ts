import { createHmac } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock, FallbackRoute, Log, Secret } from "../domain/index.ts";

/** What {@link createFallbackRoute} needs. */
export interface FallbackOptions {
  /** https, or http to a loopback address. */
  readonly webhook: Secret;
  /** Key of the signature. */
  readonly secret: Secret;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  /** Time for one request; 10 s unless set. */
  readonly timeoutMs?: number;
}

const MAX_ANSWER_BYTES = 64 * 1024;
/** Client errors that pass: request timeout, too early, too many requests. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The second route: one signed POST per notice. The body is JSON; `X-Corewatch-Signature: t=SECONDS,v1=HEX` holds the
 * HMAC-SHA256 of `SECONDS.BODY`; `Idempotency-Key` is the same for the same notice, so that a repeat can be folded.
 * A 2xx answer is the receipt; nothing is retried here. Never throws.
 */
export function createFallbackRoute(options: FallbackOptions): FallbackRoute {
  const { clock, log, redact } = options;
  return {
    async send(payload) {
      const url = addressOf(options.webhook);
      if (url === undefined)
        return { ok: false, retry: false, error: "fallback.webhook must be https, or http to a loopback address" };
      const key = `${payload.incident.id}-${payload.incident.openedAt}-${payload.notice}`;
      const body = JSON.stringify(
        { version: 1, sentAt: new Date(clock.now()).toISOString(), ...payload },
        (_key, value: unknown) => (typeof value === "string" ? redact(value) : value),
      );
      const seconds = Math.floor(clock.now() / 1000);
      const answer = await post(url, body, options.timeoutMs ?? 10_000, {
        "content-type": "application/json",
        "user-agent": "corewatch",
        "idempotency-key": key,
        "x-corewatch-signature": `t=${seconds},v1=${signature(options.secret, seconds, body)}`,
      });
      log.debug("fallback request", { notice: payload.notice, outcome: answer.ok ? answer.status : answer.error });
      if (!answer.ok) return { ok: false, retry: true, error: answer.error };
      if (answer.status >= 200 && answer.status < 300) return { ok: true, receipt: `${key}:${answer.status}` };
      const retry = answer.status >= 500 || PASSING.has(answer.status);
      return { ok: false, retry, error: `http-${answer.status}` };
    },
  };
}

/** Hex HMAC-SHA256 over `seconds.body`: what a receiver computes to know the sender. */
export function signature(secret: Secret, seconds: number, body: string): string {
  return createHmac("sha256", secret.reveal()).update(`${seconds}.${body}`).digest("hex");
}

function addressOf(webhook: Secret): URL | undefined {
  const url = URL.parse(webhook.reveal());
  if (url === null) return undefined;
  if (url.protocol === "https:") return url;
  const loopback =
    url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
  return url.protocol === "http:" && loopback ? url : undefined;
}

type Answer = { readonly ok: true; readonly status: number } | { readonly ok: false; readonly error: string };

function post(url: URL, body: string, timeoutMs: number, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve) => {
    const open = url.protocol === "https:" ? httpsRequest : httpRequest;
    const fail = (error: unknown): void => {
      request.destroy();
      resolve({ ok: false, error: nameOf(error) });
    };
    const request = open(url, {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once("error", fail);
    request.once("response", (response: IncomingMessage) => {
      let bytes = 0;
      const done = (): void => resolve({ ok: true, status: response.statusCode ?? 0 });
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_ANSWER_BYTES) return;
        // The status has been said; the rest of an endless answer is nobody's business.
        done();
        request.destroy();
      });
      response.once("end", done);
      response.once("error", fail);
    });
    request.end(body);
  });
}

/** A short name: the error's own text may quote the address. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "network";
  if (error.name === "TimeoutError" || error.name === "AbortError") return "timeout";
  if ("code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]{2,60}$/.test(error.code))
    return error.code === "ABORT_ERR" ? "timeout" : `network-${error.code}`;
  return "network";
}
