import { TLSSocket } from "node:tls";
import type { CertificateFacts, Clock, HttpProber, HttpRequest, HttpResult, TlsSettings } from "../domain/index.ts";
import type { Answer } from "./answer.ts";
import { firstHop, messageOf, nextHop, portOf, shown } from "./hop.ts";
import type { Hop } from "./hop.ts";
import { Line } from "./line.ts";
import { Pool } from "./pool.ts";
import { atTime, createResolver, dial, Fault, inspect, Stop } from "./sockets.ts";
import type { Resolver, Timing } from "./sockets.ts";
import { Tickets } from "./tickets.ts";

/** How the prober may be set up. */
export interface HttpProberOptions {
  readonly clock: Clock;
  /** Idle plain connections kept: 8 KB each. */
  readonly maxConnections?: number;
  /** Idle TLS connections kept: 65 KB each, nearly all of it OpenSSL's and Node's own. */
  readonly maxTlsConnections?: number;
  readonly resolver?: Resolver;
}

/**
 * A POST may not be sent twice, so it goes over a kept connection only right after that answered, when the server cannot
 * have given it up yet, ms.
 */
const MAX_IDLE_POST_MS = 1_000;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What one attempt gathers on its way, also when it fails. */
interface Attempt {
  readonly request: HttpRequest;
  readonly stop: Stop;
  readonly trace: ((line: string) => void) | undefined;
  timing: Timing;
  certificate: CertificateFacts | undefined;
}

/**
 * HTTP/1.1 for probes, spoken straight over sockets. node:http and undici cost about twice the CPU per probe, and neither
 * tells the phases or gives up a kept connection by age.
 */
export function createHttpProber(options: HttpProberOptions): HttpProber {
  const { clock } = options;
  const resolver = options.resolver ?? createResolver({ clock });
  const pool = new Pool(clock, { plain: options.maxConnections ?? 20_000, tls: options.maxTlsConnections ?? 20_000 });
  const tickets = new Tickets(clock);
  const active = new Set<Stop>();
  const authorities = new Map<string, number>();
  let closed = false;

  /** Connections are shared only by requests that mean the same peer under the same name with the same trust. */
  function keyOf(hop: Hop): string {
    if (hop.tls === undefined) return `${hop.url.origin} ${hop.host}`;
    const ca = hop.tls.ca ?? "";
    let id = authorities.get(ca);
    if (id === undefined) authorities.set(ca, (id = authorities.size));
    return `${hop.url.origin} ${hop.host} ${hop.tls.serverName} ${hop.tls.verify} ${id}`;
  }

  async function openLine(hop: Hop, key: string, attempt: Attempt): Promise<Line> {
    const { stop, timing, trace } = attempt;
    const comesBack = attempt.request.connection === "fresh" || pool.isFull(true);
    const resumable = hop.tls !== undefined && comesBack;
    const ticket = resumable ? tickets.usable(key) : undefined;
    let offered: Buffer | undefined;
    const route = {
      host: hop.url.hostname,
      port: portOf(hop.url),
      tls: hop.tls,
      session: ticket?.session,
      onSession:
        resumable && ticket === undefined
          ? (session: Buffer): void => {
              offered ??= session;
              tickets.offer(key, session);
            }
          : undefined,
    };
    const { socket, leaf } = await dial(route, { clock, resolver, stop, timing, trace });
    try {
      let certificate: CertificateFacts | undefined;
      if (hop.tls !== undefined && socket instanceof TLSSocket) {
        const known = socket.isSessionReused() ? ticket?.certificate : undefined;
        certificate =
          known === undefined ? inspect({ socket, leaf }, hop.tls, clock.now()) : atTime(known, clock.now());
        if (resumable && known === undefined) tickets.shown(key, certificate, offered);
        attempt.certificate = certificate;
      }
      return new Line(socket, stop.peer, certificate, clock);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async function overLine(line: Line, hop: Hop, key: string, attempt: Attempt): Promise<Answer> {
    const keep = attempt.request.connection === "reuse";
    if (attempt.request.requireTrust && hop.tls !== undefined) {
      const problem = line.certificate === undefined ? "missing" : line.certificate.problem;
      if (problem !== undefined) {
        line.close();
        throw new Fault("tls-handshake-failed", `the certificate of ${hop.tls.serverName} is not good: ${problem}`);
      }
    }
    try {
      const message = messageOf(hop, keep, attempt.request.maxBodyBytes);
      const answer = await line.exchange(message, attempt.stop, attempt.timing);
      if (keep && line.open && !closed) pool.put(key, line);
      else line.close();
      return answer;
    } catch (error) {
      line.close();
      throw error;
    }
  }

  async function send(hop: Hop, attempt: Attempt): Promise<{ answer: Answer; line: Line; reused: boolean }> {
    const key = keyOf(hop);
    const { request, trace } = attempt;
    const maxIdleMs = hop.method === "POST" ? MAX_IDLE_POST_MS : Number.POSITIVE_INFINITY;
    const kept = request.connection === "reuse" ? pool.take(key, maxIdleMs) : undefined;
    if (kept !== undefined) {
      attempt.certificate = kept.certificate === undefined ? undefined : atTime(kept.certificate, clock.now());
      trace?.(`kept connection to ${kept.remoteAddress ?? hop.url.host}`);
      try {
        return { answer: await overLine(kept, hop, key, attempt), line: kept, reused: true };
      } catch (error) {
        const gone = error instanceof Fault && error.failure === "connection-reset" && !kept.heard;
        if (!gone || hop.method === "POST") throw error;
        trace?.("the kept connection had been closed: once more over a new one");
        attempt.timing = {};
      }
    }
    const line = await openLine(hop, key, attempt);
    return { answer: await overLine(line, hop, key, attempt), line, reused: false };
  }

  async function run(attempt: Attempt): Promise<HttpResult> {
    const { request, stop, trace } = attempt;
    let hop = firstHop(request);
    for (let redirects = 0; ; redirects++) {
      trace?.(`${hop.method} ${shown(hop.url)}, host ${hop.host}${nameSent(hop.tls)}`);
      const { answer, line, reused } = await send(hop, attempt);
      trace?.(`answer ${answer.status}, ${answer.body.length} characters${answer.truncated ? ", cut off" : ""}`);
      const location = REDIRECTS.has(answer.status) ? answer.headers["location"] : undefined;
      if (location === undefined || request.maxRedirects === 0) {
        const phases = { ...attempt.timing, total: stop.elapsed() };
        const { status, headers, body, truncated } = answer;
        const { certificate } = attempt;
        const { remoteAddress } = line;
        return { ok: true, status, headers, body, truncated, phases, certificate, reused, remoteAddress };
      }
      if (redirects >= request.maxRedirects) {
        throw new Fault("too-many-redirects", `${shown(hop.url)} redirects again after ${redirects} redirects`);
      }
      hop = nextHop(hop, answer.status, location, request.requireTrust);
      attempt.timing = {};
      attempt.certificate = undefined;
    }
  }

  return {
    async request(request, signal, trace) {
      const stop = new Stop(clock, request.timeoutMs, signal);
      const attempt: Attempt = { request, stop, trace, timing: {}, certificate: undefined };
      active.add(stop);
      if (closed) stop.cancel();
      try {
        return await run(attempt);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        trace?.(`failed: ${error.failure}: ${error.message}`);
        const phases = { ...attempt.timing, total: stop.elapsed() };
        const { certificate } = attempt;
        return { ok: false, failure: error.failure, detail: error.message, phases, certificate };
      } finally {
        stop.release();
        active.delete(stop);
      }
    },

    async close() {
      closed = true;
      for (const stop of active) stop.cancel();
      pool.close();
    },
  };
}

function nameSent(tls: TlsSettings | undefined): string {
  return tls === undefined ? "" : `, server name ${tls.serverName}`;
}
