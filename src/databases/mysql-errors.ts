import { codeOf, socketTrouble, type Trouble } from "./failure.ts";
import { BadAddress } from "./mysql-client.ts";

/** Server error numbers (MySQL 8 reference, "Server Error Message Reference"; TiDB, "Error Codes and Troubleshooting"). */
const BY_NUMBER: ReadonlyMap<number, Trouble> = new Map([
  ...[1044, 1045, 1698, 3118, 3159, 1130, 1129, 1862].map((number) => [number, rejected(number)] as const),
  ...[1040, 1203, 1226].map((number) => [number, full(number)] as const),
  [1053, { failure: "database-starting", detail: "it is shutting down" }],
  [3032, { failure: "database-starting", detail: "it is offline for maintenance" }],
  [1049, { failure: "query-failed", detail: "the database named in its url does not exist" }],
  [9001, { failure: "query-failed", detail: "TiDB cannot reach its placement driver (error 9001)" }],
  [9002, { failure: "query-failed", detail: "TiDB cannot reach its storage (error 9002)" }],
  [9005, { failure: "query-failed", detail: "a region of TiDB's storage is unavailable (error 9005)" }],
]);

function rejected(number: number): Trouble {
  return { failure: "authentication-failed", detail: `it rejected the login (error ${number})` };
}

function full(number: number): Trouble {
  return { failure: "too-many-connections", detail: `all connections are taken (error ${number})` };
}

/** Puts what mysql2 threw into words. The server's own sentences name users and databases, so they stay out. */
export function explainMysql(error: unknown): Trouble {
  if (error instanceof BadAddress) return { failure: "query-failed", detail: error.message };
  const number = numberOf(error);
  if (number !== undefined && number >= 1000) {
    return BY_NUMBER.get(number) ?? { failure: "query-failed", detail: `the read failed (error ${number})` };
  }
  const socket = socketTrouble(error);
  if (socket !== undefined) return socket;
  const code = codeOf(error);
  if (code === "HANDSHAKE_NO_SSL_SUPPORT")
    return { failure: "tls-handshake-failed", detail: "it has no TLS: switch it on, or leave ssl-mode out of its url" };
  if (code?.startsWith("AUTH_") === true)
    return { failure: "authentication-failed", detail: `it wants a way to log in that failed (${code})` };
  return { failure: "protocol-error", detail: "it does not answer as MySQL does" };
}

/** Number of a statement that the server does not know or does not allow: 1064 syntax, 1227 and 1142 privilege, 1235 not supported, 8108 TiDB's "unsupported". */
export function isUnavailable(error: unknown): boolean {
  const number = numberOf(error);
  return number !== undefined && [1064, 1142, 1227, 1235, 8108].includes(number);
}

function numberOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errno" in error)) return undefined;
  return typeof error.errno === "number" ? error.errno : undefined;
}
