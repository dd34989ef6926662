import { connect } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NetProber } from "../../src/domain/index.ts";
import { createNetProber } from "../../src/net/prober.ts";
import { createAuthority, createCertificate } from "../support/certificates.ts";
import type { KeyPair } from "../support/certificates.ts";
import { ForwardClock, NEVER, startHttps, startRaw, stopServers, tlsFor, until } from "../http/support.ts";
import { startDeafPort, startNameServer } from "./support.ts";
import type { NameServer } from "./support.ts";

let authority: KeyPair;
let dns: NameServer;
let prober: NetProber;

beforeAll(async () => {
  authority = await createAuthority();
});

beforeEach(async () => {
  dns = await startNameServer({
    "www.example.com": { a: ["192.0.2.1"], aaaa: ["2001:db8:0:0:0:0:0:1"], cname: "lb.example.net" },
    "broken.example.com": "servfail",
    "silent.example.com": "silent",
  });
  prober = createNetProber({ clock: new ForwardClock(), servers: [dns.address] });
});

afterEach(async () => {
  await dns.close();
  await stopServers();
});

describe("a TCP probe", () => {
  it("connects, says how long it took, and hangs up", async () => {
    const { port, accepted, open } = await startRaw(() => undefined);
    const result = await prober.tcp("localhost", port, 1_000, NEVER);
    expect(result).toMatchObject({ ok: true, remoteAddress: "127.0.0.1" });
    expect(result.phases.connect).toBeGreaterThan(0);
    await until(() => accepted() === 1 && open() === 0, "the connection's end");
  });

  it("to a closed port is refused", async () => {
    const { port } = await startRaw(() => undefined);
    await stopServers();
    expect(await prober.tcp("127.0.0.1", port, 1_000, NEVER)).toMatchObject({ failure: "connection-refused" });
  });

  it("to a port that accepts nobody any more runs into the connect timeout", async () => {
    const deaf = await startDeafPort();
    const fillers = Array.from({ length: 4 }, () => connect(deaf.port, "127.0.0.1").on("error", () => undefined));
    await until(() => fillers.filter((socket) => !socket.connecting).length >= 2, "a full backlog");
    expect(await prober.tcp("127.0.0.1", deaf.port, 150, NEVER)).toMatchObject({ failure: "connect-timeout" });
    for (const socket of fillers) socket.destroy();
    await deaf.close();
  });

  it("ends when it is called off", async () => {
    expect(await prober.tcp("127.0.0.1", 9, 1_000, AbortSignal.abort())).toMatchObject({ failure: "cancelled" });
  });
});

describe("a TLS probe", () => {
  it("shows the certificate, whatever is wrong with it", async () => {
    const pair = await createCertificate(["*.example.com"], { authority, days: 10 });
    const { port, open } = await startHttps(pair, (_request, response) => response.end());
    const look = (name: string) => prober.tls("127.0.0.1", port, tlsFor(name, authority), 2_000, NEVER);
    const good = await look("a.example.com");
    expect(good).toMatchObject({ ok: true, certificate: { problem: undefined, subject: "CN=*.example.com" } });
    expect(await look("a.example.org")).toMatchObject({ ok: true, certificate: { problem: "name-mismatch" } });
    await until(() => open() === 0, "the connections' end");
  });

  it("of a port that speaks no TLS fails in the handshake", async () => {
    const { port } = await startRaw((socket) => socket.end("no\r\n"));
    const result = await prober.tls("127.0.0.1", port, tlsFor("a.example.com"), 1_000, NEVER);
    expect(result).toMatchObject({ ok: false, failure: "tls-handshake-failed" });
  });
});

describe("a DNS probe", () => {
  it("gives addresses of both families and what the name is an alias of, asked anew each time", async () => {
    const look = () => prober.dns("www.example.com", 1_000, NEVER);
    expect(await look()).toMatchObject({
      ok: true,
      addresses: ["192.0.2.1", "2001:db8::1"],
      names: ["lb.example.net"],
    });
    await look();
    expect(dns.asked).toHaveLength(6);
  });

  it.each([
    ["a name that does not exist", "nowhere.example.com", 1_000, "dns-not-found"],
    ["a server that fails", "broken.example.com", 1_000, "dns-failure"],
    ["a server that does not answer", "silent.example.com", 150, "dns-failure"],
  ] as const)("tells %s", async (_name, name, timeoutMs, failure) => {
    expect(await prober.dns(name, timeoutMs, NEVER)).toMatchObject({ ok: false, failure });
  });

  it("ends when it is called off", async () => {
    const caller = new AbortController();
    const pending = prober.dns("silent.example.com", 5_000, caller.signal);
    await until(() => dns.asked.length > 0, "the question");
    caller.abort();
    expect(await pending).toMatchObject({ ok: false, failure: "cancelled" });
  });
});
