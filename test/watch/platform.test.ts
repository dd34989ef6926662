import { createServer } from "node:http";
import type { Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { createTicker } from "../../src/cron/ticker.ts";
import { CHECK_KINDS } from "../../src/domain/index.ts";
import type { CheckKind, CheckSettings, Fleet, Incident, Store } from "../../src/domain/index.ts";
import { createHttpProber } from "../../src/http/prober.ts";
import { openStore } from "../../src/store/index.ts";
import { systemClock as clock } from "../../src/system/clock.ts";
import { sweepFleet } from "../../src/watch/one-shot.ts";
import { planTasks } from "../../checks/index.ts";
import { Watcher } from "../../src/watch/watcher.ts";
import { clockPorts } from "../checks/support.ts";
import { quietLog } from "../fakes/log.ts";
import { core, deployment, fleetOf } from "../incidents/support.ts";
import { createDatabase } from "../support/database.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** A core that says Hello on loopback until it is killed. */
async function startCore(): Promise<{ url: string; kill(): Promise<void> }> {
  const server: Server = createServer((_request, response) => void response.end("Hello\n"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the core has no port");
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  cleanups.push(kill);
  return { url: `http://127.0.0.1:${address.port}`, kill };
}

async function rig() {
  const cores = await Promise.all([startCore(), startCore(), startCore()]);
  const base = fleetOf({
    deployments: [
      deployment(
        "acme",
        cores.map(({ url }, index) => core(`acme-${index + 1}`, { url })),
        { loadBalancer: undefined },
      ),
    ],
  });
  const checks: Record<CheckKind, CheckSettings> = { ...base.checks };
  for (const kind of CHECK_KINDS) {
    checks[kind] = { ...checks[kind], schedule: "*/2 * * * * *", timeoutMs: 1_500, enabled: kind === "hello" };
  }
  const fleet: Fleet = { ...base, checks };
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const open = async (): Promise<Store> => {
    const store = await openStore({
      url: database.url,
      fleet: fleet.name,
      clock,
      log: quietLog(),
      redact: (text) => text,
    });
    cleanups.push(() => store.close());
    await store.migrate();
    return store;
  };
  const http = createHttpProber({ clock });
  cleanups.push(() => http.close());
  const ports = { ...clockPorts(clock), http };
  const ticker = createTicker({ clock });
  const run = async (store: Store): Promise<Watcher> => {
    const watcher = new Watcher({ clock, log: quietLog(), store, ticker, ports, fleet });
    cleanups.push(() => watcher.stop());
    await watcher.start();
    return watcher;
  };
  const sweep = (store: Store) =>
    sweepFleet({ fleet, tasks: planTasks(fleet), ports, clock, ticker, log: quietLog(), store });
  return { cores, fleet, open, run, sweep };
}

/** Looks until `wanted` is there, for at most ten seconds. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = clock.monotonic() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.monotonic() > end) throw new Error("it did not happen within ten seconds");
    await new Promise<void>((resolve) => void clock.after(25, resolve));
  }
}

const withState = (store: Store, state: Incident["state"]) => async (): Promise<Incident | undefined> =>
  (await store.list(10)).find((incident) => incident.state === state);

describe("the platform over real cores and a real store", () => {
  test("a core that is killed is one incident soon after its first failing observation, over a restart too", async () => {
    const { cores, open, run } = await rig();
    const store = await open();
    const watcher = await run(store);
    await until(async () => ((await store.states()).length === 3 ? true : undefined));
    await cores[1]?.kill();
    const incident = await until(withState(store, "open"));
    expect(incident).toMatchObject({ cause: "core-down", deployment: "acme", scope: { kind: "deployment" } });
    // In virtual time it is a second; here the machine may be busy with other tests.
    expect(watcher.stats().toDiagnosis.max).toBeLessThanOrEqual(2_000);
    const told = (await store.get(incident.id))?.notices.length;
    expect(told).toBeGreaterThan(0);
    await watcher.stop();
    const again = await run(await open());
    await until(async () => (again.stats().sweep.begun >= 6 ? true : undefined));
    expect(await store.list(10)).toHaveLength(1);
    expect((await store.get(incident.id))?.notices).toHaveLength(told ?? 0);
    const latest = await store.latest(100);
    expect(latest.filter(({ health }) => health === "down").every(({ target }) => target.id === "acme/acme-2")).toBe(
      true,
    );
  });

  test("one-shot sweeps and the daemon share thresholds and incidents", async () => {
    const { cores, open, run, sweep } = await rig();
    const [mine, daemons] = [await open(), await open()];
    await cores[0]?.kill();
    await sweep(mine);
    expect(await mine.list(10)).toEqual([]);
    await sweep(mine);
    const incident = await until(withState(mine, "open"));
    await run(daemons);
    await until(async () => ((await mine.latest(50)).length > 12 ? true : undefined));
    expect((await mine.list(10)).map(({ id }) => id)).toEqual([incident.id]);
  });
});
