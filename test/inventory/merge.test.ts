import { array, assert, constant, constantFrom, integer, property, record, tuple, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import type { FoundCore, HostNotice, InventoryEvent, KnownCores } from "../../src/domain/index.ts";
import { heed } from "../../src/inventory/leaving.ts";
import { markReady, type Merged, mergeFound, type MergeSettings, NOTHING_KNOWN } from "../../src/inventory/merge.ts";

const NOW = Date.parse("2026-11-21T08:00:00Z");
const SETTINGS: MergeSettings = {
  deployment: "acme",
  idPrefix: "acme",
  addressing: { protocol: "https", address: "private", basePath: "" },
  listed: new Map(),
  notices: [],
  now: NOW,
};

function found(key: string, more: Partial<FoundCore> = {}): FoundCore {
  const [instance = key, port = "3567"] = key.split(":");
  const host = `10.0.0.${instance.charCodeAt(instance.length - 1) % 200}`;
  return {
    key,
    instance,
    zone: "eu-west-1a",
    host,
    port: Number(port),
    state: "serving",
    detail: "healthy",
    startedAt: null,
    ...more,
  };
}

/** Looks one after another, a minute apart. */
function looks(...all: readonly (readonly FoundCore[])[]): Merged {
  let merged: Merged = { known: NOTHING_KNOWN, events: [] };
  for (const [at, one] of all.entries())
    merged = mergeFound(merged.known, one, { ...SETTINGS, now: NOW + at * 60_000 });
  return merged;
}

const told = ({ events }: { events: readonly InventoryEvent[] }) =>
  events.map(({ event, target }) => `${event} ${target}`);
const ids = ({ known }: { known: KnownCores }) => known.cores.map(({ id, key }) => `${id}=${key}`);

describe("what was found becomes known", () => {
  it("numbers the first cores, and takes those that serve for ready", () => {
    const merged = looks([found("i-a:3567"), found("i-b:3567", { state: "starting" })]);
    expect(ids(merged)).toEqual(["acme-1=i-a:3567", "acme-2=i-b:3567"]);
    expect(told(merged)).toEqual(["core-appeared acme/acme-1", "core-appeared acme/acme-2"]);
    expect(merged.known.cores.map(({ readyAt }) => readyAt)).toEqual([NOW, null]);
    expect(merged.known.cores[0]?.url).toBe("https://10.0.0.97:3567");
  });

  it("says nothing where nothing changed", () => {
    expect(looks([found("i-a:3567")], [found("i-a:3567")]).events).toEqual([]);
  });

  it("keeps the id of a core whose address changed, and lets it come up again", () => {
    const merged = looks([found("i-a:3567")], [found("i-a:3567", { host: "10.9.9.9" })]);
    expect(ids(merged)).toEqual(["acme-1=i-a:3567"]);
    expect(merged.events).toMatchObject([
      {
        event: "core-moved",
        target: "acme/acme-1",
        before: { url: "https://10.0.0.97:3567" },
        after: { url: "https://10.9.9.9:3567" },
      },
    ]);
    expect(merged.known.cores[0]).toMatchObject({ firstSeen: NOW + 60_000, readyAt: null });
  });

  it("gives a task on another port of the same instance the id of the one that left: it moved", () => {
    const at = (key: string, port: number) => found(key, { instance: "i-a", port });
    const merged = looks([at("task/1", 32_768), found("i-b:1")], [at("task/2", 40_000), found("i-b:1")]);
    expect(ids(merged)).toEqual(["acme-1=i-b:1", "acme-2=task/2"]);
    expect(told(merged)).toEqual(["core-moved acme/acme-2"]);
  });

  it("gives a core on another instance the id of the one that left: it was replaced", () => {
    const merged = looks([found("i-a:3567"), found("i-b:3567")], [found("i-c:3567"), found("i-b:3567")]);
    expect(ids(merged)).toEqual(["acme-1=i-c:3567", "acme-2=i-b:3567"]);
    expect(told(merged)).toEqual(["instance-replaced acme/acme-1"]);
  });

  it("keeps an id for a replacement that comes later, for an hour", () => {
    const both = [found("i-a:3567"), found("i-b:3567")];
    const soon = looks(both, [found("i-b:3567")], [found("i-b:3567"), found("i-c:3567")]);
    expect(ids(soon)).toEqual(["acme-1=i-c:3567", "acme-2=i-b:3567"]);
    expect(told(soon)).toEqual(["instance-replaced acme/acme-1"]);
    const gone = mergeFound(looks(both).known, [found("i-b:3567")], SETTINGS);
    expect(told(gone)).toEqual(["core-gone acme/acme-1"]);
    const late = mergeFound(gone.known, [found("i-b:3567"), found("i-c:3567")], { ...SETTINGS, now: NOW + 3_600_001 });
    expect(told(late)).toEqual(["core-appeared acme/acme-1"]);
  });

  it("prefers the instance to the zone when several left", () => {
    const first = [found("t1", { instance: "i-a", zone: "a" }), found("t2", { instance: "i-b", zone: "b" })];
    const next = [found("t3", { instance: "i-c", zone: "a" }), found("t4", { instance: "i-b", zone: "b" })];
    expect(ids(looks(first, next))).toEqual(["acme-1=t3", "acme-2=t4"]);
  });

  it("tells once that a core drains", () => {
    const draining = found("i-a:3567", { state: "draining", detail: "Target.DeregistrationInProgress" });
    const merged = looks([found("i-a:3567")], [draining]);
    expect(merged.events).toMatchObject([{ event: "core-draining", why: "Target.DeregistrationInProgress" }]);
    expect(mergeFound(merged.known, [draining], SETTINGS).events).toEqual([]);
  });

  it("gives a core that fleet.yaml lists the id from there, and that id to nobody else", () => {
    const listed = new Map([
      ["https://10.0.0.98:3567", "old-name"],
      ["https://10.9.9.9:1", "acme-1"],
    ]);
    const merged = mergeFound(NOTHING_KNOWN, [found("i-a:3567"), found("i-b:3567")], { ...SETTINGS, listed });
    expect(ids(merged)).toEqual(["acme-2=i-a:3567", "old-name=i-b:3567"]);
  });
});

describe("readiness", () => {
  it("is measured from the start, as far as it is known", () => {
    const { known } = looks([], [found("i-a:3567", { startedAt: NOW + 30_000 })]);
    const merged = markReady(known, "acme-1", NOW + 75_000, "acme");
    expect(merged.events).toMatchObject([{ event: "core-ready", target: "acme/acme-1", timeToHealthyMs: 45_000 }]);
    expect(markReady(merged.known, "acme-1", NOW + 80_000, "acme").events).toEqual([]);
  });
});

describe("notices", () => {
  const notice: HostNotice = { kind: "spot-interruption", instance: "i-a", at: NOW + 120_000, state: null };
  const hear = (known: KnownCores, one: HostNotice, isNews = true) => {
    const events: InventoryEvent[] = [];
    return { cores: heed(known.cores, one, { deployment: "acme", now: NOW, isNews }, events), events };
  };

  it("make the cores of a host expected to go, and a look does not take that back until long after", () => {
    const { known } = looks([found("i-a:3567"), found("i-a:3568"), found("i-b:3567")]);
    const { cores, events } = hear(known, notice);
    expect(cores.map(({ state, why }) => `${state} ${why}`)).toEqual([
      "leaving spot interruption at 08:02 UTC",
      "leaving spot interruption at 08:02 UTC",
      "serving ",
    ]);
    expect(events.map(({ event, target }) => `${event} ${target}`)).toEqual([
      "spot-interruption acme/acme-1",
      "spot-interruption acme/acme-2",
    ]);
    const same = [found("i-a:3567"), found("i-a:3568"), found("i-b:3567")];
    const stays = mergeFound({ ...known, cores }, same, { ...SETTINGS, now: NOW + 60_000 });
    expect(stays.known.cores[0]?.state).toBe("leaving");
    const back = mergeFound({ ...known, cores }, same, { ...SETTINGS, now: NOW + 800_000 });
    expect(back.known.cores[0]?.state).toBe("serving");
  });

  it("hold for a core that is found on the host after them", () => {
    const merged = mergeFound(NOTHING_KNOWN, [found("i-a:3567")], { ...SETTINGS, notices: [notice] });
    expect(merged.known.cores[0]?.state).toBe("leaving");
    expect(told(merged)).toEqual(["core-appeared acme/acme-1", "spot-interruption acme/acme-1"]);
  });

  it("of a rebalance are told, and excuse nothing", () => {
    const { known } = looks([found("i-a:3567")]);
    const { cores, events } = hear(known, { ...notice, kind: "rebalance-recommendation", at: null });
    expect(cores[0]?.state).toBe("serving");
    expect(events).toMatchObject([{ event: "rebalance-recommendation" }]);
  });

  it("of a state count where the instance goes", () => {
    const { known } = looks([found("i-a:3567")]);
    const state = (name: string): HostNotice => ({ kind: "instance-state", instance: "i-a", at: null, state: name });
    expect(hear(known, state("running")).events).toEqual([]);
    expect(hear(known, state("shutting-down")).cores[0]).toMatchObject({
      state: "leaving",
      why: "its instance is shutting-down",
    });
  });
});

describe("whatever is found", () => {
  const core = record({
    key: constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
    instance: constantFrom("i-1", "i-2", "i-3", null),
    zone: constantFrom("z1", "z2", null),
    host: constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"),
    port: integer({ min: 1, max: 4 }),
    state: constantFrom("serving" as const, "starting" as const, "draining" as const),
    detail: constant(""),
    startedAt: constantFrom(null, NOW - 5_000),
  });
  const look = uniqueArray(core, { selector: ({ key }) => key, maxLength: 8 });
  const listed = constantFrom(new Map<string, string>(), new Map([["https://10.0.0.1:1", "acme-2"]]));

  it("no id is used twice at a time, and whose key stays keeps its id", () => {
    assert(
      property(array(tuple(look, integer({ min: 0, max: 4_000_000 })), { maxLength: 12 }), listed, (all, listed) => {
        let { known } = { known: NOTHING_KNOWN };
        let now = NOW;
        for (const [one, later] of all) {
          now += later;
          const before = new Map(known.cores.map(({ key, id }) => [key, id]));
          known = mergeFound(known, one, { ...SETTINGS, listed, now }).known;
          const given = known.cores.map(({ id }) => id);
          expect(new Set(given).size).toBe(given.length);
          expect(known.cores.map(({ key }) => key).sort()).toEqual(one.map(({ key }) => key).sort());
          const kept = known.cores.filter(({ key }) => before.has(key));
          for (const { key, id } of kept) expect(id).toBe(before.get(key));
          for (const { id } of known.vacant) expect(given).not.toContain(id);
        }
      }),
      { seed: 20_261_121, numRuns: 300 },
    );
  });
});
