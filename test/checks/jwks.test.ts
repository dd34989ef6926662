import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jwks } from "../../checks/jwks.ts";
import type { JwksInput } from "../../checks/jwks.ts";
import { startHttp, stopServers } from "../http/support.ts";
import { Bench, deployment, fleet, keySet } from "./probing.ts";

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

/** A deployment whose cores serve these bodies; `undefined`: nothing listens. */
async function deploy(...bodies: (string | undefined)[]): Promise<JwksInput> {
  const urls: string[] = [];
  for (const body of bodies) {
    if (body === undefined) urls.push("http://127.0.0.1:1");
    else urls.push((await startHttp((_request, response) => response.end(body))).url);
  }
  return inputOf(urls);
}

/** A deployment whose cores are at these addresses. */
function inputOf(urls: readonly string[]): JwksInput {
  const [only] = jwks.targets(fleet([deployment("acme", "http://acme.example.com", [...urls])]));
  if (only === undefined) throw new Error("no target");
  expect(only.target).toEqual({ kind: "deployment", id: "acme", deployment: "acme" });
  return only.input;
}

describe("jwks", () => {
  it("is up when all cores serve one key set, in whatever order, and remembers it", async () => {
    const input = await deploy(keySet("a", "b"), keySet("b", "a"));
    expect(await bench.probe(jwks, input)).toMatchObject({
      health: "up",
      measures: { cores: 2, compared: 2, keySets: 1 },
    });
    expect(bench.keySets.consensus("acme")).toEqual(new Set(["a", "b"]));
  });

  it("is down when a core serves other keys, and names it", async () => {
    const outcome = await bench.probe(jwks, await deploy(keySet("a"), keySet("x"), keySet("a")));
    expect(outcome).toMatchObject({
      health: "down",
      reason: "key-set-mismatch",
      findings: [{ target: "acme/c2", health: "down", reason: "key-set-mismatch" }],
    });
    expect(outcome.detail).toContain("acme/c2");
  });

  it("names every core where no set is most cores'", async () => {
    const outcome = await bench.probe(jwks, await deploy(keySet("a"), keySet("x")));
    expect(outcome).toMatchObject({ health: "down", reason: "key-set-mismatch" });
    expect(outcome.findings?.map((finding) => finding.target).sort()).toEqual(["acme/c1", "acme/c2"]);
  });

  it("is degraded while a rotation has not reached all", async () => {
    const outcome = await bench.probe(jwks, await deploy(keySet("a", "b"), keySet("b", "c"), keySet("a", "b")));
    expect(outcome).toMatchObject({ health: "degraded", findings: [{ target: "acme/c2", health: "degraded" }] });
  });

  it("leaves cores that cannot be asked to hello", async () => {
    const outcome = await bench.probe(jwks, await deploy(keySet("a"), undefined, "<html>", keySet("a")));
    expect(outcome).toMatchObject({ health: "up", measures: { cores: 4, compared: 2 } });
  });

  it("could not tell when only one of several gave its key set", async () => {
    const outcome = await bench.probe(jwks, await deploy(keySet("a"), undefined, "<html>"));
    expect(outcome).toMatchObject({ health: "unknown", reason: "not-seen-yet", measures: { cores: 3, compared: 1 } });
    expect(outcome.detail).toContain("only one of 3 cores");
    expect(await bench.probe(jwks, await deploy(keySet("a")))).toMatchObject({ health: "up" });
  });

  it("asks those behind nine cores that hang as well, each with a share of the time", async () => {
    const { url: hanging } = await startHttp(() => undefined);
    const { url: well } = await startHttp((_request, response) => response.end(keySet("a")));
    const outcome = await bench.probe(jwks, inputOf([...Array(9).fill(hanging), well, well]), { timeoutMs: 1_500 });
    expect(outcome).toMatchObject({ health: "up", measures: { cores: 11, compared: 2 } });
    expect(bench.keySets.consensus("acme")).toEqual(new Set(["a"]));
  });

  it("could not tell when cores went unasked because others took all of the time", async () => {
    const { url: hanging } = await startHttp(() => undefined);
    const { url: well } = await startHttp((_request, response) => response.end(keySet("a")));
    const outcome = await bench.probe(jwks, inputOf([well, well, ...Array(18).fill(hanging)]), { timeoutMs: 700 });
    expect(outcome).toMatchObject({ health: "unknown", reason: "not-seen-yet", measures: { cores: 20, compared: 2 } });
    expect(outcome.detail).toMatch(/of 20 cores went unasked/);
  });

  it("could not tell when none can be asked", async () => {
    const outcome = await bench.probe(jwks, await deploy(undefined, undefined));
    expect(outcome).toMatchObject({ health: "unknown", reason: "not-seen-yet" });
  });

  it("asks at most eight cores at once, and all of them", async () => {
    let now = 0;
    let most = 0;
    const { url } = await startHttp((_request, response) => {
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        response.end(keySet("a"));
      });
    });
    const [only] = jwks.targets(
      fleet([
        deployment(
          "acme",
          url,
          Array.from({ length: 30 }, () => url),
        ),
      ]),
    );
    if (only === undefined) throw new Error("no target");
    const outcome = await bench.probe(jwks, only.input);
    expect(outcome).toMatchObject({ health: "up", measures: { compared: 30 } });
    expect(most).toBeLessThanOrEqual(8);
  });
});
