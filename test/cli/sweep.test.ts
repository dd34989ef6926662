import { expect, test } from "vitest";
import { EXIT, Problem } from "../../src/cli/exit.ts";
import { StoreUnavailable } from "../../src/domain/index.ts";
import { Beats, loadKeySets } from "../../src/watch/facts.ts";
import { quietLog } from "../fakes/log.ts";
import { cores, fleetText, Rig } from "./support.ts";

const HEARTBEATS = { heartbeats: [{ id: "worker", every: "1m", grace: "30s" }] };

function rigWith(more: Record<string, unknown>): Rig {
  const rig = new Rig();
  rig.files.set("/fleets/fleet.yaml", fleetText(more));
  return rig;
}

const health = (text: string): Record<string, string> => {
  const { observations }: { observations: { target: { id: string }; check: string; health: string }[] } =
    JSON.parse(text);
  return Object.fromEntries(observations.map((one) => [`${one.target.id} ${one.check}`, one.health]));
};

test("a sweep beside a daemon sees the beats that the daemon took", async () => {
  const rig = rigWith(HEARTBEATS);
  const beats = new Beats({ clock: rig.clock, log: quietLog(), store: rig.store });
  await beats.start();
  beats.expectedSince("worker");
  await rig.store.beat("worker", rig.clock.now(), true, "");
  await rig.clock.advance(20_000);
  const swept = await rig.run("sweep", "--format", "json");
  expect([swept.code, health(swept.out)["worker heartbeat"]]).toEqual([0, "up"]);
  // The daemon goes on hearing nothing: now that counts against the worker.
  await rig.clock.advance(120_000);
  const silent = await rig.run("sweep", "--format", "json");
  expect([silent.code, health(silent.out)["worker heartbeat"]]).toEqual([1, "down"]);
  await beats.stop();
  // With no daemon nobody can hear it: then silence says nothing.
  await rig.clock.advance(3_600_000);
  const unheard = await rig.run("sweep", "--format", "json");
  expect([unheard.code, health(unheard.out)["worker heartbeat"]]).toEqual([3, "unknown"]);
});

test("a heartbeat is expected from when it was added, not from when the daemon started", async () => {
  const rig = rigWith(HEARTBEATS);
  const beats = new Beats({ clock: rig.clock, log: quietLog(), store: rig.store });
  await beats.start();
  beats.expectedSince("old");
  await rig.clock.advance(3_600_000);
  expect(beats.expectedSince("worker") - beats.since).toBe(3_600_000);
  expect(beats.expectedSince("worker") - beats.since).toBe(3_600_000);
  await beats.stop();
  expect(rig.clock.waiting).toBe(0);
});

test("without a store heartbeats are left out, unless they are asked for", async () => {
  const rig = rigWith(HEARTBEATS);
  const swept = await rig.run("sweep", "--no-notify", "--format", "json");
  expect([swept.code, health(swept.out)["worker heartbeat"]]).toEqual([0, undefined]);
  expect(rig.log.lines).toContainEqual(
    expect.objectContaining({ level: "info", message: expect.stringMatching(/1 heartbeats are left out/) }),
  );
  const asked = await rig.run("sweep", "--no-notify", "--format", "json", "--only", "heartbeat");
  expect([asked.code, health(asked.out)]).toEqual([3, { "worker heartbeat": "unknown" }]);
  expect(rig.calls).not.toContain("store opened");
});

test("a sweep keeps the key sets that it saw for the next one", async () => {
  const rig = new Rig();
  expect((await rig.run("sweep")).code).toBe(0);
  expect(JSON.stringify(await loadKeySets(rig.store))).toContain("d-1");
});

test.each([
  ["refuses", (): Promise<never> => Promise.reject(new Problem(EXIT.unsure, "the store is out of reach"))],
  ["cannot start", (): Promise<never> => Promise.reject(new Error("the embedded store does not start"))],
])("a store that %s does not keep a sweep from its verdict", async (_, openStore) => {
  const rig = new Rig();
  rig.doors = { openStore };
  const well = await rig.run("sweep", "--format", "json");
  expect([well.code, health(well.out)["acme/acme-1 hello"]]).toEqual([3, "up"]);
  expect(rig.log.lines).toContainEqual(
    expect.objectContaining({ level: "warn", message: expect.stringMatching(/store.*judges by itself/) }),
  );
  rig.http = cores(new Set(["10.0.0.1"]));
  const bad = await rig.run("sweep", "--format", "json");
  expect([bad.code, health(bad.out)["acme/acme-1 hello"]]).toEqual([1, "down"]);
});

test("a store that gets out of reach meanwhile does not either", async () => {
  const rig = new Rig();
  rig.store.reachable = false;
  expect((await rig.run("sweep")).code).toBe(3);
  rig.store.reachable = true;
  rig.doors = { drain: () => Promise.reject(new StoreUnavailable("the store is out of reach")) };
  const swept = await rig.run("sweep");
  expect([swept.code, swept.out]).toEqual([3, expect.stringContaining("0 down")]);
});

test("a sweep that is interrupted says nothing, keeps nothing and lets go of its store", async () => {
  const rig = new Rig();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  rig.http = { request: () => (resolve(), new Promise<never>(() => {})), close: () => Promise.resolve() };
  const sweeping = rig.run("sweep", "--format", "json");
  await asked;
  rig.signal("SIGINT");
  // Probes get a moment for their last word.
  await rig.clock.advance(1_000);
  expect(await sweeping).toEqual({ code: 130, out: "", err: "interrupted\n" });
  expect(rig.calls.at(-1)).toBe("store stopped");
  expect([rig.store.observations, rig.store.writes, rig.listening]).toEqual([[], 0, 0]);
});

test("a second signal ends at once, but not the same Ctrl-C that comes twice", async () => {
  const rig = new Rig();
  const { promise: drained, resolve } = Promise.withResolvers<{ sent: number; waiting: number }>();
  const { promise: opening, resolve: open } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const stop = (): Promise<void> => Promise.resolve();
  rig.doors = {
    openStore: async () => (ask(), await opening, { store: rig.store, embedded: true, stop }),
    drain: () => drained,
  };
  const sweeping = rig.run("sweep");
  await asked;
  rig.signal("SIGINT");
  rig.signal("SIGINT");
  expect(rig.exits).toEqual([]);
  await rig.clock.advance(1_500);
  rig.signal("SIGINT");
  expect(rig.exits).toEqual([130]);
  open();
  expect((await sweeping).code).toBe(130);
  resolve({ sent: 0, waiting: 0 });
});

test("a fleet of nothing says what to add", async () => {
  const rig = new Rig();
  rig.files.set("/fleets/fleet.yaml", JSON.stringify({ version: 1, fleet: "acme" }));
  const swept = await rig.run("sweep");
  expect([swept.code, swept.err]).toEqual([64, expect.stringMatching(/names nothing to look at; give it deployments/)]);
});

test("warnings of the configuration say what would be right", async () => {
  const rig = new Rig();
  await rig.run("sweep");
  expect(rig.log.lines.map((one) => one.message)).toContainEqual(
    expect.stringMatching(/nobody is told of incidents \(add slack: /),
  );
});

test("a probe shows all five phases, null where there was none, and finds beats in the store", async () => {
  const rig = rigWith(HEARTBEATS);
  const probed = await rig.run("probe", "acme/acme-1", "hello", "--format", "json");
  expect(JSON.parse(probed.out)).toMatchObject({
    phases: { dns: null, connect: null, tls: null, firstByte: null, total: 1 },
  });
  expect(rig.calls).not.toContain("store opened");
  await rig.store.beat("worker", rig.clock.now(), true, "");
  expect((await rig.run("probe", "worker", "heartbeat")).code).toBe(0);
  rig.store.reachable = false;
  const unsure = await rig.run("probe", "worker", "heartbeat", "--format", "json");
  expect([unsure.code, JSON.parse(unsure.out)]).toEqual([3, expect.objectContaining({ health: "unknown" })]);
  expect(rig.calls.filter((one) => one.startsWith("store")).at(-1)).toBe("store stopped");
});
