import type { DatabaseFailure } from "../domain/index.ts";

/** How a look failed, in a sentence that names no address, user or database. */
export interface Trouble {
  readonly failure: DatabaseFailure;
  readonly detail: string;
}

const BY_CODE: Readonly<Record<string, Trouble>> = {
  ENOTFOUND: { failure: "dns-not-found", detail: "its host name does not exist" },
  EAI_AGAIN: { failure: "dns-failure", detail: "its host name could not be resolved now" },
  EAI_FAIL: { failure: "dns-failure", detail: "its host name could not be resolved" },
  ECONNREFUSED: { failure: "connection-refused", detail: "nothing listens on its port" },
  ENOENT: { failure: "connection-refused", detail: "its socket file does not exist" },
  ECONNRESET: { failure: "connection-reset", detail: "it closed the connection" },
  EPIPE: { failure: "connection-reset", detail: "it closed the connection" },
  PROTOCOL_CONNECTION_LOST: { failure: "connection-reset", detail: "it closed the connection" },
  ETIMEDOUT: { failure: "connect-timeout", detail: "its host did not answer the connection attempt" },
  EHOSTUNREACH: { failure: "host-unreachable", detail: "its host cannot be reached" },
  EHOSTDOWN: { failure: "host-unreachable", detail: "its host cannot be reached" },
  ENETUNREACH: { failure: "local-network", detail: "this host has no route to its network" },
  ENETDOWN: { failure: "local-network", detail: "the network of this host is down" },
  EADDRNOTAVAIL: { failure: "local-resources", detail: "this host has no free local port" },
  EMFILE: { failure: "local-resources", detail: "this process has no free file descriptor: raise its limit" },
  ENFILE: { failure: "local-resources", detail: "this host has no free file descriptor: raise its limit" },
  ENOBUFS: { failure: "local-resources", detail: "this host has no free network buffer" },
  ENOMEM: { failure: "local-resources", detail: "this host has no free memory" },
};

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HANDSHAKE_SSL_ERROR$)/;

/** What a failure of the socket or of TLS means; `undefined` when it is neither. */
export function socketTrouble(error: unknown): Trouble | undefined {
  // Several addresses tried in turn (IPv6 and IPv4): the last one's failure is the one people see with other clients.
  if (error instanceof AggregateError) return socketTrouble(error.errors.at(-1));
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (TLS_CODE.test(code)) return { failure: "tls-handshake-failed", detail: `TLS with it failed (${code})` };
  return undefined;
}

/** The `code` of a Node or database error. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
