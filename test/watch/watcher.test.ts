import { describe, expect, test } from "vitest";
import { CHECK_KINDS } from "../../src/domain/index.ts";
import type { CheckKind, CheckSettings, Fleet } from "../../src/domain/index.ts";
import { core, database, deployment, endpoint, fleetOf, heartbeat } from "../incidents/support.ts";
import { watchRig } from "./support.ts";

const MIN = 60_000;

/** One deployment of four cores with a database; AWS is not asked. */
function fleet(more: Partial<Fleet> = {}): Fleet {
  const base = fleetOf({
    deployments: [deployment("acme", 4, { database: "main" })],
    databases: [database("main")],
  });
  return only(["hello", "postgres", "through-load-balancer"], { ...base, ...more });
}

function only(kinds: readonly string[], of: Fleet): Fleet {
  const checks: Record<CheckKind, CheckSettings> = { ...of.checks };
  for (const kind of CHECK_KINDS) checks[kind] = { ...checks[kind], timezone: "UTC", enabled: kinds.includes(kind) };
  return { ...of, checks };
}

describe("the watcher", () => {
  test("writes nothing but observations while all is well", async () => {
    const { clock, store, watcher, end } = watchRig(fleet());
    await watcher.start();
    await clock.advance(10_000);
    const { writes, decisions } = store;
    await clock.advance(2 * MIN);
    expect(store.writes).toBe(writes);
    expect(store.decisions).toBe(decisions);
    expect(store.observations.length).toBeGreaterThanOrEqual(6 * 12);
    expect(store.incidents).toEqual([]);
    await end();
    expect(clock.waiting).toBe(0);
  });

  test("opens one incident within a second of the first failing observation, and resolves it when the core is back", async () => {
    const { clock, world, store, watcher, end } = watchRig(fleet());
    await watcher.start();
    await clock.advance(15_000);
    world.say("core:acme/acme-2:hello", "down", "connection-refused");
    await clock.advance(12_000);
    expect(store.incidents).toMatchObject([{ state: "open", deployment: "acme", cause: "core-down" }]);
    const first = store.observations.find(({ health }) => health === "down");
    const { toDiagnosis } = watcher.stats();
    expect(toDiagnosis.max).toBeGreaterThan(0);
    expect(toDiagnosis.max).toBeLessThanOrEqual(1_000);
    expect((store.incidents[0]?.openedAt ?? 0) - (first?.at ?? 0)).toBeLessThanOrEqual(1_000);
    expect(store.notices.length).toBeGreaterThan(0);
    expect(watcher.stats().openIncidents).toBe(1);
    world.well("core:acme/acme-2:hello");
    await clock.advance(30_000);
    expect(store.incidents).toMatchObject([{ state: "resolved" }]);
    await end();
  });

  test("a blip shorter than the second look opens nothing", async () => {
    const { clock, world, store, watcher, end } = watchRig(fleet());
    await watcher.start();
    await clock.advance(10_000);
    world.say("core:acme/acme-2:hello", "down", "connection-reset");
    while (!store.observations.some(({ health }) => health === "down")) {
      await clock.advance(50);
      if (watcher.stats().observations.down > 0) world.well("core:acme/acme-2:hello");
    }
    await clock.advance(MIN);
    expect(store.observations.filter(({ health }) => health === "down")).toHaveLength(1);
    expect(store.incidents).toEqual([]);
    await end();
  });

  test("asks the other witnesses at once, each core at most once in five seconds besides its schedule", async () => {
    const { clock, world, watcher, end } = watchRig(fleet());
    await watcher.start();
    await clock.advance(10_000);
    for (const id of [1, 2, 3, 4]) world.say(`core:acme/acme-${id}:hello`, "down", "database-unreachable", 300);
    world.say("database:main:postgres", "down", "connect-timeout", 700);
    const from = world.asked.length;
    await clock.advance(40_000);
    const asked = world.asked.slice(from);
    const firstDown = asked.find(({ key }) => key.includes("hello"))?.at ?? 0;
    expect(asked.some(({ key, at }) => key.startsWith("database:main") && at - firstDown <= 400)).toBe(true);
    for (const id of [1, 2, 3, 4]) {
      const times = asked.filter(({ key }) => key === `core:acme/acme-${id}:hello`).map(({ at }) => at);
      for (const at of times) {
        // One on schedule (every ten seconds) and one besides in any five seconds.
        expect(times.filter((other) => other >= at && other < at + 5_000).length).toBeLessThanOrEqual(2);
      }
    }
    await end();
  });

  test("a database that fails under forty cores is one incident", async () => {
    const many = fleet({ deployments: [deployment("acme", 40, { database: "main" })] });
    const { clock, world, store, watcher, end } = watchRig(many);
    await watcher.start();
    await clock.advance(15_000);
    for (let id = 1; id <= 40; id++) world.say(`core:acme/acme-${id}:hello`, "down", "database-unreachable", 300);
    world.say("database:main:postgres", "down", "connection-refused");
    world.say("deployment:acme:through-load-balancer", "down", "database-unreachable", 300);
    await clock.advance(MIN);
    expect(store.incidents.filter(({ state }) => state !== "resolved")).toMatchObject([
      { scope: { kind: "database", id: "main" } },
    ]);
    expect(store.incidents.length).toBeLessThanOrEqual(2);
    await end();
  });

  test("a store that is out of reach for a minute costs no observation, and nothing is down for it", async () => {
    const { clock, world, store, watcher, log, end } = watchRig(fleet());
    await watcher.start();
    await clock.advance(15_000);
    store.reachable = false;
    await clock.advance(20_000);
    world.say("core:acme/acme-2:hello", "down", "connection-refused");
    await clock.advance(40_000);
    expect(store.incidents).toEqual([]);
    expect(watcher.problems()[0]).toMatch(/^The store has been out of reach for \d+ s/);
    const seen = Object.values(watcher.stats().observations).reduce((sum, one) => sum + one, 0);
    store.reachable = true;
    await clock.advance(5_000);
    expect(store.observations.length).toBeGreaterThanOrEqual(seen);
    expect(watcher.stats().dropped).toBe(0);
    expect(store.incidents.map(({ scope, cause }) => `${scope.kind} ${cause}`).sort()).toEqual([
      "deployment core-down",
      "prober prober-degraded",
    ]);
    expect(store.incidents.find(({ scope }) => scope.kind === "deployment")?.affected).toHaveLength(1);
    expect(log.lines.some(({ message }) => message.startsWith("the store is out of reach: probing goes on"))).toBe(
      true,
    );
    await clock.advance(MIN);
    expect(store.incidents.find(({ scope }) => scope.kind === "prober")?.state).toBe("resolved");
    expect(watcher.problems()).toEqual([]);
    await end();
  });

  test("judges on top of what a one-shot sweep stored meanwhile", async () => {
    const patient = fleet();
    const { clock, world, store, watcher, end } = watchRig({
      ...patient,
      checks: { ...patient.checks, hello: { ...patient.checks.hello, failures: 3 } },
    });
    await watcher.start();
    await clock.advance(15_000);
    const key = "core:acme/acme-2:hello";
    const before = store.state(key);
    if (before === undefined) throw new Error("the first look was not stored");
    store.writeElsewhere({ ...before, recent: [true, true], goods: 0, slot: clock.now() });
    await clock.advance(2_000);
    world.say(key, "down", "connection-refused");
    await clock.advance(11_000);
    expect(store.state(key)?.health).toBe("down");
    expect(store.incidents).toMatchObject([{ cause: "core-down", state: "open" }]);
    await end();
  });

  test("takes up open incidents and states after a restart: nothing is told twice", async () => {
    const first = watchRig(fleet());
    await first.watcher.start();
    await first.clock.advance(15_000);
    first.world.say("core:acme/acme-2:hello", "down", "connection-refused");
    await first.clock.advance(15_000);
    await first.end();
    const { store, clock } = first;
    const { length } = store.notices;
    expect(length).toBeGreaterThan(0);
    const second = watchRig(fleet(), { store, clock });
    second.world.say("core:acme/acme-2:hello", "down", "connection-refused");
    await second.watcher.start();
    await clock.advance(30_000);
    expect(store.incidents).toHaveLength(1);
    expect(store.notices).toHaveLength(length);
    const stopped = second.watcher.stop();
    await clock.advance(6_000);
    await stopped;
  });

  test("a reload forgets what left the fleet and resolves its incident; the rest goes on undisturbed", async () => {
    const two = fleet({ deployments: [deployment("acme", 3), deployment("beta", 3)], databases: [] });
    const { clock, world, store, watcher, end } = watchRig(two);
    await watcher.start();
    await clock.advance(15_000);
    world.say("core:acme/acme-2:hello", "down", "connection-refused");
    world.say("core:beta/beta-2:hello", "down", "connection-refused");
    await clock.advance(15_000);
    expect(store.incidents.map(({ state }) => state)).toEqual(["open", "open"]);
    watcher.setFleet({ ...two, deployments: [deployment("acme", 3)] });
    await clock.advance(5_000);
    const states = Object.fromEntries(store.incidents.map(({ deployment: id, state }) => [id, state]));
    expect(states).toEqual({ acme: "open", beta: "resolved" });
    expect(() =>
      watcher.setFleet({ ...two, checks: { ...two.checks, tls: { ...two.checks.tls, schedule: "soon" } } }),
    ).toThrow(RangeError);
    expect(watcher.stats().sweep.series).toBe(4);
    await end();
  });

  test("DNS failing for every name is the prober's own trouble, never a target down", async () => {
    const named = fleet({ deployments: [deployment("acme", 3), deployment("beta", 3)], databases: [] });
    const { clock, world, store, watcher, end } = watchRig(named);
    await watcher.start();
    await clock.advance(30_000);
    for (const one of named.deployments) {
      world.say(`deployment:${one.id}:through-load-balancer`, "down", "dns-failure");
      for (const { id } of one.cores) world.say(`core:${one.id}/${id}:hello`, "down", "dns-failure");
    }
    await clock.advance(2 * MIN);
    expect(store.observations.filter(({ health }) => health === "down")).toEqual([]);
    expect(store.observations.some(({ reason }) => reason === "prober-dns")).toBe(true);
    expect(store.incidents).toMatchObject([{ cause: "prober-degraded", scope: { kind: "prober" }, state: "open" }]);
    for (const one of named.deployments) {
      world.well(`deployment:${one.id}:through-load-balancer`);
      for (const { id } of one.cores) world.well(`core:${one.id}/${id}:hello`);
    }
    await clock.advance(MIN);
    expect(store.incidents).toMatchObject([{ state: "resolved" }]);
    await end();
  });

  test("a name that alone fails is down, once others were looked up since", async () => {
    const named = only(["http"], fleetOf({ endpoints: [endpoint("one"), endpoint("two"), endpoint("three")] }));
    const { clock, world, store, watcher, end } = watchRig(named);
    await watcher.start();
    await clock.advance(20_000);
    world.say("endpoint:two:http", "down", "dns-failure");
    await clock.advance(40_000);
    expect(store.incidents).toMatchObject([{ state: "open", scope: { kind: "endpoint", id: "two" } }]);
    await end();
  });

  test("an event loop that lags is told as such, once", async () => {
    let lag = 0;
    const { clock, store, watcher, end } = watchRig(fleet(), { loop: { worst: () => lag, stop: () => {} } });
    await watcher.start();
    await clock.advance(10_000);
    lag = 1_800;
    await clock.advance(20_000);
    expect(store.incidents).toMatchObject([{ cause: "prober-degraded", state: "open" }]);
    lag = 0;
    await clock.advance(MIN);
    expect(store.incidents).toMatchObject([{ cause: "prober-degraded", state: "resolved" }]);
    await end();
  });

  test("a heartbeat whose beats could not be taken while the store was away is not called missing", async () => {
    const beating = only(
      ["heartbeat"],
      fleetOf({ heartbeats: [heartbeat("worker", { everyMs: 30_000, graceMs: 10_000 })] }),
    );
    const { clock, world, store, watcher, end } = watchRig(beating);
    await watcher.start();
    await clock.advance(15_000);
    store.reachable = false;
    await clock.advance(11_000);
    world.say("heartbeat:worker:heartbeat", "down", "heartbeat-missing");
    await clock.advance(30_000);
    store.reachable = true;
    await clock.advance(20_000);
    expect(store.observations.filter(({ health }) => health === "down")).toEqual([]);
    await clock.advance(MIN);
    expect(store.incidents.some(({ cause, state }) => cause === "heartbeat-missing" && state === "open")).toBe(true);
    await end();
  });

  for (const [name, back] of [
    ["five minutes", 5 * MIN],
    ["a quarter of an hour", 15 * MIN],
    ["a day", 24 * 60 * MIN],
  ] as const) {
    test(`finds a core that fails right after the clock was set back by ${name}`, async () => {
      const { clock, world, store, watcher, end } = watchRig(fleet());
      await watcher.start();
      await clock.advance(15_000);
      world.say("core:acme/acme-2:hello", "down", "connection-refused");
      await clock.advance(15_000);
      world.well("core:acme/acme-2:hello");
      await clock.advance(30_000);
      expect(store.incidents).toMatchObject([{ state: "resolved" }]);
      clock.step(-back);
      world.say("core:acme/acme-3:hello", "down", "connection-refused");
      world.say("core:acme/acme-2:hello", "down", "connection-refused");
      await clock.advance(30_000);
      const open = store.incidents.filter(({ state }) => state !== "resolved");
      expect(open.flatMap(({ affected }) => affected.map(({ target }) => target.id)).sort()).toEqual([
        "acme/acme-2",
        "acme/acme-3",
      ]);
      await end();
    });
  }

  test("tells what the shell adds, and takes it back", async () => {
    const { clock, store, watcher, end } = watchRig(fleet());
    await watcher.start();
    await clock.advance(5_000);
    const scope = { kind: "configuration", id: "acme" } as const;
    watcher.tell({
      scope,
      deployment: null,
      cause: "configuration-rejected",
      severity: "minor",
      signIn: "unknown",
      evidence: ["fleet.yaml:3:1: unknown key"],
      affected: [],
    });
    await clock.advance(1_000);
    expect(store.incidents).toMatchObject([{ cause: "configuration-rejected", state: "open" }]);
    watcher.untell(scope);
    await clock.advance(1_000);
    expect(store.incidents).toMatchObject([{ state: "resolved" }]);
    await end();
  });

  test("300 cores failing at once are a handful of incidents", async () => {
    const wide = fleet({
      deployments: Array.from({ length: 30 }, (_, index) =>
        deployment(
          `d${index}`,
          Array.from({ length: 10 }, (_, at) => core(`c${index}-${at}`)),
        ),
      ),
      databases: [],
    });
    const { clock, world, store, watcher, end } = watchRig(wide);
    await watcher.start();
    await clock.advance(20_000);
    for (const { id, cores } of wide.deployments) {
      for (const one of cores) world.say(`core:${id}/${one.id}:hello`, "down", "connection-refused");
    }
    await clock.advance(MIN);
    const open = store.incidents.filter(({ state }) => state !== "resolved");
    expect(open.length).toBeGreaterThan(0);
    expect(open.length).toBeLessThanOrEqual(5);
    await end();
  });
});
