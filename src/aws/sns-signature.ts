import { verify } from "node:crypto";
import type { Clock } from "../domain/index.ts";
import { CertificateError, type CertificateSource } from "./sns-certificates.ts";
import { MAX_SNS_BYTES, parseEnvelope, signedText, type SnsEnvelope } from "./sns-message.ts";
import { ReplayMemory } from "./sns-replay.ts";

/** Why a message is refused. `certificate-unavailable` alone may go away by itself: the sender should try again. */
export type SnsRefusal =
  | "too-large"
  | "not-sns"
  | "foreign-topic"
  | "stale"
  | "unknown-signature-version"
  | "certificate-address"
  | "certificate-unavailable"
  | "certificate-invalid"
  | "forged"
  | "replayed";

/** What verification found. */
export type SnsVerdict =
  | {
      readonly ok: true;
      readonly message: SnsEnvelope;
      /** Epoch ms. */
      readonly at: number;
      /** It could not be worked off: let it come again. */
      forget(): void;
    }
  | { readonly ok: false; readonly refusal: SnsRefusal; readonly detail: string };

/** Verifies that messages come from SNS, from a topic of the fleet, now and for the first time. */
export interface SnsVerifier {
  /** `body`: the message as it arrived. Never throws. */
  verify(body: string): Promise<SnsVerdict>;
}

/** Settings of {@link createSnsVerifier}. */
export interface SnsVerifierOptions {
  readonly clock: Clock;
  readonly certificates: CertificateSource;
  /** Whether a topic is the fleet's. */
  readonly isOurs: (topicArn: string) => boolean;
  /** Messages older than this are refused; an hour unless set: SNS goes on trying about so long. */
  readonly maxAgeMs?: number;
  /** Messages that are remembered against replay; 20,000 unless set. */
  readonly memory?: number;
}

const MAX_AGE_MS = 3_600_000;
/** How far the sender's clock may be ahead. */
const MAX_AHEAD_MS = 5 * 60_000;
const MEMORY = 20_000;
const HASHES: Readonly<Record<string, string>> = { "1": "RSA-SHA1", "2": "RSA-SHA256" };
const HOST = /^sns\.[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?$/;
const PATH = /^\/SimpleNotificationService-[\w-]{1,128}\.pem$/;

/** Verifies cheap things first; nothing is fetched for a message that would be refused anyway. */
export function createSnsVerifier(options: SnsVerifierOptions): SnsVerifier {
  const { clock, certificates, isOurs, maxAgeMs = MAX_AGE_MS } = options;
  const memory = new ReplayMemory(options.memory ?? MEMORY);
  return {
    async verify(body) {
      if (Buffer.byteLength(body) > MAX_SNS_BYTES)
        return refused("too-large", `it is larger than ${MAX_SNS_BYTES} bytes`);
      const message = parseEnvelope(body);
      if (message === undefined) return refused("not-sns", "it is not a message of SNS");
      if (!isOurs(message.topicArn))
        return refused("foreign-topic", `no topic of the fleet is ${short(message.topicArn)}`);
      const at = Date.parse(message.timestamp);
      const now = clock.now();
      if (!(at >= now - maxAgeMs && at <= now + MAX_AHEAD_MS))
        return refused("stale", `its time is ${short(message.timestamp)}`);
      const hash = HASHES[message.signatureVersion];
      if (hash === undefined)
        return refused("unknown-signature-version", `its signature version is ${short(message.signatureVersion)}`);
      if (!isCertificateAddress(message.certificateUrl))
        return refused("certificate-address", `SNS keeps no certificate at ${short(message.certificateUrl)}`);
      const bad = await signatureTrouble(message, hash, certificates);
      if (bad !== undefined) return bad;
      if (!memory.take(message.id, at, now - maxAgeMs))
        return refused("replayed", `message ${short(message.id)} was here before`);
      return { ok: true, message, at, forget: () => memory.forget(message.id) };
    },
  };
}

async function signatureTrouble(
  message: SnsEnvelope,
  hash: string,
  certificates: CertificateSource,
): Promise<SnsVerdict | undefined> {
  try {
    const key = await certificates.keyOf(message.certificateUrl);
    if (key.asymmetricKeyType !== "rsa") return refused("certificate-invalid", "its key is not an RSA key");
    const signature = Buffer.from(message.signature, "base64");
    const genuine = verify(hash, Buffer.from(signedText(message)), key, signature);
    return genuine ? undefined : refused("forged", "its signature is not of what it says");
  } catch (error) {
    const kind =
      error instanceof CertificateError && error.kind === "bad" ? "certificate-invalid" : "certificate-unavailable";
    return refused(kind, error instanceof Error ? error.message : "the signing certificate could not be had");
  }
}

/** `https://sns.<region>.amazonaws.com[.cn]/SimpleNotificationService-….pem`, and nothing else. */
export function isCertificateAddress(text: string): boolean {
  if (!URL.canParse(text) || text.length > 300) return false;
  const url = new URL(text);
  const plain = url.port === "" && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  // The very text is compared too: what a parser mends is not what SNS writes.
  return (
    url.protocol === "https:" &&
    plain &&
    HOST.test(url.hostname) &&
    PATH.test(url.pathname) &&
    text === `https://${url.hostname}${url.pathname}`
  );
}

function refused(refusal: SnsRefusal, detail: string): SnsVerdict {
  return { ok: false, refusal, detail };
}

/** Words from outside, bounded and on one line. */
function short(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
