import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tcp } from "../../checks/tcp.ts";
import { startRaw, stopServers } from "../http/support.ts";
import { Bench, endpoint, fleet } from "./probing.ts";

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  await bench.close();
  await stopServers();
});

describe("tcp", () => {
  it("looks at tcp:// endpoints", () => {
    const plan = tcp.targets(fleet([], [endpoint("q", "tcp://queue.internal:5672"), endpoint("w", "http://w/")]));
    expect(plan).toEqual([
      { target: { kind: "endpoint", id: "q", deployment: null }, input: { host: "queue.internal", port: 5672 } },
    ]);
  });

  it("of a port that accepts is up; of one that does not, down", async () => {
    const { port } = await startRaw(() => undefined);
    expect(await bench.probe(tcp, { host: "127.0.0.1", port })).toMatchObject({ health: "up" });
    expect(await bench.probe(tcp, { host: "127.0.0.1", port }, { slowMs: 0 })).toMatchObject({ reason: "slow" });
    await stopServers();
    const outcome = await bench.probe(tcp, { host: "127.0.0.1", port });
    expect(outcome).toMatchObject({ health: "down", reason: "connection-refused" });
  });
});
