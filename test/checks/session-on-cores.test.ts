import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hello } from "../../checks/hello.ts";
import { jwks } from "../../checks/jwks.ts";
import { session } from "../../checks/session.ts";
import { Secret } from "../../src/domain/index.ts";
import { startCore } from "../../src/sandbox/core.ts";
import type { RunningCore } from "../../src/sandbox/core.ts";
import { Bench, deployment, fleet } from "./probing.ts";

let bench: Bench;
let cores: RunningCore[];

beforeEach(async () => {
  bench = new Bench();
  cores = await Promise.all(
    ["a", "b"].map((id) => startCore({ id, host: "127.0.0.1", port: 0, apiKeys: ["key-1234"] })),
  );
});

afterEach(async () => {
  await bench.close();
  await Promise.all(cores.map((core) => core.stop()));
});

describe("the checks on simulated cores", () => {
  it("find them up, their session calls working, and their split key sets", async () => {
    const [first = "", second = ""] = cores.map((core) => core.url);
    const one = deployment("acme", first, [first, second]);
    const all = fleet([one]);
    for (const { input } of hello.targets(all)) {
      expect(await bench.probe(hello, input)).toMatchObject({ health: "up" });
    }
    for (const { input } of session.targets(all)) {
      expect(await bench.probe(session, input)).toMatchObject({ health: "unknown", reason: "not-authorized" });
      const apiKey = new Secret("key-1234");
      expect(await bench.probe(session, { ...input, apiKey })).toMatchObject({ health: "up", reason: "ok" });
    }
    // Without a database each core makes keys of its own.
    for (const { input } of jwks.targets(all)) {
      expect(await bench.probe(jwks, input)).toMatchObject({ health: "down", reason: "key-set-mismatch" });
    }
  });
});
