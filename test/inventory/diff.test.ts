import { describe, expect, it } from "vitest";
import { describeInventory, diffDescriptions, diffFleets } from "../../src/inventory/index.ts";
import { ENV, GOOD, SECRETS, accepted, load } from "./support.ts";

const before = accepted(load(GOOD)).fleet;
const changed = (from: string, to: string): ReturnType<typeof diffFleets> =>
  diffFleets(before, accepted(load(GOOD.replace(from, to))).fleet);

describe("what changed between two fleets", () => {
  it("is nothing when only the writing changed", () => {
    expect(changed("region: eu-west-1\n", "# a comment\nregion: 'eu-west-1'\n")).toEqual([]);
  });

  it("tells a core that appeared, is gone, moved or changed", () => {
    const line = GOOD.split("\n").find((one) => one.includes("id: acme-2")) ?? "";
    expect(changed(`${line}\n`, "")).toMatchObject([
      { event: "core-gone", target: "acme-production/acme-2", after: null },
    ]);
    expect(changed(line, `${line}\n${line.replace("acme-2", "acme-3").replace("2.12", "3.13")}`)).toMatchObject([
      {
        event: "core-appeared",
        target: "acme-production/acme-3",
        before: null,
        after: { url: "https://10.0.3.13:3567", apiKey: "[secret]" },
      },
    ]);
    expect(changed("10.0.2.12", "10.0.2.99")).toEqual([
      {
        event: "core-moved",
        target: "acme-production/acme-2",
        before: { url: "https://10.0.2.12:3567" },
        after: { url: "https://10.0.2.99:3567" },
      },
    ]);
    expect(changed("${file:keys/acme}", "${env:ACME_KEY}")).toEqual([
      {
        event: "core-changed",
        target: "acme-production/acme-2",
        before: { apiKey: "[secret]" },
        after: { apiKey: "[secret]" },
      },
    ]);
  });

  it("tells deployments, databases, endpoints, heartbeats and settings apart", () => {
    expect(changed("id: beta\n", "id: gamma\n").map((one) => `${one.event} ${one.target}`)).toEqual([
      "deployment-gone beta",
      "deployment-appeared gamma",
      "core-gone beta/beta-1",
      "core-appeared gamma/beta-1",
    ]);
    expect(changed("poolSize: 20", "poolSize: 30")).toMatchObject([
      { event: "deployment-changed", before: { poolSize: 20 }, after: { poolSize: 30 } },
    ]);
    expect(changed("maxLag: 5s", "maxLag: 6s")).toMatchObject([{ event: "database-changed", target: "reader" }]);
    expect(changed("200-399", "200")).toMatchObject([{ event: "endpoint-changed", target: "landing" }]);
    expect(changed("every: 5m", "every: 6m")).toMatchObject([
      { event: "heartbeat-changed", after: { everyMs: 360_000 } },
    ]);
    expect(changed("timeout: 10s", "timeout: 11s")).toEqual([
      { event: "settings-changed", target: "checks.hello.timeoutMs", before: 10_000, after: 11_000 },
    ]);
    expect(changed("fleet: acme\n", "fleet: acme2\n")).toMatchObject([{ event: "settings-changed", target: "fleet" }]);
  });

  it("sees a changed secret without showing it", () => {
    const after = accepted(load(GOOD, { env: { ...ENV, SLACK_BOT_TOKEN: "xoxb-another-one" } })).fleet;
    const changes = diffFleets(before, after);
    expect(changes).toEqual([
      { event: "settings-changed", target: "slack.token", before: "[secret]", after: "[secret]" },
    ]);
  });

  it("works from what a store kept, and takes anything else as no earlier look", () => {
    const kept: unknown = JSON.parse(JSON.stringify(describeInventory(before, 0)));
    const after = accepted(load(GOOD.replace("10.0.2.12", "10.0.2.99"))).fleet;
    expect(diffDescriptions(kept, describeInventory(before, 9))).toEqual([]);
    const changes = diffDescriptions(kept, describeInventory(after, 9));
    expect(changes.map((one) => `${one.event} ${one.target}`)).toEqual(["core-moved acme-production/acme-2"]);
    for (const nothing of [undefined, null, 7, {}, []])
      expect(diffDescriptions(nothing, describeInventory(after, 9))).toEqual([]);
    for (const secret of SECRETS) expect(JSON.stringify([kept, changes])).not.toContain(secret);
  });
});
