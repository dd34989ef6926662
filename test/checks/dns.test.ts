import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dns } from "../../checks/dns.ts";
import { startNameServer } from "../net/support.ts";
import type { NameServer } from "../net/support.ts";
import { Bench, deployment, endpoint, fleet } from "./probing.ts";

let server: NameServer;
let bench: Bench;

beforeEach(async () => {
  server = await startNameServer({
    "www.example.com": { a: ["192.0.2.1", "192.0.2.2"], aaaa: ["2001:db8:0:0:0:0:0:1"], cname: "LB.example.net" },
    "plain.example.com": { a: ["192.0.2.1"] },
    "broken.example.com": "servfail",
  });
  bench = new Bench([server.address]);
});

afterEach(async () => {
  await bench.close();
  await server.close();
});

describe("dns", () => {
  it("looks at the names of connectionUris and at dns:// endpoints, never at addresses or the loopback", () => {
    const plan = dns.targets(
      fleet(
        [
          deployment("acme", "https://acme.example.com:3567"),
          deployment("ip", "http://10.0.0.1"),
          deployment("six", "http://[::1]:80"),
          deployment("local", "http://localhost:3567"),
        ],
        [endpoint("zone", "dns://www.example.com", { expect: ["192.0.2.1"] }), endpoint("w", "http://w/")],
      ),
    );
    expect(plan).toEqual([
      {
        target: { kind: "deployment", id: "acme", deployment: "acme" },
        input: { name: "acme.example.com", expect: [] },
      },
      {
        target: { kind: "endpoint", id: "zone", deployment: null },
        input: { name: "www.example.com", expect: ["192.0.2.1"] },
      },
    ]);
  });

  it.each([
    ["www.example.com", [], "up", "ok"],
    ["www.example.com", ["192.0.2.9", "192.0.2.2"], "up", "ok"],
    ["www.example.com", ["2001:0DB8::0:1"], "up", "ok"],
    ["www.example.com", ["lb.example.net."], "up", "ok"],
    ["www.example.com", ["192.0.2.9"], "down", "dns-unexpected-answer"],
    ["plain.example.com", ["lb.example.net"], "down", "dns-unexpected-answer"],
    ["nowhere.example.com", [], "down", "dns-not-found"],
    ["broken.example.com", [], "down", "dns-failure"],
  ] as const)("of %s where %j is expected is %s: %s", async (name, expected, health, reason) => {
    expect(await bench.probe(dns, { name, expect: expected })).toMatchObject({ health, reason });
  });
});
