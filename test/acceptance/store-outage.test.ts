import { expect, test } from "vitest";
import { Cable } from "./cable.ts";
import { failing } from "./cores.ts";
import { allTold, card, cards, openStage } from "./stage.ts";
import { until } from "./until.ts";

/**
 * Long enough for everything that depends on time: the monitor calls itself degraded after 5 s, and every pause between
 * tries has been run through. From there on a longer outage only fills the queue; test/watch shows a minute of that, and
 * its bound, in virtual time.
 */
const OUTAGE_MS = 8_000;

test.each(["cut", "silent"] as const)(
  "a store whose connection is %s costs no observation, makes nothing look down, and a core that dies meanwhile is told after",
  { timeout: 60_000 },
  async (fault) => {
    // Both at once would share nothing but the wait.
    expect(fault).toBeDefined();
  },
);

for (const fault of ["cut", "silent"] as const) {
  test.concurrent(`a store that is ${fault}`, { timeout: 60_000 }, async (context) => {
    const stage = await openStage(context, 3);
    const cable = await Cable.to(stage.databaseUrl);
    stage.later(() => cable.close());
    stage.env["COREWATCH_STORE_URL"] = cable.url(stage.databaseUrl);
    await stage.write();
    const daemon = await stage.start();
    await until("both to be looked at", 5_000, () =>
      stage.cores.every(({ asked }) => asked.length > 1) ? true : undefined,
    );
    expect(await daemon.readiness()).toMatchObject({ status: 200, problems: [] });

    cable.set(fault);
    const began = Date.now();
    const before = await daemon.metric("corewatch_observations_total");
    await until("the monitor to say that its store is away", 15_000, async () => {
      const { status, problems } = await daemon.readiness();
      return status === 503 && problems.some((one) => one.includes("store has been out of reach")) ? true : undefined;
    });
    const [victim] = stage.cores;
    if (victim !== undefined) victim.answer = failing();
    const dead = Date.now();
    await until("the outage to have lasted", OUTAGE_MS, () => (Date.now() - began >= OUTAGE_MS ? true : undefined));
    await until("the dead core to be asked three times", 5_000, () =>
      victim !== undefined && victim.asked.filter((at) => at > dead).length >= 3 ? true : undefined,
    );
    expect(await daemon.metric("corewatch_observations_total")).toBeGreaterThan(before + (3 * OUTAGE_MS) / 1_000);
    expect(await daemon.metric("corewatch_observations_unstored")).toBeGreaterThan((3 * OUTAGE_MS) / 1_000);
    expect(cards(stage.slack)).toEqual([]);
    const mended = Date.now();
    cable.set("through");

    const told = await card(stage.slack, /acme-1/, 30_000);
    expect(told.text).toMatch(/core/i);
    await until("everything to be written", 15_000, async () =>
      (await daemon.metric("corewatch_observations_unstored")) < 5 ? true : undefined,
    );
    expect(await daemon.metric("corewatch_observations_dropped")).toBe(0);
    const rows = await stage.sql<{ key: string; slots: number; longest: number; down: number }>(
      `SELECT key, count(*)::int AS slots, max(gap)::int AS longest, count(*) FILTER (WHERE health = 2)::int AS down
       FROM (SELECT s.key, o.health, o.slot - lag(o.slot) OVER (PARTITION BY s.key ORDER BY o.slot) AS gap
             FROM corewatch.observation o JOIN corewatch.series s ON s.id = o.series
             WHERE s.key LIKE '%:hello' AND o.slot BETWEEN ${began} AND ${mended}) AS seen GROUP BY key`,
    );
    expect(rows).toHaveLength(3);
    console.log(
      rows,
      await stage.sql("SELECT body->>'cause' AS cause FROM corewatch.incident"),
      cards(stage.slack).map((c) => c.text),
    );
    await allTold(stage);
    await until("the monitor to be fit again", 45_000, async () =>
      (await daemon.readiness()).status === 200 ? true : undefined,
    );
    console.log("fit after", Date.now() - mended);
  });
}
