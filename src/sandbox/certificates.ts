import { X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { errorCode } from "../store/errors.ts";

const DAY_MS = 86_400_000;

/** A certificate of the sandbox's own authority, as files. */
export interface SandboxCertificate {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Epoch ms. */
  readonly validTo: number;
}

/** What to issue. */
export interface CertificateOptions {
  /** Folder of the authority and of what it issues. */
  readonly dir: string;
  /** File name without ending; `server` unless set. */
  readonly name?: string;
  /** DNS names and IP addresses; the first is the common name. */
  readonly names: readonly string[];
  /** Days from now until it ends; below 0: it has ended. 365 unless set. */
  readonly days?: number;
}

/** Issues a certificate (P-256), making the authority `ca.pem` first where the folder has none. Keys are readable by the owner only. */
export async function issueCertificate(options: CertificateOptions): Promise<SandboxCertificate> {
  const { dir, name = "server", names, days = 365 } = options;
  await mkdir(dir, { recursive: true });
  const ca = await authority(dir);
  const [common] = names;
  if (common === undefined) throw new Error("a certificate needs a name");
  const made = await generate([{ name: "commonName", value: common }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(Date.now() + (Math.min(days, 0) - 2) * DAY_MS),
    notAfterDate: new Date(Date.now() + days * DAY_MS),
    ca,
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: names.map((value) => (isIP(value) === 0 ? { type: 2, value } : { type: 7, ip: value })),
      },
    ],
  });
  const files = {
    caFile: join(dir, "ca.pem"),
    certFile: join(dir, `${name}.pem`),
    keyFile: join(dir, `${name}.key`),
  };
  await writeFile(files.keyFile, made.private, { mode: 0o600 });
  await writeFile(files.certFile, made.cert);
  return { ...files, validTo: Date.parse(new X509Certificate(made.cert).validTo) };
}

/** The folder's authority; a new one when there is none, or it ends within a month. */
async function authority(dir: string): Promise<{ key: string; cert: string }> {
  const certFile = join(dir, "ca.pem");
  const keyFile = join(dir, "ca.key");
  try {
    const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
    if (Date.parse(new X509Certificate(cert).validTo) > Date.now() + 30 * DAY_MS) return { key, cert };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  const made = await generate([{ name: "commonName", value: "corewatch sandbox authority" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(Date.now() - 30 * DAY_MS),
    notAfterDate: new Date(Date.now() + 3_650 * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  await writeFile(keyFile, made.private, { mode: 0o600 });
  await writeFile(certFile, made.cert);
  return { key: made.private, cert: made.cert };
}
