import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { expect, onTestFinished, test } from "vitest";
import { startDns } from "../../src/sandbox/dns-server.ts";

async function resolver(entries: Parameters<typeof startDns>[0]) {
  const dns = await startDns(entries);
  onTestFinished(() => dns.stop());
  const asking = new Resolver({ timeout: 1_000, tries: 1 });
  asking.setServers([dns.server]);
  return { dns, asking };
}

const ENTRIES = new Map([
  ["acme.sandbox.test", { addresses: ["127.0.0.2", "127.0.0.3"] }],
  ["www.sandbox.test", { alias: "acme.sandbox.test" }],
  ["lost.sandbox.test", { alias: "nowhere.example" }],
  ["round.sandbox.test", { alias: "round.sandbox.test" }],
] as const);

test("a name has its addresses, whatever its letters' case", async () => {
  const { asking, dns } = await resolver(ENTRIES);
  expect(await asking.resolve4("Acme.Sandbox.Test")).toEqual(["127.0.0.2", "127.0.0.3"]);
  expect(dns.asked).toEqual(["acme.sandbox.test"]);
});

test("an alias is followed, and told as one", async () => {
  const { asking } = await resolver(ENTRIES);
  expect(await asking.resolve4("www.sandbox.test")).toEqual(["127.0.0.2", "127.0.0.3"]);
  expect(await asking.resolveCname("www.sandbox.test")).toEqual(["acme.sandbox.test"]);
});

test("a name that is there without addresses of a family is not a name that is not there", async () => {
  const { asking } = await resolver(ENTRIES);
  await expect(asking.resolve6("acme.sandbox.test")).rejects.toMatchObject({ code: "ENODATA" });
  await expect(asking.resolve4("other.sandbox.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(asking.resolveCname("acme.sandbox.test")).rejects.toMatchObject({ code: "ENODATA" });
});

test("an alias to nowhere and one to itself come to an end", async () => {
  const { asking } = await resolver(ENTRIES);
  expect(await asking.resolve4("lost.sandbox.test")).toEqual([]);
  expect(await asking.resolve4("round.sandbox.test")).toEqual([]);
});

test("what is no question is not answered, and breaks nothing", async () => {
  const { asking, dns } = await resolver(ENTRIES);
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  const [host = "", port = ""] = dns.server.split(":");
  const header = Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const nonsense = [Buffer.alloc(0), Buffer.alloc(5), header, Buffer.concat([header, Buffer.from([63, 97])])];
  const pointer = Buffer.concat([header, Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);
  for (const message of [...nonsense, pointer])
    await new Promise<void>((resolve) => {
      socket.send(message, Number(port), host, () => resolve());
    });
  expect(await asking.resolve4("acme.sandbox.test")).toHaveLength(2);
});
