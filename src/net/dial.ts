import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { PeerCertificate } from "node:tls";
import type { Clock, TlsSettings } from "../domain/index.ts";
import { Fault, faultOf } from "./fault.ts";
import type { Resolver } from "./resolver.ts";
import type { Stop } from "./stop.ts";
import { contextFor, sniOf } from "./trust.ts";

/** Where to connect. */
export interface Route {
  /** Name or address (an IPv6 one with or without brackets). */
  readonly host: string;
  readonly port: number;
  /** `undefined`: plain TCP. */
  readonly tls: TlsSettings | undefined;
  /** A TLS session to resume, and what to do with the one that the server offers. */
  readonly session?: Buffer | undefined;
  readonly onSession?: ((session: Buffer) => void) | undefined;
}

/** Milliseconds of the phases that happened, also when the attempt failed. */
export interface Timing {
  dns?: number;
  connect?: number;
  tls?: number;
  firstByte?: number;
}

/** What dialling needs. */
export interface DialTools {
  readonly clock: Clock;
  readonly resolver: Resolver;
  readonly stop: Stop;
  /** Filled as the phases end. */
  readonly timing: Timing;
  readonly trace: ((line: string) => void) | undefined;
}

/** An open connection, the caller's to close and to listen to. */
export interface Dialled {
  readonly socket: Socket;
  /** The certificate that a full handshake showed, where the socket has read it already: reading it is a third of its cost. */
  readonly leaf: PeerCertificate | undefined;
}

/** `10.0.1.11:3567`, `[::1]:3567`. */
export function peerName(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Opens a connection: look-up, TCP, TLS. The certificate is not judged here. The caller owns the socket. @throws Fault
 */
export async function dial(route: Route, tools: DialTools): Promise<Dialled> {
  const { clock, stop, timing, trace } = tools;
  const began = clock.monotonic();
  stop.stage = "dns";
  stop.peer = route.host;
  const addresses = await stop.guard(tools.resolver.resolve(route.host));
  if (addresses[0] !== route.host) {
    timing.dns = clock.monotonic() - began;
    trace?.(`${route.host} is ${addresses.slice(0, 8).join(", ")} (${timing.dns.toFixed(1)} ms)`);
  }
  const candidates = choose(addresses);
  for (const [at, address] of candidates.entries()) {
    try {
      return await open(address, route, tools);
    } catch (error) {
      const last = at === candidates.length - 1;
      const other = error instanceof Fault && OTHER_FAMILY.has(error.failure);
      if (last || !other) throw error;
      trace?.(`${error.message}; trying the other address family`);
    }
  }
  throw new Fault("dns-not-found", `DNS knows no address of ${route.host}`);
}

/** Failures after which an address of the other family is worth a try: it is how names such as localhost are meant. */
const OTHER_FAMILY: ReadonlySet<string> = new Set(["connection-refused", "local-network"]);

/** One address of each family: a probe that tried them all would hide a dead one. */
function choose(addresses: readonly string[]): readonly string[] {
  if (addresses.length < 2) return addresses;
  const [first = ""] = addresses;
  const other = addresses.find((address) => isIP(address) !== isIP(first));
  return other === undefined ? [first] : [first, other];
}

interface Seen {
  leaf: PeerCertificate | undefined;
}

/**
 * Stands in for the socket's own name check. The socket keeps this function for good, so it is made where nothing but `seen` is
 * in sight: a parsed certificate and an ended attempt on every kept connection would be tens of megabytes.
 */
function keepIn(seen: Seen): (name: string, certificate: PeerCertificate) => undefined {
  return (_name, certificate) => {
    seen.leaf = certificate;
    return undefined;
  };
}

function open(address: string, route: Route, { clock, stop, timing, trace }: DialTools): Promise<Dialled> {
  const peer = peerName(address, route.port);
  // Building a context is this host's work, not the target's time.
  const context = route.tls === undefined ? undefined : contextFor(route.tls.ca);
  const seen: Seen = { leaf: undefined };
  const began = clock.monotonic();
  stop.stage = "connect";
  stop.peer = peer;
  return new Promise<Dialled>((resolve, reject) => {
    // Set first: it throws when the time is already up, before a socket exists.
    stop.listen((fault) => fail(fault));
    const socket =
      route.tls === undefined
        ? connectPlain({ host: address, port: route.port, autoSelectFamily: false })
        : connectTls({
            host: address,
            port: route.port,
            servername: sniOf(route.tls.serverName),
            secureContext: context,
            // The certificate is a finding of its own: a core with a bad one is looked at all the same, and the caller judges.
            rejectUnauthorized: false,
            checkServerIdentity: keepIn(seen),
            ...(route.session === undefined ? {} : { session: route.session }),
          });
    let connectedAt = 0;
    const done = (): void => {
      stop.listen(undefined);
      socket.removeListener("error", onError);
      socket.removeListener("close", onClose);
      socket.on("error", ignoreLate);
    };
    const fail = (fault: Fault): void => {
      done();
      socket.destroy();
      reject(fault);
    };
    const onError = (error: Error): void => fail(faultOf(error, peer, stop.stage));
    const onClose = (): void => fail(new Fault("connection-reset", `${peer} closed the connection at once`));
    socket.on("error", onError);
    socket.on("close", onClose);
    socket.once("connect", () => {
      connectedAt = clock.monotonic();
      timing.connect = connectedAt - began;
      trace?.(`connected to ${peer} (${timing.connect.toFixed(1)} ms)`);
      stop.stage = "tls";
      if (route.tls !== undefined) return;
      done();
      resolve({ socket, leaf: undefined });
    });
    if (socket instanceof TLSSocket) {
      if (route.onSession !== undefined) socket.on("session", route.onSession);
      socket.once("secureConnect", () => {
        timing.tls = clock.monotonic() - connectedAt;
        if (trace !== undefined) {
          const how = socket.isSessionReused() ? "session resumed" : "full handshake";
          trace(`${socket.getProtocol() ?? "TLS"}, ${socket.getCipher().name}, ${how} (${timing.tls.toFixed(1)} ms)`);
        }
        done();
        const { leaf } = seen;
        seen.leaf = undefined;
        resolve({ socket, leaf });
      });
    }
  });
}

/** Whoever uses the socket listens as well; but a socket whose error nobody hears ends the process. */
function ignoreLate(): void {
  // What a socket says after it was given up is no longer about anything.
}
