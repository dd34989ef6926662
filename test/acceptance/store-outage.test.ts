import { expect, test } from "vitest";
import { HEALTHS } from "../../src/domain/index.ts";
import { Cable } from "./cable.ts";
import { failing } from "./cores.ts";
import { allTold, card, cards, openStage, replies } from "./stage.ts";
import { until } from "./until.ts";

/**
 * Long enough for what depends on time: the monitor calls itself degraded after 5 s, and each kind of retry has had its
 * turn. A longer outage only fills the queue further: the bound of that is the recorder's test, and a minute of outage in
 * virtual time is the watcher's.
 */
const OUTAGE_MS = 8_000;
const DOWN = HEALTHS.indexOf("down");

test.concurrent.for(["cut", "silent"] as const)(
  "a store whose connections are %s: probing goes on, nothing is lost or looks down, and what died meanwhile is told after",
  { timeout: 70_000 },
  async (fault, context) => {
    const stage = await openStage(context, 3);
    const cable = await Cable.to(stage.databaseUrl);
    stage.later(() => cable.close());
    stage.env["COREWATCH_STORE_URL"] = cable.url(stage.databaseUrl);
    await stage.write();
    const daemon = await stage.start();
    const [victim] = stage.cores;
    if (victim === undefined) throw new Error("there is no core");
    await until("all cores to be looked at twice", 10_000, () => stage.cores.every(({ asked }) => asked.length > 1));
    expect(await daemon.readiness()).toMatchObject({ status: 200, problems: [] });

    cable.set(fault);
    const began = Date.now();
    const before = await daemon.metric("corewatch_observations_total");
    await until("the monitor to say that its store is away", 25_000, async () => {
      const { status, problems } = await daemon.readiness();
      return status === 503 && problems.some((one) => one.startsWith("The store has been out of reach"));
    });
    victim.answer = failing();
    const dead = Date.now();
    await until("the outage to have lasted, and the dead core to be seen", 15_000, () => {
      const looks = victim.asked.filter((at) => at > dead).length;
      return Date.now() - began >= OUTAGE_MS && looks >= 3;
    });
    // Three cores and the way through the load balancer, each second; a busy machine may be late with some.
    expect(await daemon.metric("corewatch_observations_total")).toBeGreaterThan(before + (2 * OUTAGE_MS) / 1_000);
    expect(await daemon.metric("corewatch_observations_unstored")).toBeGreaterThan((2 * OUTAGE_MS) / 1_000);
    expect(cards(stage.slack)).toEqual([]);
    const mended = Date.now();
    cable.set("through");

    await card(stage.slack, /A core is down[^]*acme\/acme-1/, 30_000);
    await card(stage.slack, /corewatch itself is in trouble[^]*The store/, 15_000);
    await allTold(stage);
    expect(cards(stage.slack)).toHaveLength(2);
    expect(replies(stage.slack)).toEqual([]);
    expect(await daemon.metric("corewatch_observations_dropped")).toBe(0);
    const seen = await daemon.metric("corewatch_observations_total");
    expect(await daemon.stop()).toBe(0);

    const [all] = await stage.sql<{ rows: number }>("SELECT count(*)::int AS rows FROM corewatch.observation");
    expect(all?.rows).toBeGreaterThanOrEqual(seen);
    const during = await stage.sql<{ key: string; down: boolean }>(
      `SELECT s.key, bool_or(o.health = ${DOWN}) AS down FROM corewatch.observation o
       JOIN corewatch.series s ON s.id = o.series WHERE o.at BETWEEN ${began} AND ${mended} GROUP BY s.key`,
    );
    expect(during.filter(({ down }) => down)).toEqual([{ key: "core:acme/acme-1:hello", down: true }]);
    expect(during.filter(({ key }) => key.endsWith(":hello"))).toHaveLength(3);
  },
);

test.concurrent("a store that is out of reach at the start is waited for", async (context) => {
  const stage = await openStage(context);
  const cable = await Cable.to(stage.databaseUrl);
  stage.later(() => cable.close());
  stage.env["COREWATCH_STORE_URL"] = cable.url(stage.databaseUrl);
  await stage.write();
  cable.set("cut");
  const starting = stage.launch("start", "--config", "fleet.yaml", "--listen", "127.0.0.1:0");
  await starting.logged(/store is out of reach \(\w+\); trying again/);
  cable.set("through");
  await starting.logged(/health at /);
  expect(await starting.stop()).toBe(0);
});
