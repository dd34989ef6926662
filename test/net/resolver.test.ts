import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/net/resolver.ts";
import type { Resolver } from "../../src/net/resolver.ts";
import { ForwardClock } from "../http/support.ts";
import { startNameServer } from "./support.ts";
import type { NameServer } from "./support.ts";

let clock: ForwardClock;
let server: NameServer;
let folder: string;
let hostsFile: string;
let resolver: Resolver;

beforeEach(async () => {
  clock = new ForwardClock();
  folder = await mkdtemp(join(tmpdir(), "hosts-"));
  hostsFile = join(folder, "hosts");
  await writeFile(hostsFile, "127.0.0.9 core-1 core-1.internal # the first\n::9 core-1\n");
  server = await startNameServer({
    "www.example.com": { a: ["192.0.2.1", "192.0.2.2"], ttl: 300 },
    "short.example.com": { a: ["192.0.2.3"], ttl: 2 },
    "six.example.com": { aaaa: ["2001:db8:0:0:0:0:0:1"] },
    "empty.example.com": {},
    "broken.example.com": "servfail",
  });
  resolver = createResolver({ clock, servers: [server.address], hostsFile });
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe("the resolver", () => {
  it("asks nobody for an address, the loopback or a name of the hosts file", async () => {
    expect(await resolver.resolve("10.0.0.1")).toEqual(["10.0.0.1"]);
    expect(await resolver.resolve("[::1]")).toEqual(["::1"]);
    expect(await resolver.resolve("localhost")).toEqual(["127.0.0.1", "::1"]);
    expect(await resolver.resolve("Core-1")).toEqual(["127.0.0.9", "::9"]);
    expect(server.asked).toEqual([]);
  });

  it("sees a change of the hosts file", async () => {
    await resolver.resolve("core-1");
    await writeFile(hostsFile, "127.0.0.10 core-1\n");
    clock.forward(6_000);
    expect(await resolver.resolve("core-1")).toEqual(["127.0.0.10"]);
    await rm(hostsFile);
    clock.forward(6_000);
    await expect(resolver.resolve("core-1")).rejects.toMatchObject({ failure: "dns-not-found" });
    await writeFile(hostsFile, "");
  });

  it("takes A, and AAAA only where there is no A", async () => {
    expect(await resolver.resolve("www.example.com")).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(await resolver.resolve("six.example.com")).toEqual(["2001:db8::1"]);
    expect(server.asked).toEqual(["A www.example.com", "A six.example.com", "AAAA six.example.com"]);
  });

  it("keeps an answer for its TTL, at most 30 s, and turns through its addresses", async () => {
    const first = await Promise.all(["www.example.com", "www.example.com"].map((name) => resolver.resolve(name)));
    expect(first[0]).toEqual(first[1]);
    const heads = [await resolver.resolve("www.example.com"), await resolver.resolve("www.example.com")];
    expect(new Set(heads.map(([head]) => head))).toEqual(new Set(["192.0.2.1", "192.0.2.2"]));
    expect(server.asked).toHaveLength(1);
    clock.forward(30_000);
    await resolver.resolve("www.example.com");
    expect(server.asked).toHaveLength(2);
    await resolver.resolve("short.example.com");
    clock.forward(2_001);
    await resolver.resolve("short.example.com");
    expect(server.asked).toHaveLength(4);
  });

  it.each([
    ["that does not exist", "nowhere.example.com", "dns-not-found"],
    ["without an address", "empty.example.com", "dns-not-found"],
    ["whose server fails", "broken.example.com", "dns-failure"],
  ])("tells a name %s", async (_name, name, failure) => {
    await expect(resolver.resolve(name)).rejects.toMatchObject({ failure });
  });
});
