import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createAuthority, createCertificate, type KeyPair } from "../support/certificates.ts";
import { level, startTls, stopServers, targetAt } from "./closed-support.ts";

let authority: KeyPair;
let good: KeyPair;

beforeAll(async () => {
  authority = await createAuthority();
  good = await createCertificate(["localhost"], { authority });
});
afterEach(stopServers);

/** A server that counts what reached it, and the target for it. */
async function start(pair: KeyPair, more: { verify?: boolean; serverName?: string; ca?: string | undefined } = {}) {
  const seen = { asked: 0, onAsk: (): void => undefined };
  const { url, show } = await startTls(pair, (_incoming, response) => {
    seen.asked++;
    seen.onAsk();
    setTimeout(() => response.end("Hello\n"), 2);
  });
  const tls = { ca: authority.cert, verify: true, serverName: "localhost", ...more };
  return { target: targetAt(url, { apiKey: "the-key", tls }), show, seen };
}

describe("a level over TLS", () => {
  it("is measured where the certificate holds", async () => {
    const { target } = await start(good);
    const measured = await level(target);
    expect(measured.requests).toBeGreaterThan(20);
    expect(measured).toMatchObject({ errors: 0, timeouts: 0, non2xx: 0 });
  });

  it.each([
    [
      "has expired",
      async () => start(await createCertificate(["localhost"], { authority, days: -1 })),
      /CERT_HAS_EXPIRED/,
    ],
    ["nobody vouches for", async () => start(await createCertificate(["localhost"])), /SELF_SIGNED/],
    ["is of another authority", () => start(good, { ca: undefined }), /UNABLE_TO_VERIFY/],
    ["is for another name", () => start(good, { serverName: "acme.example.com" }), /ALTNAME_INVALID/],
  ])("is an error where the certificate %s, and no request is sent", async (_name, make, message) => {
    const { target, seen } = await make();
    await expect(level(target)).rejects.toThrow(message);
    expect(seen.asked).toBe(0);
  });

  it("is measured with any certificate where the target says so", async () => {
    const { target } = await start(await createCertificate(["elsewhere"], { days: -1 }), { verify: false });
    expect((await level(target)).requests).toBeGreaterThan(20);
  });

  it("is an error where a later connection shows a certificate that does not hold, and no request follows on it", async () => {
    const { target, show, seen } = await start(good);
    const expired = await createCertificate(["localhost"], { authority, days: -1 });
    seen.onAsk = () => {
      if (seen.asked === 50) show(expired);
    };
    await expect(level(target, { ms: 3_000 })).rejects.toThrow(/does not hold for localhost: CERT_HAS_EXPIRED/);
    expect(seen.asked).toBe(50);
  });
});
