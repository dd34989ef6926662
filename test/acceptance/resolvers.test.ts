import { expect, test } from "vitest";
import { startNameServer } from "../net/support.ts";
import { openStage } from "./stage.ts";

test("names are looked up at the name servers of fleet.yaml, for every probe", { timeout: 20_000 }, async (context) => {
  const stage = await openStage(context, 1);
  const port = new URL(stage.cores[0]?.url ?? "").port;
  const server = await startNameServer({ "core.acme.internal": { a: ["127.0.0.1"] } });
  stage.later(() => server.close());
  const url = `http://core.acme.internal:${port}`;
  await stage.write({
    resolvers: [server.address],
    endpoints: [
      { id: "port", url: `tcp://core.acme.internal:${port}` },
      { id: "name", url: "dns://core.acme.internal", expect: "127.0.0.1" },
    ],
    deployments: [{ id: "acme", app: "acme", kind: "production", connectionUri: url, cores: [{ id: "acme-1", url }] }],
  });
  const { code, stdout } = await stage.run("sweep", "--no-notify", "--format", "json");
  const { summary } = JSON.parse(stdout) as { summary: Record<string, number> };
  expect([code, summary]).toEqual([0, { up: 6, degraded: 0, down: 0, unknown: 0 }]);
  expect(server.asked).toContain("A core.acme.internal");
});
