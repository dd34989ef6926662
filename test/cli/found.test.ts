import { expect, test } from "vitest";
import { Problem } from "../../src/cli/exit.ts";
import type { AuditResult } from "../../src/audit/run.ts";
import { type AuditCloud, CloudError, type FoundCore } from "../../src/domain/index.ts";
import { recall } from "../../src/watch/inventory-memory.ts";
import { fleetText, Rig } from "./support.ts";

const found = (host: string, more: Partial<FoundCore> = {}): FoundCore => ({
  key: `${host}:3567`,
  instance: null,
  zone: "eu-west-1a",
  host,
  port: 3567,
  state: "serving",
  detail: "",
  startedAt: null,
  ...more,
});

/** A rig whose fleet is found by its target group; `answer` may be changed between commands. */
function rigThatFinds(more: Record<string, unknown> = {}) {
  const rig = new Rig();
  const acme = { id: "acme", app: "acme", kind: "production", connectionUri: "http://10.0.0.9:3567" };
  const deployment = { ...acme, loadBalancer: "acme", discover: "target-group", ...more };
  rig.files.set("/fleets/fleet.yaml", fleetText({ deployments: [deployment] }));
  const world: { answer: readonly FoundCore[] | Error } = { answer: [found("10.0.0.1"), found("10.0.0.2")] };
  rig.doors = {
    coreSources: () =>
      Promise.resolve({
        read: () => (world.answer instanceof Error ? Promise.reject(world.answer) : Promise.resolve(world.answer)),
        close: () => Promise.resolve(),
      }),
  };
  const hellos = async () => {
    const swept = await rig.run("sweep", "--only", "hello", "--format", "json");
    const { observations }: { observations: { target: { id: string } }[] } = JSON.parse(swept.out);
    return observations.map(({ target }) => target.id);
  };
  return { rig, world, hellos };
}

const AWAY = new CloudError("unreachable", "AWS in eu-west-1 could not be reached");

test("a sweep probes what it finds, and ids stay from one to the next", async () => {
  const { rig, world, hellos } = rigThatFinds();
  expect(await hellos()).toEqual(["acme/acme-1", "acme/acme-2"]);
  world.answer = [found("10.0.0.2"), found("10.0.0.3")];
  expect(await hellos()).toEqual(["acme/acme-1", "acme/acme-2"]);
  expect((await recall(rig.store)).get("acme")?.cores.map(({ id, url }) => `${id} ${url}`)).toEqual([
    "acme-1 http://10.0.0.3:3567",
    "acme-2 http://10.0.0.2:3567",
  ]);
});

test("what cannot be read is as it was known, and is called stale; with nothing known it could not tell", async () => {
  const { rig, world, hellos } = rigThatFinds();
  world.answer = AWAY;
  const blind = await rig.run("sweep", "--only", "hello");
  expect(blind.code).toBe(3);
  expect(blind.err).toContain("the cores of acme could not be found, and none are known from before: AWS in eu-west-1");
  world.answer = [found("10.0.0.1")];
  expect(await hellos()).toEqual(["acme/acme-1"]);
  world.answer = AWAY;
  expect(await hellos()).toEqual(["acme/acme-1"]);
  const { code, out } = await rig.run("inventory", "--format", "json");
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({
    stale: true,
    sources: [{ deployment: "acme", from: "target-group", cores: 1, error: AWAY.message }],
    deployments: [{ id: "acme", cores: [{ id: "acme-1", url: "http://10.0.0.1:3567" }] }],
  });
  const text = await rig.run("inventory");
  expect(text.out).toContain("(stale)");
  expect(text.out).toContain("stale: AWS in eu-west-1 could not be reached");
});

test("without a store cores are found all the same", async () => {
  const { rig, hellos } = rigThatFinds();
  rig.doors = { ...rig.doors, openStore: () => Promise.reject(new Problem(3, "the store is away")) };
  expect(await hellos()).toEqual(["acme/acme-1", "acme/acme-2"]);
  expect(rig.log.lines.some(({ message }) => message.includes("found cores are numbered anew"))).toBe(true);
});

test("the inventory shows what the file and the source say differently, and what happened", async () => {
  const { rig, world } = rigThatFinds({ cores: [{ id: "acme-1", url: "http://10.0.0.1:3567", zone: "eu-west-1b" }] });
  const first = await rig.run("inventory", "--diff", "--format", "json");
  const inventory: {
    conflicts: { core: string; message: string }[];
    events: { event: string }[];
    deployments: { cores: { id: string; zone: string }[] }[];
  } = JSON.parse(first.out);
  expect(inventory.conflicts).toEqual([
    { deployment: "acme", core: "acme-1", message: "fleet.yaml says zone eu-west-1b, and it was found on eu-west-1a" },
  ]);
  expect(inventory.deployments[0]?.cores).toMatchObject([{ id: "acme-1", zone: "eu-west-1b" }, { id: "acme-2" }]);
  await rig.clock.advance(60_000);
  world.answer = [found("10.0.0.1"), found("10.0.0.2", { host: "10.9.9.9" })];
  const second = await rig.run("inventory", "--diff", "--format", "json");
  expect(JSON.parse(second.out)).toMatchObject({
    changes: [{ event: "core-moved", target: "acme/acme-2" }],
    events: [{ event: "core-moved", target: "acme/acme-2", at: "2026-11-21T08:01:00.000Z" }],
  });
  const text = await rig.run("inventory");
  expect(text.out).toContain("core-moved acme/acme-2");
  expect(text.out).toContain("conflict: acme/acme-1: fleet.yaml says zone eu-west-1b");
});

test("where no daemon is, a later sweep makes a new core ready by what earlier ones settled", async () => {
  const { rig, world, hellos } = rigThatFinds();
  await hellos();
  world.answer = [found("10.0.0.1"), found("10.0.0.2"), found("10.0.0.3")];
  for (let sweep = 0; sweep < 4; sweep++) {
    await rig.clock.advance(60_000);
    await hellos();
  }
  expect((await recall(rig.store)).get("acme")?.cores.at(-1)).toMatchObject({ id: "acme-3" });
  expect((await recall(rig.store)).get("acme")?.cores.at(-1)?.readyAt).not.toBeNull();
});

test("an inventory and an audit of cores that were never found tell what they can, and that they could not tell the rest", async () => {
  const { rig, world } = rigThatFinds({ loadBalancer: "acme" });
  world.answer = AWAY;
  const inventory = await rig.run("inventory", "--format", "json");
  expect(inventory.code).toBe(3);
  expect(JSON.parse(inventory.out)).toMatchObject({
    stale: true,
    sources: [{ deployment: "acme", cores: 0, readAt: null, error: AWAY.message }],
    deployments: [{ id: "acme", cores: [] }],
  });
  const away = () => Promise.reject(AWAY);
  rig.doors = {
    ...rig.doors,
    audit: () =>
      Promise.resolve({
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever is asked for is out of reach
        cloud: new Proxy({}, { get: () => away }) as AuditCloud,
        control: { appsWithLoadBalancer: away },
        own: {
          certificates: () => Promise.resolve([]),
          observed: () => Promise.resolve(new Map()),
          lastDrill: () => Promise.resolve(undefined),
        },
        database: away,
        resolve: away,
        close: () => Promise.resolve(),
      }),
  };
  const audited = await rig.run("audit", "--format", "json");
  const { findings }: AuditResult = JSON.parse(audited.out);
  const outcomes = new Map(findings.map(({ rule, outcome }) => [rule, outcome]));
  expect(outcomes.get("checks-running")).toBe("unknown");
  expect(outcomes.get("cores-per-instance")).toBe("unknown");
  expect(outcomes.get("load-balancer-scheme")).toBe("unknown");
  expect(outcomes.get("certified-rate")).toBe("fail");
  expect(findings.filter(({ outcome }) => outcome === "pass")).toEqual([]);
  expect(audited.code).toBe(1);
});
