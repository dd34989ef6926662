import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { throughLoadBalancer } from "../../checks/through-load-balancer.ts";
import { startHttp, stopServers } from "../http/support.ts";
import { Bench, deployment, fleet } from "./probing.ts";

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

describe("through-load-balancer", () => {
  it("asks /hello at the connectionUri, below its base path, over a fresh connection each time", async () => {
    const paths: (string | undefined)[] = [];
    const { url, accepted } = await startHttp((request, response) => {
      paths.push(request.url);
      response.end("Hello\n");
    });
    const [only] = throughLoadBalancer.targets(fleet([deployment("acme", `${url}/base`)]));
    if (only === undefined) throw new Error("no target");
    expect(only.target).toEqual({ kind: "deployment", id: "acme", deployment: "acme" });
    for (let at = 0; at < 2; at++) {
      expect(await bench.probe(throughLoadBalancer, only.input)).toMatchObject({ health: "up" });
    }
    expect(paths).toEqual(["/base/hello", "/base/hello"]);
    expect(accepted()).toBe(2);
  });

  it.each([
    [502, "server-error"],
    [503, "no-healthy-target"],
    [504, "server-error"],
    [500, "server-error"],
    [301, "unexpected-status"],
  ])("answered with %s is down: %s", async (status, reason) => {
    const { url } = await startHttp((_request, response) => response.writeHead(status).end());
    const input = { base: url, host: "acme.example.com", tls: { ca: undefined, verify: true, serverName: "x" } };
    expect(await bench.probe(throughLoadBalancer, input)).toMatchObject({ health: "down", reason });
  });

  it("turns bad by two failures among the last five", () => {
    expect(throughLoadBalancer.defaults).toMatchObject({ failures: 2, window: 5, connection: "fresh" });
  });
});
