import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { http } from "../../checks/http.ts";
import { Secret } from "../../src/domain/index.ts";
import { createCertificate } from "../support/certificates.ts";
import { startHttp, startHttps, stopServers, tlsFor } from "../http/support.ts";
import { Bench, endpoint, fleet } from "./probing.ts";

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

async function answering(status: number, body = "", headers: Record<string, string> = {}): Promise<string> {
  return (await startHttp((_request, response) => response.writeHead(status, headers).end(body))).url;
}

describe("http", () => {
  it("looks at the endpoints that speak HTTP", () => {
    const all = [
      endpoint("a", "https://a/"),
      endpoint("b", "tcp://b:1"),
      endpoint("c", "dns://c"),
      endpoint("d", "http://d"),
    ];
    const targets = http.targets(fleet([], all)).map(({ target }) => target);
    expect(targets).toEqual([
      { kind: "endpoint", id: "a", deployment: null },
      { kind: "endpoint", id: "d", deployment: null },
    ]);
  });

  it.each([
    [200, [[200, 399]], "up", "ok"],
    [399, [[200, 399]], "up", "ok"],
    [400, [[200, 399]], "down", "unexpected-status"],
    [
      404,
      [
        [200, 204],
        [404, 404],
      ],
      "up",
      "ok",
    ],
    [200, [[404, 404]], "down", "unexpected-status"],
    [500, [[200, 399]], "down", "server-error"],
    [403, [[200, 399]], "down", "access-denied"],
    [429, [[200, 399]], "down", "rate-limited"],
  ] as const)("answered with %s where %j is accepted is %s", async (status, ranges, health, reason) => {
    const input = endpoint("landing", await answering(status), { status: ranges });
    expect(await bench.probe(http, input)).toMatchObject({ health, reason, measures: { statusCode: status } });
  });

  it("sends method and headers", async () => {
    const seen: unknown[] = [];
    const { url } = await startHttp((request, response) => {
      seen.push(request.method, request.headers["x-key"]);
      response.end();
    });
    await bench.probe(http, endpoint("a", url, { method: "HEAD", headers: { "x-key": new Secret("s3cret") } }));
    expect(seen).toEqual(["HEAD", "s3cret"]);
  });

  it("without the expected text is down, also where the text could not be looked for to the end", async () => {
    const contains = "Welcome";
    expect(await bench.probe(http, endpoint("a", await answering(200, "<b>Welcome</b>"), { contains }))).toMatchObject({
      health: "up",
    });
    expect(
      await bench.probe(http, endpoint("a", await answering(200, "Under construction"), { contains })),
    ).toMatchObject({
      health: "down",
      reason: "wrong-body",
    });
    const endless = endpoint("a", await answering(200, "x".repeat((1 << 20) + 1)), { contains });
    expect(await bench.probe(http, endless)).toMatchObject({ health: "down", reason: "body-too-large" });
    expect(await bench.probe(http, { ...endless, contains: undefined })).toMatchObject({ health: "up" });
  });

  it("follows redirects unless one is accepted as the answer", async () => {
    const end = await answering(404);
    const url = await answering(302, "", { location: end });
    expect(await bench.probe(http, endpoint("a", url))).toMatchObject({ health: "up", measures: { statusCode: 302 } });
    const strict = endpoint("a", url, { status: [[200, 299]] });
    expect(await bench.probe(http, strict)).toMatchObject({ health: "down", measures: { statusCode: 404 } });
  });

  it("that redirects in a circle is down", async () => {
    const url = await answering(302, "", { location: "/" });
    const outcome = await bench.probe(http, endpoint("a", url, { status: [[200, 299]] }));
    expect(outcome).toMatchObject({ health: "down", reason: "too-many-redirects" });
  });

  it("that is slow, or whose certificate expires soon, is degraded", async () => {
    const pair = await createCertificate(["www.example.com"], { days: 5 });
    const { url } = await startHttps(pair, (_request, response) => {
      bench.clock.forward(300);
      response.end();
    });
    const input = endpoint("a", url, { tls: tlsFor("www.example.com", pair) });
    expect(await bench.probe(http, input)).toMatchObject({ health: "degraded", reason: "certificate-expires-soon" });
    const slow = await bench.probe(http, input, { certificateDays: 1, slowMs: 250 });
    expect(slow).toMatchObject({ health: "degraded", reason: "slow" });
    expect(await bench.probe(http, input, { certificateDays: 1 })).toMatchObject({ health: "up" });
  });

  it("that is not there is refused", async () => {
    const input = endpoint("a", "http://127.0.0.1:1/");
    expect(await bench.probe(http, input)).toMatchObject({ health: "down", reason: "connection-refused" });
  });
});
