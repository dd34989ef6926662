import { StoreUnavailable } from "../domain/index.ts";
import { errorCode, errorText } from "./errors.ts";

/** SQLSTATEs that say "not now": connection trouble, shutting down or starting, too many connections, timeouts, a server that just became a standby, disk full. */
const PASSING_STATES = new Set([
  "57P01",
  "57P02",
  "57P03",
  "53300",
  "53100",
  "57014",
  "55P03",
  "25P03",
  "25006",
  "40P01",
]);
const PASSING_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNABORTED",
  "EADDRNOTAVAIL",
]);

/** What pg says without any code when a connection went, or took too long. */
const PASSING_TEXT =
  /connection terminated|timeout|connection error|not queryable|connection ended|client was closed|ended the connection/i;

/** `true` when `error` means that the database was out of reach, not that it refused the statement. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  // Several addresses of one name, each refused.
  if (error instanceof AggregateError) return error.errors.every(isUnavailable);
  const code = errorCode(error);
  // A socket that is not there; a file that is not there is another matter.
  if (code === "ENOENT") return error instanceof Error && "syscall" in error && error.syscall === "connect";
  if (code === undefined) return PASSING_TEXT.test(errorText(error));
  return PASSING_CODES.has(code) || PASSING_STATES.has(code) || code.startsWith("08");
}

/**
 * The error that callers of the store see. The address of the store is never in it.
 * @param kind what the store is called: "the embedded store", "the Postgres store".
 */
export function storeError(error: unknown, kind: string, redact: (text: string) => string): Error {
  if (error instanceof StoreUnavailable) return error;
  if (!isUnavailable(error)) {
    if (!(error instanceof Error)) return new Error(redact(errorText(error)));
    error.message = redact(error.message);
    return error;
  }
  const why = errorCode(error) ?? "no answer";
  return new StoreUnavailable(`${kind} is out of reach (${why})`);
}
