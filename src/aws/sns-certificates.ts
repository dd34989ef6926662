import { X509Certificate, type KeyObject } from "node:crypto";
import type { Clock } from "../domain/index.ts";

/** Finds the key that a signature is verified with. */
export interface CertificateSource {
  /** @throws CertificateError */
  keyOf(url: string): Promise<KeyObject>;
}

/** Why a certificate could not be used. `bad`: it is none or not valid; `unavailable`: it could not be fetched, another time may do. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly kind: "bad" | "unavailable";
  constructor(kind: "bad" | "unavailable", message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Settings of {@link createCertificateSource}. */
export interface CertificateSourceOptions {
  readonly clock: Clock;
  /** Where SNS itself is to be found instead (AWS_ENDPOINT_URL_SNS, AWS_ENDPOINT_URL): the path is asked for there. */
  readonly endpoint?: string;
  /** Time for one fetch; 5 s unless set. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** A certificate is about 2 KB. */
const MAX_BYTES = 16_000;
/** One a region, and they change a few times a year. */
const MAX_KEPT = 32;
const KEPT_MS = 24 * 3_600_000;
/** An address that gave no certificate is not asked again before. */
const REFUSED_MS = 60_000;
/** Fetches under way at once: what names an address is not verified yet. */
const MAX_FETCHES = 4;

interface Kept {
  /** Monotonic ms until which it holds. */
  readonly until: number;
  readonly certificate: X509Certificate | CertificateError;
}

/** Fetches signing certificates over HTTPS and keeps them for a day. Bounded in size, time and number. */
export function createCertificateSource(options: CertificateSourceOptions): CertificateSource {
  const { clock, endpoint, timeoutMs = TIMEOUT_MS } = options;
  const kept = new Map<string, Kept>();
  const flights = new Map<string, Promise<X509Certificate>>();

  const keep = (url: string, certificate: Kept["certificate"], forMs: number): void => {
    kept.delete(url);
    kept.set(url, { until: clock.monotonic() + forMs, certificate });
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  };
  const fetchOnce = async (url: string): Promise<X509Certificate> => {
    try {
      const certificate = await fetchCertificate(addressOf(url, endpoint), timeoutMs);
      keep(url, certificate, KEPT_MS);
      return certificate;
    } catch (error) {
      if (error instanceof CertificateError && error.kind === "bad") keep(url, error, REFUSED_MS);
      throw error;
    } finally {
      flights.delete(url);
    }
  };
  const find = (url: string): Promise<X509Certificate> => {
    const known = kept.get(url);
    if (known !== undefined && clock.monotonic() < known.until) {
      const { certificate } = known;
      return certificate instanceof CertificateError ? Promise.reject(certificate) : Promise.resolve(certificate);
    }
    const under = flights.get(url);
    if (under !== undefined) return under;
    if (flights.size >= MAX_FETCHES)
      return Promise.reject(new CertificateError("unavailable", "too many signing certificates are being fetched"));
    const flight = fetchOnce(url);
    flights.set(url, flight);
    return flight;
  };

  return {
    async keyOf(url) {
      const certificate = await find(url);
      const now = clock.now();
      if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
        throw new CertificateError("bad", "the signing certificate is not valid at this time");
      return certificate.publicKey;
    },
  };
}

function addressOf(url: string, endpoint: string | undefined): string {
  return endpoint === undefined ? url : new URL(new URL(url).pathname, endpoint).href;
}

async function fetchCertificate(address: string, timeoutMs: number): Promise<X509Certificate> {
  const pem = await fetchText(address, timeoutMs);
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new CertificateError("bad", `what was fetched is no certificate (${reasonOf(error)})`);
  }
}

async function fetchText(address: string, timeoutMs: number): Promise<string> {
  try {
    const answer = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      await answer.body?.cancel();
      throw new CertificateError("bad", `there is no signing certificate at its address (HTTP ${answer.status})`);
    }
    if (answer.status !== 200) {
      await answer.body?.cancel();
      throw new CertificateError("unavailable", `the signing certificate could not be fetched (HTTP ${answer.status})`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body ?? []) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new CertificateError("bad", "what was fetched is too large for a certificate");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError("unavailable", `the signing certificate could not be fetched (${reasonOf(error)})`);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : "failed").slice(0, 120);
}
