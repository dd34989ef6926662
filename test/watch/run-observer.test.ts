import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { CloudPacer } from "../../alarms/rate.ts";
import type { Fleet, Incident, IncidentEvent, NoticeDraft, Store } from "../../src/domain/index.ts";
import { createAlarmsOf, type AlarmNow } from "../../src/watch/run-alarms.ts";
import { createRunObserver, type RunObserverOptions } from "../../src/watch/run-observer.ts";
import { Desk, small } from "../alarms/support.ts";
import { deployment, fleet } from "../checks/small-fleet.ts";
import { claimed, event, incident, missed, notice, observation, output, START } from "../conformance/store-samples.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeTicker } from "../fakes/ticker.ts";
import { core } from "../checks/small-fleet.ts";
import { storeAt } from "../store/stores.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const never = new AbortController().signal;

let database: TestDatabase;
let store: Store;
let clock: FakeClock;

beforeEach(async () => {
  database = await createDatabase();
  clock = new FakeClock(START);
  store = await storeAt(database.url, { clock });
  await store.migrate();
});
afterEach(async () => {
  await store.close();
  await database.drop();
});

/** Two cores called as the samples call them, and checks as they are by default. */
function watched(extra: Partial<Fleet> = {}): Fleet {
  const of = fleet(extra);
  const cores = [core(1, { id: "acme-1" }), core(2, { id: "acme-2" })];
  return {
    ...of,
    deployments: [deployment({ cores }), deployment({ id: "other", database: undefined, loadBalancer: "other" })],
  };
}

function observer(extra: Partial<RunObserverOptions> = {}) {
  const made = createRunObserver({
    store,
    daemon: "own",
    fleet: () => watched(),
    alarmsOf: undefined,
    clock,
    ticker: new FakeTicker(clock),
    ...extra,
  });
  onTestFinished(() => made.stop());
  return made;
}

function write(
  given: Partial<Incident>,
  events: readonly Partial<IncidentEvent>[] = [],
  notices: readonly Partial<NoticeDraft>[] = [],
): Promise<unknown> {
  const { id = "INC-1" } = given;
  return store.decide([], 0, () =>
    output({
      incidents: [incident(given)],
      events: events.map((one) => event({ incident: id, ...one })),
      notices: notices.map((one) => notice({ incident: id, ...one })),
    }),
  );
}

/** Every notice that waits goes out at `at`. */
async function send(at: number): Promise<void> {
  const claim = await claimed(store.outbox);
  for (;;) {
    const due = await claim.due(at, 10);
    if (due.length === 0) break;
    for (const one of due) {
      await claim.begin(one.id, at);
      const post = { incident: one.incident, channel: one.channel, channelId: "C1", ts: "1.5" };
      await claim.sent(one.id, at, "1.5", one.kind === "card" ? post : undefined);
    }
  }
  await claim.release();
}

test("probes are counted by series to the last moment, and a check that is due once a day is no silence", async () => {
  const rows = Array.from({ length: 24 }, (_, index) => START + index * 10 * SECOND);
  await store.append(
    rows.map((slot, index) =>
      observation({
        slot,
        ...(index === 20 ? { health: "down", reason: "timeout" } : {}),
        ...(index === 21 ? { health: "unknown", reason: "prober-dns" } : {}),
      }),
    ),
    [missed(START + 5 * SECOND)],
  );
  const day = { ...watched().checks.hello, schedule: "0 0 3 * * *" };
  const of = { ...watched(), checks: { ...watched().checks, tls: day } };
  const { probes } = await observer({ fleet: () => of }).facts("acme", START, START + 235 * SECOND);
  expect(probes.find(({ series }) => series === "core:acme/acme-1:hello")).toEqual({
    series: "core:acme/acme-1:hello",
    done: 24,
    missed: 1,
    unknown: 1,
    bad: 1,
    p99Ms: expect.closeTo(12, 0) as number,
  });
  const names = probes.map(({ series }) => series);
  expect(names).toContain("database:main:postgres");
  expect(names).toContain("load-balancer:acme-production:target-health");
  expect(names).toContain("deployment:acme:through-load-balancer");
  expect(names.some((name) => name.includes("other") || name.endsWith(":tls"))).toBe(false);
});

test("whole minutes in which nothing at all was probed are told: nobody was there to miss them", async () => {
  const slots = [0, 10, 20, 250, 290].map((second) => START + second * SECOND);
  await store.append(
    slots.map((slot) => observation({ slot })),
    [],
  );
  const { troubles } = await observer().facts("acme", START, START + 5 * MINUTE);
  expect(troubles).toEqual(["nothing was probed for 3 min from 2026-11-21T08:01:00.000Z: no daemon was watching"]);
  expect((await observer({ daemon: "none" }).facts("acme", START, START + 5 * MINUTE)).troubles).toEqual([]);
});

test("an incident is told with the moment of its first message, and with every target that it ever affected", async () => {
  await write({ openedAt: START + 8 * SECOND }, [{ at: START + 8 * SECOND }], [{ at: START + 8 * SECOND }]);
  const watching = observer();
  expect((await watching.facts("acme", START, START + MINUTE)).incidents[0]).toMatchObject({
    toldAt: null,
    resolvedAt: null,
  });
  await send(START + 10 * SECOND);
  const [first] = incident().affected;
  const second = first && { ...first, target: { ...first.target, id: "acme/acme-2" } };
  await write(
    {
      openedAt: START + 8 * SECOND,
      state: "resolved",
      resolvedAt: START + 50 * SECOND,
      affected: [],
      worst: { signIn: "yes", affected: [first, second].filter((one) => one !== undefined), targets: 2, evidence: [] },
      version: 1,
    },
    [{ at: START + 50 * SECOND, kind: "resolved", text: "It is over." }],
    [{ at: START + 50 * SECOND }],
  );
  await send(START + 51 * SECOND);
  const { incidents } = await watching.facts("acme", START, START + MINUTE);
  expect(incidents).toEqual([
    {
      id: "INC-1",
      cause: "core-down",
      deployment: "acme",
      openedAt: START + 8 * SECOND,
      resolvedAt: START + 50 * SECOND,
      toldAt: START + 10 * SECOND,
      events: [
        { at: START + 8 * SECOND, kind: "opened", text: "Core acme-1 is down" },
        { at: START + 50 * SECOND, kind: "resolved", text: "It is over." },
      ],
      affected: ["acme/acme-1", "acme/acme-2"],
    },
  ]);
  // Before it and after it there was none.
  expect((await watching.facts("acme", START - MINUTE, START)).incidents).toEqual([]);
  expect((await watching.facts("acme", START + MINUTE, START + 2 * MINUTE)).incidents).toEqual([]);
});

test("one that was reopened counts from the outage at hand, and its edited card is no message", async () => {
  const before = START - 5 * MINUTE;
  await write({ openedAt: before }, [{ at: before }], [{ at: before }]);
  await send(before + SECOND);
  const resolved = { state: "resolved", resolvedAt: before + MINUTE, version: 1 } as const;
  await write({ openedAt: before, ...resolved }, [{ at: before + MINUTE, kind: "resolved" }]);
  await write(
    { openedAt: before, reopened: 1, version: 2 },
    [{ at: START + 9 * SECOND, kind: "reopened", text: "Again." }],
    [
      { at: START + 9 * SECOND },
      { at: START + 9 * SECOND, kind: "reply", because: "reopened", text: "Again.", broadcast: true },
    ],
  );
  await send(START + 12 * SECOND);
  const { incidents } = await observer().facts("acme", START, START + MINUTE);
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({ openedAt: START + 9 * SECOND, toldAt: START + 12 * SECOND, resolvedAt: null });
});

test("incidents of the deployment's database and of corewatch itself count; another deployment's do not", async () => {
  const [first] = incident().affected;
  const on = (kind: "database" | "core", id: string, of: string | null) =>
    first === undefined ? [] : [{ ...first, target: { kind, id, deployment: of } }];
  await write(
    { id: "INC-1", scope: { kind: "database", id: "main" }, deployment: null, affected: on("database", "main", null) },
    [{}],
  );
  await write(
    { id: "INC-2", scope: { kind: "prober", id: "acme" }, deployment: null, cause: "prober-degraded", affected: [] },
    [{}],
  );
  await write(
    {
      id: "INC-3",
      scope: { kind: "deployment", id: "other" },
      deployment: "other",
      affected: on("core", "other/c1", "other"),
    },
    [{}],
  );
  const { incidents } = await observer().facts("acme", START, START + MINUTE);
  expect(incidents.map(({ id }) => id)).toEqual(["INC-1", "INC-2"]);
});

test("waiting ends when it is so, when time is up, and when it is called off", async () => {
  const watching = observer();
  const isThere = ({ incidents }: { incidents: readonly unknown[] }): boolean => incidents.length > 0;
  let facts: { incidents: readonly unknown[] } | undefined;
  const run = async (ms: number, signal = never): Promise<void> => {
    facts = undefined;
    void watching.until("acme", START, isThere, ms, signal).then((found) => (facts = found));
    await expect.poll(() => clock.waiting).toBeGreaterThan(0);
  };
  const passing = async (): Promise<void> => {
    await expect.poll(async () => (await clock.advance(SECOND), facts)).toBeDefined();
  };
  await run(3 * SECOND);
  await passing();
  expect(facts?.incidents).toEqual([]);

  const stop = new AbortController();
  await run(60 * MINUTE, stop.signal);
  stop.abort();
  await expect.poll(() => facts).toBeDefined();

  await run(60 * MINUTE);
  await write({ openedAt: START }, [{}]);
  await passing();
  expect(facts?.incidents).toHaveLength(1);
});

test("a store that is away is a trouble, and ends no waiting for incidents to be over", async () => {
  const away = {
    summary: () => Promise.reject(new Error("the store cannot be reached")),
    list: () => Promise.reject(new Error("the store cannot be reached")),
    get: () => Promise.reject(new Error("the store cannot be reached")),
  };
  const watching = observer({ store: away });
  const { troubles, incidents } = await watching.facts("acme", START, START + MINUTE);
  expect(incidents).toEqual([]);
  expect(troubles).toEqual(["what corewatch stored could not be read: the store cannot be reached"]);
  let asked = 0;
  const over = watching.until("acme", START, () => asked++ >= 0, 2 * SECOND, never);
  await clock.advance(3 * SECOND);
  await over;
  expect(asked).toBe(0);
});

test("alarms are followed from the beginning: what changed, when, and what could not be read", async () => {
  let now: readonly AlarmNow[] | Error = [{ name: "hosts", state: "OK", stateAt: START - MINUTE }];
  const alarmsOf = () => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now));
  const watching = observer({ alarmsOf, daemon: "none" });
  await clock.advance(SECOND);
  now = [{ name: "hosts", state: "ALARM", stateAt: START + 3 * SECOND }];
  await clock.advance(5 * SECOND);
  now = new Error("AWS throttled it");
  await clock.advance(5 * SECOND);
  const during = await watching.facts("acme", START, START + MINUTE);
  expect(during.troubles).toEqual(["the alarms could not be read: AWS throttled it"]);
  expect(during.alarms).toEqual(["hosts"]);
  now = [
    { name: "hosts", state: "OK", stateAt: START + 9 * SECOND },
    { name: "late", state: "INSUFFICIENT_DATA", stateAt: START - MINUTE },
  ];
  const facts = await watching.facts("acme", START, START + MINUTE);
  expect(facts.alarms).toEqual(["hosts", "late"]);
  expect(facts.alarmChanges).toEqual([
    { name: "hosts", at: START + 3 * SECOND, state: "ALARM" },
    { name: "hosts", at: START + 9 * SECOND, state: "OK" },
  ]);
  await watching.stop();
  expect(clock.waiting).toBe(0);
  expect((await observer().facts("acme", START, START + MINUTE)).alarms).toBeNull();
});

test("a deployment's alarms are those that corewatch made for it, read by name after the first time", async () => {
  const desk = new Desk(small(["acme", "other"]));
  const { cloud, fleet: of } = desk;
  const record = () => Promise.resolve(desk.record);
  const before = createAlarmsOf({
    fleet: of,
    deployment: "acme",
    record,
    reader: cloud,
    pacer: new CloudPacer(desk.clock),
    signal: never,
  });
  expect(await before()).toEqual([]);
  await desk.apply();
  // Made while somebody looks: found all the same.
  expect((await before()).length).toBeGreaterThan(1);
  const options = { fleet: of, record, reader: cloud, pacer: new CloudPacer(desk.clock), signal: never };
  const read = createAlarmsOf({ ...options, deployment: "acme" });
  const names = (await read()).map(({ name }) => name).sort();
  expect(names.length).toBeGreaterThan(1);
  expect(names.every((name) => name.includes("acme"))).toBe(true);
  expect((await read()).map(({ name }) => name).sort()).toEqual(names);
  expect(cloud.log.at(-1)).toContain("cloudwatch:DescribeAlarms");
  const none = { ...of, deployments: of.deployments.map((one) => ({ ...one, loadBalancer: undefined })) };
  expect(await createAlarmsOf({ ...options, fleet: none, deployment: "acme" })()).toEqual([]);
});
