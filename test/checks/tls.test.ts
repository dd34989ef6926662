import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tls } from "../../checks/tls.ts";
import { createAuthority, createCertificate } from "../support/certificates.ts";
import { startHttp, startHttps, stopServers, tlsFor } from "../http/support.ts";
import { Bench, deployment, endpoint, fleet } from "./probing.ts";

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

describe("tls", () => {
  it("looks at every https connectionUri and endpoint", () => {
    const plan = tls.targets(
      fleet(
        [deployment("acme", "https://acme.example.com:3567"), deployment("plain", "http://plain.example.com")],
        [
          endpoint("landing", "https://www.example.com/x"),
          endpoint("six", "https://[::1]:8443"),
          endpoint("t", "tcp://b:1"),
        ],
      ),
    );
    expect(plan).toMatchObject([
      { target: { kind: "deployment", id: "acme" }, input: { host: "acme.example.com", port: 3567 } },
      {
        target: { kind: "endpoint", id: "landing" },
        input: { port: 443, tls: { serverName: "www.example.com", verify: true } },
      },
      { target: { kind: "endpoint", id: "six" }, input: { host: "::1", port: 8443 } },
    ]);
  });

  it.each([
    ["is good", {}, "a.example.com", "up", "ok"],
    ["expires soon", { days: 3 }, "a.example.com", "degraded", "certificate-expires-soon"],
    ["has expired", { days: -3 }, "a.example.com", "degraded", "certificate-expired"],
    ["is for another name", {}, "a.example.org", "degraded", "certificate-name-mismatch"],
  ] as const)("of a certificate that %s", async (_name, options, name, health, reason) => {
    const authority = await createAuthority();
    const pair = await createCertificate(["*.example.com"], { authority, ...options });
    const { port } = await startHttps(pair, (_request, response) => response.end());
    const outcome = await bench.probe(tls, { host: "127.0.0.1", port, tls: tlsFor(name, authority) });
    expect(outcome).toMatchObject({ health, reason });
    expect(outcome.measures["certificateDays"]).toBeDefined();
    expect(outcome.phases?.tls).toBeGreaterThan(0);
  });

  it("of a port that speaks no TLS is down", async () => {
    const { port } = await startHttp((_request, response) => response.end());
    const outcome = await bench.probe(tls, { host: "127.0.0.1", port, tls: tlsFor("a.example.com") });
    expect(outcome).toMatchObject({ health: "down", reason: "tls-handshake-failed" });
  });
});
