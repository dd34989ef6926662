import type { CertificateFacts, Health, NetFailure, Outcome, Phases, Reason } from "../src/domain/index.ts";

/** Everything that is well: no detail, since there is nothing to tell. */
export function up(phases: Phases, measures: Readonly<Record<string, number>> = {}): Outcome {
  return { health: "up", reason: "ok", detail: "", measures, phases };
}

/** An outcome that says something is wrong, or could not be told. */
export function bad(
  health: Exclude<Health, "up">,
  reason: Reason,
  detail: string,
  phases?: Phases,
  measures: Readonly<Record<string, number>> = {},
): Outcome {
  return phases === undefined ? { health, reason, detail, measures } : { health, reason, detail, measures, phases };
}

const FAILURES: Record<NetFailure, readonly [Health, Reason]> = {
  "dns-not-found": ["down", "dns-not-found"],
  "dns-failure": ["down", "dns-failure"],
  "connection-refused": ["down", "connection-refused"],
  "connection-reset": ["down", "connection-reset"],
  "connect-timeout": ["down", "connect-timeout"],
  timeout: ["down", "timeout"],
  "host-unreachable": ["down", "host-unreachable"],
  "tls-handshake-failed": ["down", "tls-handshake-failed"],
  "protocol-error": ["down", "protocol-error"],
  "too-many-redirects": ["down", "too-many-redirects"],
  // The fault is on this host: nothing was learned about the target.
  "local-network": ["unknown", "prober-network"],
  "local-resources": ["unknown", "prober-overloaded"],
  cancelled: ["unknown", "cancelled"],
};

/** What a failure of the network means for the target: `unknown` when the fault is this host's own, or the probe was called off. */
export function failureOutcome(failure: NetFailure, detail: string, phases: Phases): Outcome {
  const [health, reason] = FAILURES[failure];
  return { health, reason, detail, measures: {}, phases };
}

const DAY_MS = 86_400_000;

/** Whole and fractional days from `now` (epoch ms) until the certificate expires; negative when it has. Rounded to hundredths. */
export function certificateDays(certificate: CertificateFacts, now: number): number {
  return Math.round(((certificate.validTo - now) / DAY_MS) * 100) / 100;
}

/**
 * What a certificate alone says: `undefined` when it is good for more than `warnDays`. A bad certificate never makes a target
 * down: it still answers, and those who verify it are told.
 */
export function certificateTrouble(
  certificate: CertificateFacts,
  now: number,
  warnDays: number,
): { readonly reason: Reason; readonly detail: string } | undefined {
  const until = new Date(certificate.validTo).toISOString();
  switch (certificate.problem) {
    case "expired":
      return { reason: "certificate-expired", detail: `the certificate of ${certificate.subject} expired at ${until}` };
    case "not-yet-valid":
      return {
        reason: "certificate-untrusted",
        detail: `the certificate of ${certificate.subject} is not valid before ${new Date(certificate.validFrom).toISOString()}`,
      };
    case "untrusted":
      return {
        reason: "certificate-untrusted",
        detail: `the certificate of ${certificate.subject}, issued by ${certificate.issuer}, is not trusted: set tls.ca if its authority is your own`,
      };
    case "name-mismatch":
      return {
        reason: "certificate-name-mismatch",
        detail: `the certificate of ${certificate.subject} is not for the name that was asked for`,
      };
    case undefined:
      break;
  }
  const days = certificateDays(certificate, now);
  if (days > warnDays) return undefined;
  return {
    reason: "certificate-expires-soon",
    detail: `the certificate of ${certificate.subject} expires at ${until}, in ${Math.max(0, Math.floor(days))} days`,
  };
}
