import type { Reason } from "../domain/index.ts";

/** Reasons by what they say about where the fault is. */

/** Nothing came back: the fault may be anywhere on the way. */
export const NO_ANSWER: ReadonlySet<Reason> = new Set<Reason>([
  "connection-refused",
  "connection-reset",
  "connect-timeout",
  "timeout",
  "host-unreachable",
  "dns-not-found",
  "dns-failure",
  "tls-handshake-failed",
]);

/**
 * How a core looks whose database is gone: the 5-second 500, a plain 500, no answer from a busy core, no port while it waits
 * at start-up. Not a status of another kind: without its database a core answers 500, never 404.
 */
export const DATABASE_GONE: ReadonlySet<Reason> = new Set<Reason>([
  "database-unreachable",
  "server-error",
  "timeout",
  "connection-refused",
]);

/** How the ways over several cores look when cores behind them fail. */
export const FOLLOWS_FROM_CORES: ReadonlySet<Reason> = new Set<Reason>([
  "database-unreachable",
  "server-error",
  "unexpected-status",
  "timeout",
  "connection-refused",
  "connection-reset",
  "connect-timeout",
  "slow",
  "partial-failure",
  "no-healthy-target",
  "target-unhealthy",
  "session-create-failed",
  "session-verify-failed",
  "session-refresh-failed",
  "session-revoke-failed",
]);

/** The certificate itself. */
export const CERTIFICATE: ReadonlySet<Reason> = new Set<Reason>([
  "certificate-expired",
  "certificate-expires-soon",
  "certificate-untrusted",
  "certificate-name-mismatch",
]);

/** The name. */
export const DNS: ReadonlySet<Reason> = new Set<Reason>(["dns-not-found", "dns-failure", "dns-unexpected-answer"]);

/** Somebody else answers. */
export const IDENTITY: ReadonlySet<Reason> = new Set<Reason>(["wrong-identity", "wrong-body"]);

/** The core itself answers and names something that a failing host would not. */
export const OF_THE_CORE_ALONE: ReadonlySet<Reason> = new Set<Reason>([
  "database-unreachable",
  "wrong-identity",
  "wrong-body",
  "key-set-mismatch",
  "unknown-app",
  "access-denied",
  "rate-limited",
]);
