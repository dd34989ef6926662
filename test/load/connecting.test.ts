import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import { afterEach, expect, it } from "vitest";
import type { LoadTransport, WireResult } from "../../src/domain/index.ts";
import { createUndiciTransport } from "../../src/load/transport.ts";
import { systemClock } from "../../src/system/clock.ts";
import { createAuthority, createCertificate } from "../support/certificates.ts";
import { ask, targetOf } from "./load-server.ts";

let server: Server | undefined;
let transport: LoadTransport | undefined;
afterEach(async () => {
  await transport?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** A TLS server whose handshakes wait until they are let go. */
async function hesitant() {
  const authority = await createAuthority();
  const pair = await createCertificate(["localhost"], { authority });
  const context = createSecureContext(pair);
  const held: (() => void)[] = [];
  const seen = { handshakes: 0, letGo: false };
  server = createServer(
    {
      ...pair,
      SNICallback(_name, done) {
        seen.handshakes++;
        if (seen.letGo) done(null, context);
        else held.push(() => done(null, context));
      },
    },
    (_request, response) => response.end("Hello\n"),
  );
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    tls: { ca: authority.cert, verify: true, serverName: "localhost" },
    seen,
    release() {
      seen.letGo = true;
      for (const go of held.splice(0)) go();
    },
  };
}

async function until(isThere: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!isThere() && performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

it("a target that is slow to shake hands gets no storm of handshakes: what waits goes when it can", async () => {
  const { url, tls, seen, release } = await hesitant();
  transport = createUndiciTransport({
    target: targetOf(url, { tls }),
    timeoutMs: 20_000,
    maxConnections: 500,
    clock: systemClock,
  });
  const results: WireResult[] = [];
  const all = Promise.all(Array.from({ length: 300 }, async () => results.push(await ask(transport as LoadTransport))));
  await until(() => seen.handshakes >= 32);
  expect(seen.handshakes).toBe(32);
  expect(results).toEqual([]);
  release();
  await all;
  expect(results.every((one) => one.kind === "answer" && one.status === 200)).toBe(true);
  // Connections that became free were used before further ones were made.
  expect(seen.handshakes).toBeLessThan(300);
});

it("what waits for a connection is timed out like everything else", async () => {
  const { url, tls } = await hesitant();
  transport = createUndiciTransport({
    target: targetOf(url, { tls }),
    timeoutMs: 300,
    maxConnections: 500,
    clock: systemClock,
  });
  const results = await Promise.all(Array.from({ length: 60 }, () => ask(transport as LoadTransport)));
  expect(new Set(results.map((one) => one.kind))).toEqual(new Set(["timed-out"]));
});
