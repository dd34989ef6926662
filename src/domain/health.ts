/**
 * Outcomes as closed data. Everything that corewatch can say about a target is one of these words;
 * nothing downstream parses prose.
 */

/** What one probe, or a series of probes, says of a target. `unknown` means that corewatch could not tell. */
export const HEALTHS = ["up", "degraded", "down", "unknown"] as const;
/** One of {@link HEALTHS}. */
export type Health = (typeof HEALTHS)[number];

/**
 * Why an observation has its health. The set is closed: the configuration schema publishes it as `$defs.Reason`,
 * and the store keeps it as a number whose order is this list's, so new reasons go at the end.
 */
export const REASONS = [
  "ok",
  // The network between here and the target.
  "connection-refused",
  "connection-reset",
  "connect-timeout",
  "timeout",
  "host-unreachable",
  "dns-not-found",
  "dns-failure",
  "dns-unexpected-answer",
  // TLS.
  "tls-handshake-failed",
  "certificate-expired",
  "certificate-expires-soon",
  "certificate-untrusted",
  "certificate-name-mismatch",
  // HTTP.
  "server-error",
  "unexpected-status",
  "access-denied",
  "rate-limited",
  "wrong-body",
  "body-too-large",
  "too-many-redirects",
  "protocol-error",
  "slow",
  // SuperTokens cores.
  "database-unreachable",
  "unknown-app",
  "wrong-identity",
  "key-set-mismatch",
  "session-create-failed",
  "session-verify-failed",
  "session-refresh-failed",
  "session-revoke-failed",
  // Databases.
  "authentication-failed",
  "database-starting",
  "too-many-connections",
  "connections-high",
  "pools-exceed-connections",
  "read-only",
  "in-recovery",
  "replication-lag",
  "query-failed",
  // Load balancers.
  "load-balancer-not-found",
  "load-balancer-not-active",
  "zone-missing",
  "no-healthy-target",
  "target-unhealthy",
  "target-missing",
  "target-unlisted",
  "target-draining",
  "partial-failure",
  // Heartbeats.
  "heartbeat-late",
  "heartbeat-missing",
  "heartbeat-reported-failure",
  // corewatch could not tell: always with health `unknown`.
  "not-seen-yet",
  "prober-dns",
  "prober-network",
  "prober-overloaded",
  "not-authorized",
  "api-throttled",
  "api-unreachable",
  "cancelled",
  "internal-error",
] as const;
/** One of {@link REASONS}. */
export type Reason = (typeof REASONS)[number];

/** The kinds of check, each one file in `checks/`. The store keeps a number whose order is this list's. */
export const CHECK_KINDS = [
  "hello",
  "jwks",
  "postgres",
  "mysql",
  "through-load-balancer",
  "load-balancer",
  "target-health",
  "tls",
  "dns",
  "tcp",
  "session",
  "http",
  "heartbeat",
] as const;
/** One of {@link CHECK_KINDS}. */
export type CheckKind = (typeof CHECK_KINDS)[number];

/** `true` for `down` and `degraded`: a health that an incident can be about. `unknown` is never bad. */
export function isBad(health: Health): boolean {
  return health === "down" || health === "degraded";
}
