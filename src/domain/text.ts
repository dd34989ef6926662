import type { Reason } from "./health.ts";
import type { Target } from "./observation.ts";

/** `850 ms`, `12 s`, `12 min`, `3 h 5 min`, `2 d 4 h`: at most two units, rounded down. Negative durations read as 0. */
export function formatDuration(ms: number): string {
  const safe = Number.isFinite(ms) ? Math.max(0, ms) : 0;
  if (safe < 1_000) return `${Math.floor(safe)} ms`;
  const seconds = Math.floor(safe / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** `a`, `a and b`, `a, b and 38 more`: at most `max` names are spelled out. `total`: how many there are, where not all have a name here. */
export function listSome(names: readonly string[], max: number, total = names.length): string {
  const shown = names.slice(0, Math.max(1, max));
  const more = Math.max(names.length, total) - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  if (shown.length < 2) return shown[0] ?? "";
  return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** `acme/acme-1`, `load balancer acme`: a core goes by its name, everything else says what it is. */
export function nameTarget({ kind, id }: Pick<Target, "kind" | "id">): string {
  return kind === "core" ? id : `${kind.replace("-", " ")} ${id}`;
}

/** What each reason says of its target, to stand after its name: "acme-1 refuses connections". */
export const REASON_TEXTS: Readonly<Record<Reason, string>> = {
  ok: "answers as it should",
  "connection-refused": "refuses connections",
  "connection-reset": "drops the connection",
  "connect-timeout": "does not accept a connection in time",
  timeout: "does not answer in time",
  "host-unreachable": "cannot be reached: no route to its host",
  "dns-not-found": "has a name that DNS does not know",
  "dns-failure": "has a name that DNS fails to resolve",
  "dns-unexpected-answer": "has a name that resolves to something unexpected",
  "tls-handshake-failed": "fails the TLS handshake",
  "certificate-expired": "shows an expired certificate",
  "certificate-expires-soon": "shows a certificate that expires soon",
  "certificate-untrusted": "shows a certificate that is not trusted",
  "certificate-name-mismatch": "shows a certificate for another name",
  "server-error": "answers with a server error",
  "unexpected-status": "answers with an unexpected status",
  "access-denied": "denies access",
  "rate-limited": "answers that it is asked too often",
  "wrong-body": "answers something other than expected",
  "body-too-large": "answers without end",
  "too-many-redirects": "redirects in circles",
  "protocol-error": "does not speak the expected protocol",
  slow: "answers slowly",
  "database-unreachable": "answers that it cannot reach its database",
  "unknown-app": "does not know the app it is asked for",
  "wrong-identity": "is something other than this deployment's core",
  "key-set-mismatch": "serves other signing keys than its deployment",
  "session-create-failed": "creates no session",
  "session-verify-failed": "does not verify a session",
  "session-refresh-failed": "does not refresh a session",
  "session-revoke-failed": "does not revoke a session",
  "authentication-failed": "rejects the credentials",
  "database-starting": "is starting up",
  "too-many-connections": "has no connection left",
  "connections-high": "is close to its limit of connections",
  "pools-exceed-connections": "allows fewer connections than the cores' pools may open",
  "read-only": "is read-only",
  "in-recovery": "is in recovery",
  "replication-lag": "lags behind its primary",
  "query-failed": "fails a simple query",
  "load-balancer-not-found": "does not exist",
  "load-balancer-not-active": "is not active",
  "zone-missing": "does not cover all zones of its targets",
  "no-healthy-target": "has no healthy target",
  "target-unhealthy": "has unhealthy targets",
  "target-missing": "lacks targets that should be registered",
  "target-unlisted": "has targets that the inventory does not list",
  "target-draining": "has targets that are draining",
  "partial-failure": "fails for a part of the requests",
  "heartbeat-late": "reported in late",
  "heartbeat-missing": "has stopped reporting in",
  "heartbeat-reported-failure": "reported a failure",
  "not-seen-yet": "was not looked at yet",
  "prober-dns": "could not be looked up from here",
  "prober-network": "could not be reached for want of a network here",
  "prober-overloaded": "was not looked at: too much to do here",
  "not-authorized": "may not be read with the credentials here",
  "api-throttled": "was not read: the API asks to slow down",
  "api-unreachable": "was not read: the API cannot be reached",
  cancelled: "was not looked at to the end",
  "internal-error": "could not be judged: a fault in corewatch",
};
