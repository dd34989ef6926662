import { describe, expect, onTestFinished, test } from "vitest";
import {
  CloudError,
  type Fleet,
  type FoundCore,
  type Health,
  type HostNotice,
  type Observation,
} from "../../src/domain/index.ts";
import type { SeriesView } from "../../src/incidents/picture.ts";
import { InventoryWatch } from "../../src/watch/inventory-watch.ts";
import { recall, recallEvents } from "../../src/watch/inventory-memory.ts";
import { FakeClock } from "../fakes/clock.ts";
import { recordingLog } from "../fakes/log.ts";
import { FakeStore } from "../fakes/store.ts";
import { FakeTicker } from "../fakes/ticker.ts";
import { deployment, fleetOf } from "../incidents/support.ts";

const found = (id: string, more: Partial<FoundCore> = {}): FoundCore => ({
  key: `${id}:3567`,
  instance: id,
  zone: "eu-west-1a",
  host: `10.0.0.${id.charCodeAt(id.length - 1)}`,
  port: 3567,
  state: "serving",
  detail: "healthy",
  startedAt: null,
  ...more,
});

const fleet = (more: Partial<Fleet> = {}): Fleet =>
  fleetOf({
    deployments: [
      deployment("acme", 0, {
        discovery: {
          settings: { from: "target-group" },
          addressing: { protocol: "https", address: "private", basePath: "" },
        },
      }),
      deployment("listed", 1),
    ],
    inventory: {
      schedule: "*/15 * * * * *",
      events: { queue: "arn:aws:sqs:eu-west-1:123456789012:host-notices", metadata: false },
      budgetMs: { development: 20_000, production: 60_000 },
    },
    ...more,
  });

/** An inventory over a made-up AWS, in virtual time. */
function rig(options: { readonly store?: FakeStore; readonly clock?: FakeClock; readonly fleet?: Fleet } = {}) {
  const clock = options.clock ?? new FakeClock("2026-11-21T08:00:01Z");
  const store = options.store ?? new FakeStore(clock);
  const log = recordingLog();
  const fleets: Fleet[] = [];
  const queue: string[] = [];
  const series = new Map<string, Pick<SeriesView, "health" | "since" | "latest">>();
  let answer: readonly FoundCore[] | Error = [found("i-a"), found("i-b")];
  let looks = 0;
  let reads = 0;
  const watch = new InventoryWatch({
    clock,
    log,
    store,
    ticker: new FakeTicker(clock),
    fleet: options.fleet ?? fleet(),
    sources: () =>
      Promise.resolve({
        read: () => {
          reads++;
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
        close: () => Promise.resolve(),
      }),
    notices: () =>
      Promise.resolve({
        queue: {
          receive: (_place, _arn, _wait, signal) =>
            new Promise((resolve) => {
              const give = (): void => resolve(queue.splice(0).map((body) => ({ body, receipt: body })));
              signal.addEventListener("abort", give);
              clock.after(1_000, give);
            }),
          done: () => Promise.resolve(),
        },
        parse: (body): HostNotice => JSON.parse(body) as HostNotice,
        metadata: { notices: () => Promise.resolve([]) },
      }),
    platform: () => ({ series: (key) => series.get(key), look: () => void looks++ }),
    onFleet: (one) => void fleets.push(one),
  });
  const end = async (): Promise<void> => {
    const stopped = watch.stop();
    await clock.advance(2_000);
    await stopped;
  };
  onTestFinished(end);
  return {
    clock,
    store,
    log,
    watch,
    fleets,
    end,
    finds: (next: readonly FoundCore[] | Error) => void (answer = next),
    hear: (notice: HostNotice) => void queue.push(JSON.stringify(notice)),
    /** The newest probe of a core, and what is settled, found now. */
    sees: (id: string, now: Health, settled: Health = now) =>
      void series.set(`core:acme/${id}:hello`, {
        health: settled,
        since: clock.now(),
        latest: { health: now, at: clock.now() } as Observation,
      }),
    counts: () => ({ looks, reads }),
    cores: () =>
      (watch.fleet.deployments[0]?.cores ?? []).map(
        ({ id, url, expectation }) => `${id} ${url}${expectation === undefined ? "" : ` ${expectation.state}`}`,
      ),
  };
}

describe("the inventory of a daemon", () => {
  test("finds the cores at its start, gives the fleet on, and keeps both in the store", async () => {
    const { watch, clock, cores, fleets, store } = rig();
    await watch.restore();
    await watch.start();
    await clock.advance(100);
    expect(cores()).toEqual(["acme-1 https://10.0.0.97:3567", "acme-2 https://10.0.0.98:3567"]);
    expect(fleets).toHaveLength(1);
    expect(fleets[0]?.deployments[1]?.cores).toHaveLength(1);
    expect((await recall(store)).get("acme")?.cores).toHaveLength(2);
    expect((await recallEvents(store)).map(({ event }) => event)).toEqual(["core-appeared", "core-appeared"]);
    await clock.advance(60_000);
    expect(fleets).toHaveLength(1);
  });

  test("takes up what an earlier one knew before anything is read", async () => {
    const first = rig();
    await first.watch.start();
    await first.clock.advance(100);
    await first.end();
    const second = rig({ store: first.store, clock: first.clock });
    await second.watch.restore();
    expect(second.cores()).toEqual(first.cores());
    expect(second.counts().reads).toBe(0);
  });

  test("keeps every core while a read fails, says once that it is stale, and that it is over", async () => {
    const { watch, clock, finds, cores, log, fleets } = rig();
    await watch.start();
    await clock.advance(100);
    const before = cores();
    finds(new CloudError("unreachable", "AWS in eu-west-1 could not be reached"));
    await clock.advance(60_000);
    expect(cores()).toEqual(before);
    expect(fleets).toHaveLength(1);
    expect(watch.facts()["inventoryStale"]).toMatch(/^acme since 2026-11-21T08:00:\d\dZ: AWS in eu-west-1 could not/);
    expect(watch.numbers().stale).toBe(1);
    const said = () => log.lines.filter(({ message }) => message.includes("stale")).map(({ level }) => level);
    expect(said()).toEqual(["warn"]);
    finds([found("i-a"), found("i-b")]);
    await clock.advance(15_000);
    expect(watch.facts()).not.toHaveProperty("inventoryStale");
    expect(log.lines.some(({ message }) => message === "the inventory of acme is read again")).toBe(true);
  });

  test("knows a new core as starting until it is seen well, and measures how long that took", async () => {
    const { watch, clock, finds, cores, sees, store } = rig();
    await watch.start();
    await clock.advance(100);
    finds([found("i-a"), found("i-b"), found("i-c", { startedAt: clock.now() })]);
    await clock.advance(15_000);
    expect(cores()[2]).toBe("acme-3 https://10.0.0.99:3567 starting");
    sees("acme-3", "down");
    await clock.advance(5_000);
    expect(watch.numbers().starting).toBe(1);
    // One good answer of a core whose id was another's is not enough.
    sees("acme-3", "up", "down");
    await clock.advance(2_000);
    expect(watch.numbers().starting).toBe(1);
    sees("acme-3", "up");
    await clock.advance(2_000);
    expect(cores()[2]).toBe("acme-3 https://10.0.0.99:3567");
    const [last] = await recallEvents(store);
    expect(last).toMatchObject({ event: "core-ready", target: "acme/acme-3" });
    expect(last?.timeToHealthyMs).toBeGreaterThan(15_000);
    expect(watch.numbers().timeToHealthyMs.max).toBeGreaterThan(15_000);
  });

  test("has the platform look again when the time of a new core is over", async () => {
    const { watch, clock, finds, counts } = rig();
    await watch.start();
    await clock.advance(100);
    finds([found("i-a"), found("i-b"), found("i-c")]);
    await clock.advance(15_000);
    expect(counts().looks).toBe(0);
    await clock.advance(62_000);
    expect(counts().looks).toBeGreaterThan(0);
  });

  test("expects a host to go as soon as its notice comes", async () => {
    const { watch, clock, hear, cores, store } = rig();
    await watch.start();
    await clock.advance(100);
    hear({ kind: "spot-interruption", instance: "i-a", at: clock.now() + 120_000, state: null });
    await clock.advance(2_000);
    expect(cores()).toEqual(["acme-1 https://10.0.0.97:3567 leaving", "acme-2 https://10.0.0.98:3567"]);
    hear({ kind: "spot-interruption", instance: "i-a", at: clock.now() + 118_000, state: null });
    expect((await recallEvents(store))[0]).toMatchObject({ event: "spot-interruption", target: "acme/acme-1" });
    await clock.advance(30_000);
    expect(cores()[0]).toContain("leaving");
  });

  test("reads at once where a core fails, so that one which went is not taken for one that is down", async () => {
    const { watch, clock, finds, cores, counts } = rig();
    await watch.start();
    await clock.advance(100);
    finds([found("i-b")]);
    const { reads } = counts();
    watch.suspect({ kind: "core", id: "acme/acme-1", deployment: "acme" });
    watch.suspect({ kind: "core", id: "acme/acme-2", deployment: "acme" });
    watch.suspect({ kind: "core", id: "listed/listed-1", deployment: "listed" });
    await clock.advance(100);
    expect(counts().reads).toBe(reads + 1);
    expect(cores()).toEqual(["acme-2 https://10.0.0.98:3567"]);
  });

  test("follows a reload: listed cores come in, and what was found stays", async () => {
    const { watch, clock, log } = rig();
    await watch.start();
    await clock.advance(100);
    const base = fleet();
    const [acme, ...others] = base.deployments;
    if (acme === undefined) throw new Error("no deployment");
    const listed = [
      { id: "mine", url: "https://10.0.0.97:3567", instance: undefined, zone: "eu-west-1b", apiKey: undefined },
      { id: "away", url: "https://10.0.0.9:3567", instance: undefined, zone: undefined, apiKey: undefined },
    ];
    const resolved = watch.follow({ ...base, deployments: [{ ...acme, cores: listed }, ...others] });
    expect(resolved.deployments[0]?.cores).toMatchObject([
      { id: "mine", instance: "i-a", zone: "eu-west-1b" },
      { id: "away" },
      { id: "acme-2", url: "https://10.0.0.98:3567" },
    ]);
    const said = log.lines.find(({ message }) => message.includes("differ"))?.message;
    expect(said).toContain("acme/mine: fleet.yaml says zone eu-west-1b, and it was found on eu-west-1a");
    expect(said).toContain("acme/away: fleet.yaml lists it at https://10.0.0.9:3567, where nothing was found");
  });

  test("goes on without its store, and writes what it owes when that is back", async () => {
    const { watch, clock, finds, cores, store, log } = rig();
    await watch.start();
    await clock.advance(100);
    store.reachable = false;
    finds([found("i-c"), found("i-b")]);
    await clock.advance(16_000);
    expect(cores()[0]).toContain("acme-1 https://10.0.0.99:3567");
    expect(log.lines.some(({ message }) => message.includes("could not be kept"))).toBe(true);
    store.reachable = true;
    await clock.advance(16_000);
    expect((await recall(store)).get("acme")?.cores.map(({ id, instance }) => `${id} ${instance}`)).toEqual([
      "acme-1 i-c",
      "acme-2 i-b",
    ]);
  });

  test("does nothing where the whole fleet is listed", async () => {
    const { watch, clock, counts } = rig({ fleet: fleetOf({ deployments: [deployment("listed", 2)] }) });
    await watch.restore();
    await watch.start();
    await clock.advance(60_000);
    expect(counts().reads).toBe(0);
    expect(watch.facts()).toEqual({});
  });
});
