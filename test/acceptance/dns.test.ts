import { expect, onTestFinished, test } from "vitest";
import { createTicker } from "../../src/cron/ticker.ts";
import { CHECK_KINDS } from "../../src/domain/index.ts";
import type { CheckKind, CheckSettings } from "../../src/domain/index.ts";
import { createHttpProber } from "../../src/http/prober.ts";
import { createResolver } from "../../src/net/resolver.ts";
import { openStore } from "../../src/store/index.ts";
import { systemClock as clock } from "../../src/system/clock.ts";
import { Watcher } from "../../src/watch/watcher.ts";
import { clockPorts } from "../checks/support.ts";
import { quietLog } from "../fakes/log.ts";
import { core, deployment, fleetOf } from "../incidents/support.ts";
import { startNameServer, type Zone } from "../net/support.ts";
import { createDatabase } from "../support/database.ts";
import { Core } from "./cores.ts";
import { until } from "./until.ts";

/** The program takes its name servers from the system, so here its parts are put together over one of the test's own. */
test("name servers that fail for every name: the monitor calls itself degraded once, and no target down", async () => {
  const cores = await Promise.all([Core.start(), Core.start(), Core.start(), Core.start()]);
  for (const one of cores) onTestFinished(() => one.stop());
  const names = ["a-1.example", "a-2.example", "b-1.example", "b-2.example"];
  const good: Zone = Object.fromEntries(
    [...names, "a.example", "b.example"].map((name) => [name, { a: ["127.0.0.1"], ttl: 0 }]),
  );
  const broken: Zone = Object.fromEntries(Object.keys(good).map((name) => [name, "servfail"]));
  const servers = await startNameServer(good);
  onTestFinished(() => servers.close());
  const named = (index: number, name: string): string => (cores[index]?.url ?? "").replace("127.0.0.1", name);
  const base = fleetOf({
    deployments: ["a", "b"].map((id, d) =>
      deployment(
        id,
        [1, 2].map((n) => core(`${id}-${n}`, { url: named(2 * d + n - 1, `${id}-${n}.example`) })),
        { loadBalancer: undefined, connectionUri: named(2 * d, `${id}.example`) },
      ),
    ),
  });
  const checks: Record<CheckKind, CheckSettings> = { ...base.checks };
  for (const kind of CHECK_KINDS) {
    const enabled = kind === "hello" || kind === "through-load-balancer";
    checks[kind] = { ...checks[kind], schedule: "* * * * * *", successes: 1, connection: "fresh", enabled };
  }
  const fleet = { ...base, checks };
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const store = await openStore({
    url: database.url,
    fleet: fleet.name,
    clock,
    log: quietLog(),
    redact: (text) => text,
  });
  onTestFinished(() => store.close());
  await store.migrate();
  const http = createHttpProber({ clock, resolver: createResolver({ clock, servers: [servers.address] }) });
  onTestFinished(() => http.close());
  const watcher = new Watcher({
    clock,
    log: quietLog(),
    store,
    ticker: createTicker({ clock }),
    ports: { ...clockPorts(clock), http },
    fleet,
  });
  onTestFinished(() => watcher.stop());

  await watcher.start();
  await until("everything to be up", 15_000, () => watcher.stats().observations.up >= 6);
  servers.zone = broken;
  const [incident] = await until("the monitor's own incident", 15_000, async () => {
    const incidents = await store.list(10);
    return incidents.length > 0 && incidents;
  });
  expect(incident).toMatchObject({ cause: "prober-degraded", scope: { kind: "prober" }, state: "open" });
  const { unknown } = watcher.stats().observations;
  await until(
    "each series to be looked at twice more",
    15_000,
    () => watcher.stats().observations.unknown >= unknown + 12,
  );
  expect(watcher.problems().join()).toMatch(/No name can be looked up/);
  servers.zone = good;
  await until("its end", 15_000, async () => (await store.list(10)).every(({ state }) => state === "resolved"));
  expect(await store.list(10)).toHaveLength(1);
  expect(watcher.stats().observations).toMatchObject({ down: 0, degraded: 0 });
});
