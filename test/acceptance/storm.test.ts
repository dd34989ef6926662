import { expect, test } from "vitest";
import { HEALTHS } from "../../src/domain/index.ts";
import { failing, well } from "./cores.ts";
import { allTold, card, cards, openStage, QUICK } from "./stage.ts";
import { until } from "./until.ts";

const CORES = 300;
const DEPLOYMENTS = 30;
/** What a person reads at a glance. */
const HANDFUL = 5;
const DOWN = HEALTHS.indexOf("down");

test(
  "300 cores of 30 deployments that fail at once are a handful of messages, and so is their recovery",
  { timeout: 60_000 },
  async (context) => {
    const stage = await openStage(context, CORES);
    const size = CORES / DEPLOYMENTS;
    const slow = { ...QUICK, schedule: "*/2 * * * * *" };
    await stage.write({
      checks: { hello: slow, "through-load-balancer": slow },
      deployments: Array.from({ length: DEPLOYMENTS }, (_, d) => {
        const cores = stage.cores.slice(d * size, (d + 1) * size);
        return {
          id: `d${d}`,
          app: "acme",
          kind: "production",
          connectionUri: cores[0]?.url.replace("127.0.0.1", "localhost"),
          cores: cores.map(({ url }, index) => ({ id: `c${index}`, url })),
        };
      }),
    });
    const daemon = await stage.start();
    await until("every core to be looked at", 20_000, () => stage.cores.every(({ asked }) => asked.length > 0));
    for (const core of stage.cores) core.answer = failing();
    const told = await card(stage.slack, /Many deployments are down/, 20_000);
    await until("every core to be seen failing", 20_000, async () => {
      const [row] = await stage.sql<{ bad: number }>(
        `SELECT count(*)::int AS bad FROM corewatch.series_state t JOIN corewatch.series s ON s.id = t.series WHERE s.key LIKE '%:hello' AND t.health = ${DOWN}`,
      );
      return row?.bad === CORES;
    });
    for (const core of stage.cores) core.answer = well;
    await until("the end to be told", 30_000, () =>
      cards(stage.slack).some(({ ts, text }) => ts === told.ts && /resolved/i.test(text)),
    );
    await allTold(stage, 30_000);
    expect(cards(stage.slack).length).toBeLessThanOrEqual(HANDFUL);
    expect(stage.slack.messages().length).toBeLessThanOrEqual(3 * HANDFUL);
    expect(await daemon.stop()).toBe(0);
  },
);
