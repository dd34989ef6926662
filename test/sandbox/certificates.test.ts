import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { issueCertificate } from "../../src/sandbox/certificates.ts";
import type { SandboxCertificate } from "../../src/sandbox/certificates.ts";
import { boundPort } from "../../src/sandbox/files.ts";
import { temporaryFolder } from "./core-support.ts";

let folder: { path: string; remove(): Promise<void> };

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder.remove());

/** What a client that trusts the authority says of the certificate under this name. */
async function look(certificate: SandboxCertificate, servername: string): Promise<string> {
  const server = createServer({ key: readFileSync(certificate.keyFile), cert: readFileSync(certificate.certFile) });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  try {
    return await new Promise((resolve) => {
      const socket = connect({
        host: "127.0.0.1",
        port: boundPort(server),
        servername,
        ca: readFileSync(certificate.caFile),
      });
      socket.once("secureConnect", () => {
        socket.destroy();
        resolve("trusted");
      });
      socket.once("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    });
  } finally {
    server.close();
  }
}

it("is trusted under its names by who trusts the authority, and under no other", async () => {
  const issued = await issueCertificate({
    dir: folder.path,
    names: ["acme.sandbox.test", "*.sandbox.test", "127.0.0.1"],
  });
  expect(await look(issued, "acme.sandbox.test")).toBe("trusted");
  expect(await look(issued, "other.sandbox.test")).toBe("trusted");
  expect(await look(issued, "elsewhere.test")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  expect(issued.validTo).toBeGreaterThan(Date.now() + 300 * 86_400_000);
});

it("can have ended, or end soon, under the same authority", async () => {
  const ca = readFileSync(`${folder.path}/ca.pem`, "utf8");
  const ended = await issueCertificate({ dir: folder.path, name: "ended", names: ["acme.sandbox.test"], days: -1 });
  expect(await look(ended, "acme.sandbox.test")).toBe("CERT_HAS_EXPIRED");
  const ending = await issueCertificate({ dir: folder.path, name: "ending", names: ["acme.sandbox.test"], days: 3 });
  expect(await look(ending, "acme.sandbox.test")).toBe("trusted");
  expect(ending.validTo).toBeLessThan(Date.now() + 4 * 86_400_000);
  expect(readFileSync(`${folder.path}/ca.pem`, "utf8")).toBe(ca);
});
