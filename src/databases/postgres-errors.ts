import { codeOf, socketTrouble, type Trouble } from "./failure.ts";
import { BadAddress } from "./postgres-client.ts";

/** Puts what `pg` threw into words. The server's own sentences name users and databases, so they stay out. */
export function explainPostgres(error: unknown): Trouble {
  if (error instanceof BadAddress) return { failure: "query-failed", detail: error.message };
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : "";
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) {
    const told = byState(code, message);
    if (told !== undefined) return told;
  }
  if (isOpening(error)) {
    const detail = "a file that its url names (sslrootcert, sslcert or sslkey) cannot be read";
    return { failure: "tls-handshake-failed", detail };
  }
  const socket = socketTrouble(error);
  if (socket !== undefined) return socket;
  if (message === "The server does not support SSL connections")
    return {
      failure: "tls-handshake-failed",
      detail: "it has no TLS: switch it on, or set sslmode=disable in its url",
    };
  if (message.startsWith("SASL") || message.includes("password"))
    return { failure: "authentication-failed", detail: "it wants a password in a form that its url does not give" };
  if (message.startsWith("Connection terminated"))
    return { failure: "connection-reset", detail: "it closed the connection" };
  if (message.includes("SSL connection")) return { failure: "tls-handshake-failed", detail: "TLS with it failed" };
  return { failure: "protocol-error", detail: "it does not answer as Postgres does" };
}

/** Files are opened, sockets are connected. */
function isOpening(error: unknown): boolean {
  return typeof error === "object" && error !== null && "syscall" in error && error.syscall === "open";
}

/** By SQLSTATE (appendix A of the PostgreSQL manual). */
function byState(state: string, message: string): Trouble | undefined {
  // pg_hba.conf turned the connection away for being plain: the one case where the way out is in the address.
  if (state === "28000" && /no encryption|SSL off/.test(message)) {
    return {
      failure: "authentication-failed",
      detail: "it takes no connection without TLS from here: add ?sslmode=require to its url",
    };
  }
  if (state.startsWith("28"))
    return { failure: "authentication-failed", detail: `it rejected the login (SQLSTATE ${state})` };
  if (state === "57P03") {
    return {
      failure: "database-starting",
      detail: "it is starting up, shutting down or recovering, and takes no connections yet",
    };
  }
  if (state === "53300")
    return { failure: "too-many-connections", detail: "all its connections are taken (SQLSTATE 53300)" };
  if (state === "57P01" || state === "57P02")
    return { failure: "connection-reset", detail: "it ended the connection because it is shutting down" };
  if (state === "57014") return { failure: "timeout", detail: "it did not finish the read in time" };
  if (state === "3D000") return { failure: "query-failed", detail: "the database named in its url does not exist" };
  // Classes that Postgres has; a code of five letters from elsewhere (EPIPE) is not one.
  if (/^([0-5]\d|[FHPX][0-9X]|2[A-Z]|3[A-Z])/.test(state))
    return { failure: "query-failed", detail: `the read failed (SQLSTATE ${state})` };
  return undefined;
}
