import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, createSecureContext, getCACertificates } from "node:tls";
import type { SecureContext } from "node:tls";
import type { Clock, LoadTarget } from "../domain/index.ts";
import type { Addresses } from "./addresses.ts";

/** No connection could be made: nothing was sent. */
export class ConnectFault extends Error {
  /** The time limit ran out first. */
  readonly late: boolean;
  constructor(message: string, late = false) {
    super(message);
    this.late = late;
  }
}

/** What came of dialling; on success the socket is the caller's. */
export interface Dialling {
  /** Ends it: `done` is called with a fault, unless it was called already. */
  cancel(): void;
}

/** Opens connections to a target. */
export type Dial = (done: (fault: ConnectFault | null, socket: Socket | undefined) => void) => Dialling;

/** What to dial. */
export interface DialOptions {
  readonly target: LoadTarget;
  readonly addresses: Addresses;
  readonly clock: Clock;
  /** Bound of trying all addresses, ms: each gets its part. */
  readonly timeoutMs: number;
}

/**
 * Dials the target's addresses in turn until one accepts. Certificates are verified for the target's `serverName` unless the target
 * says otherwise; a bad one ends it, so that a good neighbour does not hide it.
 */
export function createDial({ target, addresses, clock, timeoutMs }: DialOptions): Dial {
  const url = new URL(target.url);
  const secure = url.protocol === "https:" ? contextOf(target.tls.ca) : undefined;
  const port = Number(url.port) || (secure === undefined ? 80 : 443);

  return (done) => {
    let socket: Socket | undefined;
    let over = false;

    function end(fault: ConnectFault | null, made: Socket | undefined): void {
      if (over) return;
      over = true;
      done(fault, made);
    }

    function attempt(candidates: readonly string[], at: number): void {
      const address = candidates[at];
      if (over || address === undefined) return;
      const peer = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
      let connected = false;
      let late = false;
      const opened = open(address, port, target, secure);
      socket = opened;
      const limit = clock.after(timeoutMs / candidates.length, () => {
        late = true;
        opened.destroy(new Error(connected ? "no TLS handshake in time" : "no answer to the connection in time"));
      });
      const fail = (error: Error | undefined): void => {
        limit.clear();
        opened.off("close", onClose);
        const detail = error === undefined ? "closed the connection at once" : error.message;
        // What fails after TCP stood (a bad certificate) is the service's word, not an address out of reach.
        if (connected || at === candidates.length - 1) end(new ConnectFault(`${peer}: ${detail}`, late), undefined);
        else attempt(candidates, at + 1);
      };
      const onClose = (): void => fail(undefined);
      opened.once("close", onClose);
      opened.once("error", fail);
      opened.once("connect", () => (connected = true));
      opened.once(secure === undefined ? "connect" : "secureConnect", () => {
        limit.clear();
        opened.off("close", onClose);
        opened.off("error", fail);
        if (over) opened.destroy();
        else end(null, opened);
      });
    }

    addresses.get((error, found) => {
      if (error === null) attempt(found, 0);
      else end(new ConnectFault(`${url.hostname}: ${error.message}`), undefined);
    });
    return {
      cancel(): void {
        end(new ConnectFault("given up"), undefined);
        socket?.on("error", ignoreLate).destroy();
      },
    };
  };
}

function open(address: string, port: number, { tls }: LoadTarget, secure: SecureContext | undefined): Socket {
  if (secure === undefined) return connectPlain({ host: address, port, noDelay: true, autoSelectFamily: false });
  const socket = connectTls({
    host: address,
    port,
    secureContext: secure,
    servername: isIP(tls.serverName) === 0 ? tls.serverName : "",
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: tls.verify,
    checkServerIdentity: (_name, certificate) => checkServerIdentity(tls.serverName, certificate),
  });
  return socket.setNoDelay(true);
}

/** One context for all connections: building it reads every default authority. */
function contextOf(ca: string | undefined): SecureContext {
  return createSecureContext(ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] });
}

function ignoreLate(): void {
  // What a socket says after it was given up is no longer about anything.
}
