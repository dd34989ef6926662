import type { CertificateFacts, Clock } from "../domain/index.ts";

/** A session is resumed for this long after its full handshake: a changed certificate is seen within a minute, ms. */
const MAX_AGE_MS = 55_000;
/** Peers kept; a session takes two to four kilobytes. */
const MAX_PEERS = 5_000;

interface Ticket {
  readonly certificate: CertificateFacts;
  /** When the full handshake was, monotonic ms. */
  readonly at: number;
  session: Buffer | undefined;
}

/**
 * TLS sessions of peers that are probed over fresh connections. A resumed handshake costs half of a full one; the peer still
 * accepts a connection and proves that it holds the session's key. The certificate is that of the full handshake, made anew
 * about once a minute.
 */
export class Tickets {
  readonly #clock: Clock;
  readonly #peers = new Map<string, Ticket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A session that may still be resumed, and what its full handshake showed. */
  usable(key: string): { readonly session: Buffer; readonly certificate: CertificateFacts } | undefined {
    const ticket = this.#peers.get(key);
    if (ticket?.session === undefined) return undefined;
    if (this.#clock.monotonic() - ticket.at < MAX_AGE_MS) return { ...ticket, session: ticket.session };
    this.#peers.delete(key);
    return undefined;
  }

  /** A full handshake showed this certificate; `session` where the server has already offered one. */
  shown(key: string, certificate: CertificateFacts | undefined, session: Buffer | undefined): void {
    this.#peers.delete(key);
    if (certificate === undefined) return;
    const oldest = this.#peers.keys().next();
    if (this.#peers.size >= MAX_PEERS && oldest.done !== true) this.#peers.delete(oldest.value);
    this.#peers.set(key, { certificate, at: this.#clock.monotonic(), session });
  }

  /** The server offers a session for later; of several the first is kept. */
  offer(key: string, session: Buffer): void {
    const ticket = this.#peers.get(key);
    if (ticket !== undefined) ticket.session ??= session;
  }
}
