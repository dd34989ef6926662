import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueCertificate } from "../../src/sandbox/certificates.ts";

/** A certificate for loopback from an authority of its own, as PEM texts. */
export async function makeCertificates(): Promise<{ key: string; cert: string; ca: string }> {
  const dir = mkdtempSync(join(tmpdir(), "corewatch-bench-tls-"));
  try {
    const files = await issueCertificate({ dir, names: ["localhost", "127.0.0.1"] });
    return {
      key: readFileSync(files.keyFile, "utf8"),
      cert: readFileSync(files.certFile, "utf8"),
      ca: readFileSync(files.caFile, "utf8"),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
