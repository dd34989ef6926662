import { afterEach, beforeEach, expect, test } from "vitest";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Client } from "pg";
import { StoreUnavailable } from "../../src/domain/index.ts";
import type { Observation, Store } from "../../src/domain/index.ts";
import { openStore } from "../../src/store/index.ts";
import { exportStore, importStore } from "../../src/store/transfer.ts";
import { systemClock } from "../../src/system/clock.ts";
import {
  SERIES,
  START,
  claimed,
  event,
  incident,
  missed,
  notice,
  observation,
  output,
  state,
} from "../conformance/store-samples.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { quiet, storeAt } from "./stores.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const closers: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let store: Store;

async function fresh(): Promise<{ database: TestDatabase; store: Store }> {
  const made = await createDatabase();
  const opened = await openStore({
    url: made.url,
    fleet: "acme",
    retention: { rawMs: DAY, minuteMs: 7 * DAY, hourMs: 400 * DAY },
    clock: systemClock,
    log: quiet,
    redact: (text) => text,
  });
  await opened.migrate();
  closers.push(async () => {
    await opened.close();
    await made.drop();
  });
  return { database: made, store: opened };
}

beforeEach(async () => {
  ({ database, store } = await fresh());
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function count(table: string): Promise<number> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM corewatch.${table}`);
    return rows[0]?.n ?? -1;
  } finally {
    await client.end();
  }
}

/** Two hours of observations, every 30 s, with all kinds of outcomes; always the same. */
function twoHours(core: string): Observation[] {
  const healths = ["up", "up", "up", "degraded", "down", "up", "unknown"] as const;
  return Array.from({ length: 240 }, (_, index) =>
    observation({
      core,
      slot: START + index * 30_000,
      health: healths[index % 7] ?? "up",
      durationMs: ((index * 7919) % 5000) / 3,
    }),
  );
}

test("rollups say exactly what the observations say, over any part of the time", async () => {
  await store.append([...twoHours("acme-1"), ...twoHours("acme-2")], [missed(START + 15_000), missed(START + HOUR)]);
  const spans: [number, number][] = [
    [START, START + 2 * HOUR],
    [START + 7 * MINUTE + 13_000, START + 2 * HOUR - 61_000],
    [START + HOUR - MINUTE, START + HOUR + MINUTE],
    [START + 5_000, START + 25_000],
  ];
  const ask = () => Promise.all(spans.map(([from, to]) => store.summary([SERIES, "core:acme/acme-2:hello"], from, to)));
  const fromRaw = await ask();
  expect(fromRaw[0]?.[0]).toMatchObject({ missed: 2, unknown: 34 });
  await store.housekeeping.run(START + 3 * HOUR);
  expect(await count("minute")).toBe(2 * 120);
  expect(await count("hour")).toBe(2 * 2);
  expect(await count("stale")).toBe(0);
  expect(await ask()).toEqual(fromRaw);
  await store.housekeeping.run(START + 3 * HOUR);
  expect(await ask()).toEqual(fromRaw);
});

test("a minute is not rolled up before it is over, and what comes late is counted after all", async () => {
  await store.append([observation()], []);
  await store.housekeeping.run(START + 59_000);
  expect(await count("minute")).toBe(0);
  await store.housekeeping.run(START + 2 * HOUR);
  expect(await count("hour")).toBe(1);
  const late = observation({ slot: START + 10_000, health: "down", reason: "timeout", durationMs: 900 });
  await store.append([late], [missed(START + 20_000)]);
  const expected = { up: 1, down: 1, missed: 1 };
  expect((await store.summary([SERIES], START, START + HOUR))[0]).toMatchObject(expected);
  await store.housekeeping.run(START + 2 * HOUR + MINUTE);
  expect(await count("stale")).toBe(0);
  const [after] = await store.summary([SERIES], START, START + HOUR);
  expect(after).toMatchObject(expected);
  expect(Math.abs((after?.maxMs ?? 0) - 900)).toBeLessThan(8);
});

test("what is past its retention goes, from observations to minutes to hours; the coarser ones keep telling", async () => {
  await store.append(twoHours("acme-1"), [missed(START + 15_000)]);
  await store.housekeeping.run(START + 3 * HOUR);
  await store.housekeeping.run(START + 2 * DAY);
  expect([await count("observation"), await count("missed"), await count("minute"), await count("hour")]).toEqual([
    0, 0, 120, 2,
  ]);
  expect((await store.summary([SERIES], START, START + 2 * HOUR))[0]).toMatchObject({ missed: 1, unknown: 34 });
  await store.housekeeping.run(START + 9 * DAY);
  expect([await count("minute"), await count("hour")]).toEqual([0, 2]);
  // Something from before the retention changes no rollup, and does no harm.
  await store.append([observation({ slot: START + 1 })], []);
  await store.housekeeping.run(START + 9 * DAY);
  expect((await store.summary([SERIES], START, START + 2 * HOUR))[0]).toMatchObject({ missed: 1, unknown: 34 });
  await store.housekeeping.run(START + 500 * DAY);
  expect(await count("hour")).toBe(0);
});

test("two processes that keep house at once do it once, and appending goes on meanwhile", async () => {
  const other = await storeAt(database.url);
  closers.push(() => other.close());
  await store.append(twoHours("acme-1"), []);
  const writing = (async () => {
    for (const one of twoHours("acme-2")) await store.append([one], []);
  })();
  const now = START + 3 * HOUR;
  for (let round = 0; round < 4; round++) await Promise.all([store.housekeeping.run(now), other.housekeeping.run(now)]);
  await writing;
  await store.housekeeping.run(now);
  expect(await count("stale")).toBe(0);
  const [one, two] = await store.summary([SERIES, "core:acme/acme-2:hello"], START, START + 2 * HOUR);
  expect({ ...two, series: SERIES }).toEqual(one);
});

test("an exported store imports into another one, and tells the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "corewatch-transfer-"));
  closers.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "store.corewatch");
  await store.append(twoHours("acme-1"), [missed(START + 15_000)]);
  await store.housekeeping.run(START + HOUR);
  await store.append(
    [observation({ slot: START + 5 * HOUR, detail: "tab\t and \\ and \n line", measures: { days: 3 } })],
    [],
  );
  await store.decide([SERIES], 0, () =>
    output({
      states: [state()],
      incidents: [incident({ id: "INC-7" })],
      events: [event({ incident: "INC-7" }), event({ incident: "INC-7", kind: "acknowledged" })],
      notices: [notice({ incident: "INC-7" }), notice({ incident: "INC-7", kind: "reply", text: "one" })],
    }),
  );
  const claim = await claimed(store.outbox);
  const [card] = await claim.due(START, 1);
  await claim.sent(card?.id ?? 0, START, "1.5", { incident: "INC-7", channel: "#ops", channelId: "C1", ts: "1.5" });
  await claim.release();
  await store.addSilence({ id: "s", match: { check: "hello" }, from: 0, until: START, reason: "r", by: "b" });
  await store.beat("render", START, true, "");
  await store.putFact("keys", { a: [1] });
  const exported = await exportStore(store, file);

  const there = await fresh();
  // Another fleet is already at home there: numbers differ.
  const neighbour = await storeAt(there.database.url, { fleet: "neighbour" });
  closers.push(() => neighbour.close());
  await neighbour.append([observation({ core: "other" })], []);
  const imported = await importStore(there.store, file);
  expect(imported).toEqual(exported);
  const view = async (one: Store) => {
    const found = await one.get("INC-7");
    return {
      latest: await one.latest(1000),
      summary: await one.summary([SERIES], START, START + 6 * HOUR),
      states: await one.states(),
      incident: { ...found, notices: found?.notices.map(({ id: _id, ...rest }) => rest) },
      silences: await one.silences(0),
      beats: await one.beats(),
      fact: await one.getFact("keys"),
    };
  };
  expect(await view(there.store)).toEqual(await view(store));
  expect((await neighbour.latest(10)).map((one) => one.target.id)).toEqual(["acme/other"]);
  await there.store.decide([], 0, (input) => {
    expect(input.newIncidentId()).toBe("INC-8");
    return output();
  });
  const next = await claimed(there.store.outbox);
  expect(await next.due(START, 5)).toMatchObject([{ kind: "reply", text: "one" }]);
  await next.release();
  await expect(importStore(there.store, file)).rejects.toThrow(/import into an empty one/);
});

test("an export that is cut short, damaged, newer or no export at all leaves the store empty and says so", async () => {
  const folder = await mkdtemp(join(tmpdir(), "corewatch-transfer-"));
  closers.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "store.corewatch");
  await store.append(twoHours("acme-1"), []);
  await exportStore(store, file);
  const nowhere: unknown = await exportStore(store, join(folder, "missing", "x")).catch((error: unknown) => error);
  expect(String(nowhere)).toMatch(/ENOENT/);
  expect(nowhere).not.toBeInstanceOf(StoreUnavailable);
  const bytes = gunzipSync(await readFile(file));
  const broken: [RegExp, Buffer][] = [
    [/damaged/, (await readFile(file)).subarray(0, 900)],
    [/cut short/, gzipSync(bytes.subarray(0, bytes.length - 20))],
    [/cut short/, gzipSync(bytes.subarray(0, 5 + bytes.readUInt32BE(1)))],
    [/no export/, Buffer.from("hello")],
    [/no export/, gzipSync(Buffer.from("hello hello hello"))],
    [/newer corewatch/, gzipSync(Buffer.from(bytes.toString("latin1").replace('"format":1', '"format":9'), "latin1"))],
  ];
  const empty = await fresh();
  for (const [sentence, content] of broken) {
    await writeFile(file, content);
    await expect(importStore(empty.store, file)).rejects.toThrow(sentence);
  }
  expect(await empty.store.latest(1)).toEqual([]);
  await empty.store.append([observation()], []);
});
