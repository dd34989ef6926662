import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, getCACertificates } from "node:tls";
import type { DetailedPeerCertificate, PeerCertificate, SecureContext, TLSSocket } from "node:tls";
import type { CertificateFacts, CertificateProblem, TlsSettings } from "../domain/index.ts";

/** Distinct sets of authorities kept; a context holds every default authority and takes some milliseconds to build. */
const MAX_CONTEXTS = 64;
/**
 * Key exchange without the post-quantum hybrids that OpenSSL offers first by itself: making their key costs a seventh of a
 * handshake, and every server that speaks them speaks X25519 as well.
 */
const GROUPS = "X25519:P-256:P-384:P-521";
const contexts = new Map<string, SecureContext>();

/** The context that trusts the default authorities and those of `ca` (PEM). */
export function contextFor(ca: string | undefined): SecureContext {
  const key = ca ?? "";
  let context = contexts.get(key);
  if (context === undefined) {
    context = createSecureContext({
      ecdhCurve: GROUPS,
      ...(ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] }),
    });
    const oldest = contexts.keys().next();
    if (contexts.size >= MAX_CONTEXTS && oldest.done !== true) contexts.delete(oldest.value);
    contexts.set(key, context);
  }
  return context;
}

/** What to send as SNI for a name: an address is never sent. */
export function sniOf(name: string): string {
  return isIP(name) === 0 ? name : "";
}

/** A socket after its handshake, and its certificate where that was read already. */
export interface Shown {
  readonly socket: TLSSocket;
  readonly leaf: PeerCertificate | undefined;
}

/**
 * What the handshake showed, judged for the expected name; `undefined` when the server showed no certificate.
 * The name is checked here, since the socket leaves it unchecked when the certificate is not trusted.
 */
export function inspect(
  { socket, leaf: read }: Shown,
  settings: TlsSettings,
  now: number,
): CertificateFacts | undefined {
  const leaf = read ?? socket.getPeerCertificate(false);
  if (leaf.valid_to === undefined) return undefined;
  const error = socket.authorized ? "" : String(socket.authorizationError);
  // An expired intermediate breaks the chain as well: its date is the one that matters then.
  const validTo =
    error === "CERT_HAS_EXPIRED" ? earliestEnd(socket.getPeerCertificate(true)) : Date.parse(leaf.valid_to);
  const facts = {
    validFrom: Date.parse(leaf.valid_from),
    validTo,
    subject: nameOf(leaf.subject),
    issuer: nameOf(leaf.issuer),
  };
  return { ...facts, problem: dateProblem(facts, now) ?? trustProblem(leaf, error, settings) };
}

/** The same facts at a later time: a kept connection or a resumed session outlives the handshake that showed them. */
export function atTime(facts: CertificateFacts, now: number): CertificateFacts {
  const problem = dateProblem(facts, now) ?? facts.problem;
  return problem === facts.problem ? facts : { ...facts, problem };
}

function dateProblem(
  facts: { readonly validFrom: number; readonly validTo: number },
  now: number,
): CertificateProblem | undefined {
  if (facts.validTo <= now) return "expired";
  return facts.validFrom > now ? "not-yet-valid" : undefined;
}

function trustProblem(leaf: PeerCertificate, error: string, settings: TlsSettings): CertificateProblem | undefined {
  if (error === "CERT_HAS_EXPIRED") return "expired";
  if (error === "CERT_NOT_YET_VALID") return "not-yet-valid";
  if (!settings.verify) return undefined;
  if (error !== "") return "untrusted";
  return checkServerIdentity(settings.serverName, leaf) === undefined ? undefined : "name-mismatch";
}

function earliestEnd(leaf: DetailedPeerCertificate): number {
  let end = Date.parse(leaf.valid_to);
  const seen = new Set<string>();
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.valid_to !== undefined; at = at.issuerCertificate) {
    if (seen.has(at.fingerprint256)) break;
    seen.add(at.fingerprint256);
    end = Math.min(end, Date.parse(at.valid_to));
  }
  return end;
}

/** `CN=example.com, O=Example`; bounded, since a server writes it. */
function nameOf(name: PeerCertificate["subject"] | undefined): string {
  const parts = Object.entries(name ?? {}).map(([key, value]) => `${key}=${[value].flat().join("+")}`);
  return (
    parts
      .join(", ")
      .replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, "?")
      .slice(0, 200) || "(no subject)"
  );
}
