import { createServer } from "node:net";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StoreUnavailable } from "../../src/domain/index.ts";
import type { Store } from "../../src/domain/index.ts";
import {
  SERIES,
  START,
  claimed,
  event,
  incident,
  notice,
  observation,
  output,
  state,
} from "../conformance/store-samples.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { startChild } from "./children.ts";
import { storeAt } from "./stores.ts";

let database: TestDatabase;
let store: Store;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await createDatabase();
  store = await storeAt(database.url, { secrets: ["hunter2secret", 'pass"word'] });
  await store.migrate();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await store.close();
  await database.drop();
});

async function ask<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: database.url, application_name: "test" });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

test("a process killed in the middle of a decision leaves nothing, and its lock is free", async () => {
  const child = startChild("die-deciding", database.url);
  await child.ended;
  expect(await store.states()).toEqual([]);
  expect(await store.list(10)).toEqual([]);
  await store.decide([SERIES], 0, () => output({ states: [state()] }));
  expect(await store.states()).toHaveLength(1);
});

test("two processes that decide at once lose nothing of each other", async () => {
  const children = [startChild("count", database.url, "15"), startChild("count", database.url, "15")];
  expect(await Promise.all(children.map((child) => child.line()))).toEqual(["counted", "counted"]);
  expect((await store.states())[0]).toMatchObject({ goods: 30, version: 30 });
});

test("the claim of a killed process is free at once, and what it had begun is known as begun", async () => {
  await store.decide([], 0, () => output({ incidents: [incident()], notices: [notice()] }));
  const child = startChild("claim", database.url);
  expect(await child.line()).toBe("claimed");
  expect(await store.outbox.claim()).toBeUndefined();
  await child.kill();
  const claim = await vi.waitFor(() => claimed(store.outbox), { timeout: 5000, interval: 10 });
  const [card] = await claim.due(START, 1);
  await claim.begin(card?.id ?? 0, START);
  // Its connection is cut, as by a failover: whatever it does from now on is refused.
  await ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'corewatch outbox'");
  await vi.waitFor(() => expect(claim.lost).toBe(true), { timeout: 5000 });
  await expect(claim.sent(card?.id ?? 0, START, "1.5", undefined)).rejects.toBeInstanceOf(StoreUnavailable);
  await claim.release();
  const next = await vi.waitFor(() => claimed(store.outbox), { timeout: 5000, interval: 10 });
  expect(await next.due(START, 1)).toMatchObject([{ id: card?.id, begun: true, attempts: 1 }]);
  await next.release();
});

test("a listener whose connection is cut hears again, and is told of what it may have missed", async () => {
  const told = vi.fn<(what: string) => void>();
  const listening = store.onChange(told);
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(3), { timeout: 5000 });
  await ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'corewatch listen'");
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(6), { timeout: 5000 });
  const other = await storeAt(database.url);
  closers.push(() => other.close());
  await other.decide([SERIES], 0, () => output({ states: [state()] }));
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(7), { timeout: 5000 });
  expect(told).toHaveBeenLastCalledWith("states");
  // Our own writes are no news.
  await store.decide([SERIES], 0, ({ states }) => output({ states: [{ ...state(), ...states.get(SERIES) }] }));
  await other.addSilence({ id: "s", match: {}, from: 0, until: 1, reason: "", by: "" });
  await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith("silences"), { timeout: 5000 });
  expect(told).toHaveBeenCalledTimes(8);
  listening.stop();
});

test("a store that refuses connections, and one that never answers, are out of reach within the bound; its address is not named", async () => {
  const silent = createServer((socket) => void socket.on("error", () => socket.destroy()).resume());
  await new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : 0;
  for (const url of [`postgres://ada:s3cret-pw@127.0.0.1:1/x`, `postgres://ada:s3cret-pw@127.0.0.1:${port}/x`]) {
    const away = await storeAt(url);
    const before = performance.now();
    const error: unknown = await away.ping().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toMatch(/the Postgres store is out of reach/);
    expect(String(error)).not.toMatch(/s3cret|127\.0\.0\.1/);
    expect(performance.now() - before).toBeLessThan(8_000);
    await away.close();
  }
  await new Promise((resolve) => void silent.close(resolve));
});

test("a store of a newer corewatch is refused", async () => {
  await ask("INSERT INTO corewatch.migration (version) VALUES (99)");
  await expect(store.migrate()).rejects.toThrow(/schema version 99.*update corewatch/);
});

test("two processes that migrate an empty database at once both succeed", async () => {
  const fresh = await createDatabase();
  const stores = await Promise.all([storeAt(fresh.url), storeAt(fresh.url), storeAt(fresh.url)]);
  const steps = await Promise.all(stores.map((one) => one.migrate()));
  expect(steps.map((step) => step.to)).toEqual([1, 1, 1]);
  expect(steps.filter((step) => step.from === 0)).toHaveLength(1);
  await Promise.all(stores.map((one) => one.close()));
  await fresh.drop();
});

test("two fleets in one database know nothing of each other", async () => {
  const other = await storeAt(database.url, { fleet: "zoo" });
  closers.push(() => other.close());
  await store.append([observation()], []);
  await store.decide([SERIES], 0, () => output({ states: [state()], incidents: [incident()] }));
  await other.decide([SERIES], 0, (input) => {
    expect(input.states.size).toBe(0);
    expect(input.incidents).toEqual([]);
    return output({ incidents: [incident({ id: input.newIncidentId() })] });
  });
  expect(await other.latest(10)).toEqual([]);
  expect((await other.list(10)).map((one) => one.id)).toEqual(["INC-1"]);
  const both = await Promise.all([store.outbox.claim(), other.outbox.claim()]);
  expect(both.every((claim) => claim !== undefined)).toBe(true);
});

test("no configured secret is in any row, whatever text it came with", async () => {
  const text = 'broken: hunter2secret and pass"word and postgres://u:pw-in-url@h/db \0 \ud800';
  await store.append([observation({ health: "down", reason: "query-failed", detail: text })], []);
  await store.decide([SERIES], 0, () =>
    output({
      states: [state()],
      incidents: [incident({ evidence: [text], acknowledgedBy: text })],
      events: [event({ text })],
      notices: [notice({ kind: "reply", text })],
    }),
  );
  const claim = await claimed(store.outbox);
  const [reply] = await claim.due(START, 1);
  await claim.postpone(reply?.id ?? 0, START, START, text);
  await claim.release();
  await store.beat("render", START, false, text);
  await store.putFact("seen", { nested: [{ text }] });
  await store.addSilence({ id: "s", match: {}, from: START, until: START + 1, reason: text, by: text });
  const tables = await ask<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'corewatch'",
  );
  let rows = "";
  for (const { name } of tables) rows += JSON.stringify(await ask(`SELECT t::text AS row FROM ${name} t`));
  expect(rows).toContain("[secret]");
  for (const secret of ["hunter2secret", 'pass\\"word', "pw-in-url"]) expect(rows).not.toContain(secret);
});
