import { TLSSocket } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HttpProber } from "../../src/domain/index.ts";
import { createHttpProber } from "../../src/http/prober.ts";
import { createAuthority, createCertificate } from "../support/certificates.ts";
import type { KeyPair } from "../support/certificates.ts";
import { ForwardClock, NEVER, request, startHttp, startHttps, startRaw, stopServers, tlsFor } from "./support.ts";

let authority: KeyPair;
let good: KeyPair;
let clock: ForwardClock;
let prober: HttpProber;

beforeAll(async () => {
  authority = await createAuthority();
  good = await createCertificate(["*.example.com"], { authority });
});

beforeEach(() => {
  clock = new ForwardClock();
  prober = createHttpProber({ clock });
});

afterEach(async () => {
  await prober.close();
  await stopServers();
});

const NAME = "acme.example.com";
const sayHello = (_request: unknown, response: { end(text: string): void }): void => response.end("Hello\n");

describe("an HTTPS probe", () => {
  it("of a core by address, behind a wildcard certificate, sends the deployment's name and finds nothing wrong", async () => {
    const names: unknown[] = [];
    const { url } = await startHttps(good, (incoming, response) => {
      names.push("servername" in incoming.socket ? incoming.socket.servername : undefined, incoming.headers.host);
      response.end("Hello\n");
    });
    const result = await prober.request(request(`${url}/hello`, { tls: tlsFor(NAME, authority), host: NAME }), NEVER);
    expect(result).toMatchObject({ ok: true, status: 200, certificate: { problem: undefined } });
    expect(result.certificate?.subject).toBe("CN=*.example.com");
    expect(result.certificate?.issuer).toBe("CN=Test Authority");
    expect(result.phases.tls).toBeGreaterThan(0);
    expect(names).toEqual([NAME, NAME]);
  });

  it.each([
    ["expired", { days: -1 }, NAME, "expired"],
    ["not valid yet", { startsInDays: 1, days: 9 }, NAME, "not-yet-valid"],
    ["for another name", {}, "acme.example.org", "name-mismatch"],
  ] as const)("of a server whose certificate is %s still gets the answer", async (_name, options, name, problem) => {
    const pair = await createCertificate(["*.example.com"], { authority, ...options });
    const { url } = await startHttps(pair, sayHello);
    const result = await prober.request(request(url, { tls: tlsFor(name, authority) }), NEVER);
    expect(result).toMatchObject({ ok: true, body: "Hello\n", certificate: { problem } });
  });

  it("reports an authority that nobody knows, unless told not to; expiry it reports in any case", async () => {
    const { url } = await startHttps(good, sayHello);
    const probe = (verify: boolean, at = url) =>
      prober.request(request(at, { tls: tlsFor(NAME, undefined, verify) }), NEVER);
    expect(await probe(true)).toMatchObject({ ok: true, certificate: { problem: "untrusted" } });
    expect(await probe(false)).toMatchObject({ ok: true, certificate: { problem: undefined } });
    const old = await createCertificate([NAME], { days: -1 });
    expect(await probe(false, (await startHttps(old, sayHello)).url)).toMatchObject({
      certificate: { problem: "expired" },
    });
  });

  it("that carries credentials sends nothing over a bad certificate", async () => {
    let requests = 0;
    const { url } = await startHttps(good, (_request, response) => {
      requests++;
      response.end();
    });
    const tls = tlsFor("acme.example.org", authority);
    const result = await prober.request(request(url, { tls, requireTrust: true }), NEVER);
    expect(result).toMatchObject({
      ok: false,
      failure: "tls-handshake-failed",
      certificate: { problem: "name-mismatch" },
    });
    await prober.request(request(url, { tls, connection: "reuse" }), NEVER);
    const kept = await prober.request(request(url, { tls, connection: "reuse", requireTrust: true }), NEVER);
    expect(kept).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
    expect(requests).toBe(1);
  });

  it("of a port that speaks no TLS fails in the handshake", async () => {
    const plain = await startHttp(sayHello);
    const closing = await startRaw((socket) => socket.end());
    for (const { port } of [plain, closing]) {
      const result = await prober.request(request(`https://127.0.0.1:${port}/`), NEVER);
      expect(result).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
      expect(result.phases.connect).toBeGreaterThan(0);
    }
  });

  it("of a port that accepts and says nothing ends at its deadline", async () => {
    const { port } = await startRaw(() => undefined);
    const result = await prober.request(request(`https://127.0.0.1:${port}/`, { timeoutMs: 100 }), NEVER);
    expect(result).toMatchObject({ ok: false, failure: "timeout" });
    expect(result).toHaveProperty("detail", expect.stringContaining("TLS handshake"));
  });

  it("takes a certificate on a kept connection for what it is by now", async () => {
    const pair = await createCertificate([NAME], { authority, days: 20 / 86_400 });
    const { url } = await startHttps(pair, sayHello);
    const probe = () => prober.request(request(url, { tls: tlsFor(NAME, authority), connection: "reuse" }), NEVER);
    expect(await probe()).toMatchObject({ certificate: { problem: undefined } });
    clock.forward(30_000);
    expect(await probe()).toMatchObject({ reused: true, certificate: { problem: "expired" } });
  });
});

describe("fresh HTTPS connections", () => {
  it("resume the session, show the same certificate, and shake hands in full again within a minute", async () => {
    const resumed: boolean[] = [];
    const { url, server, accepted } = await startHttps(good, (incoming, response) => {
      resumed.push(incoming.socket instanceof TLSSocket && incoming.socket.isSessionReused());
      response.end("Hello\n");
    });
    const probe = () => prober.request(request(url, { tls: tlsFor(NAME, authority) }), NEVER);
    const first = await probe();
    const second = await probe();
    expect(resumed).toEqual([false, true]);
    expect(accepted()).toBe(2);
    expect(second).toMatchObject({ reused: false, certificate: first.certificate });

    server.setSecureContext(await createCertificate(["other.example.com"], { authority }));
    clock.forward(60_000);
    expect(await probe()).toMatchObject({ ok: true, certificate: { problem: "name-mismatch" } });
    expect(resumed.at(-1)).toBe(false);
  });
});
