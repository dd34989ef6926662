import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Core, failing } from "./cores.ts";
import { allTold, card, cards, openStage, QUICK } from "./stage.ts";
import { until } from "./until.ts";

const rejected = /The new configuration was rejected/;

test.concurrent(
  "a bad new file changes nothing and says so once everywhere; a good one ends that",
  { timeout: 45_000 },
  async (context) => {
    const stage = await openStage(context, 3);
    await stage.write();
    const daemon = await stage.start();
    const [broken, steady] = stage.cores;
    if (broken === undefined || steady === undefined) throw new Error("there are no cores");
    broken.answer = failing();
    await card(stage.slack, /A core is down[^]*acme-1/);
    await allTold(stage);
    const [incident] = await stage.sql("SELECT number, state, body->>'openedAt' AS since FROM corewatch.incident");
    const series = await daemon.metric("corewatch_series");
    const looks = steady.asked.length;
    await until("the steady core to be asked thrice more", 10_000, () => steady.asked.length >= looks + 3);

    await stage.write({ deployments: [{ ...stage.deployment(), kind: "staging", colour: "blue" }] });
    await daemon.logged(/fleet\.yaml:1:\d+:[^\n]*kind/);
    const told = await card(stage.slack, rejected);
    expect(told.text).toMatch(/fleet\.yaml:1:\d+: /);
    const { status, problems } = await daemon.readiness();
    expect([status, problems.filter((one) => /fleet\.yaml:1:\d+: /.test(one))]).toEqual([200, [expect.any(String)]]);
    // The same mistakes once more, and others: still one message.
    await stage.write({ deployments: [{ ...stage.deployment(), kind: "staging", colour: "blue" }] });
    await stage.write({ deployments: [{ ...stage.deployment(), tenancy: "shared" }] });
    await until(
      "the other mistake to be logged",
      10_000,
      () => daemon.stderr.split("configuration rejected").length > 2,
    );
    const meanwhile = steady.asked.length;
    await until("the steady core to be asked on", 10_000, () => steady.asked.length >= meanwhile + 3);
    await allTold(stage);
    expect(cards(stage.slack).filter(({ text }) => rejected.test(text))).toHaveLength(1);
    expect(await daemon.metric("corewatch_series")).toBe(series);

    const fresh = await Core.start();
    stage.later(() => fresh.stop());
    const more = stage.deployment();
    await stage.write({
      deployments: [{ ...more, cores: [...more.cores, { id: "acme-4", url: fresh.url }] }],
    });
    await daemon.logged(/configuration loaded  \(file=[^ ]+ changes=1\)/);
    await until("the new core to be asked", 10_000, () => fresh.asked.length > 0);
    await until("the rejection to be over", 10_000, () =>
      cards(stage.slack).some(({ text }) => rejected.test(text) && /resolved/i.test(text)),
    );
    expect((await daemon.readiness()).problems).toEqual([]);
    expect(await daemon.metric("corewatch_series")).toBe(series + 1);

    // What was open stayed open, was told once, and the steady core kept its moment in every second.
    expect(
      await stage.sql("SELECT number, state, body->>'openedAt' AS since FROM corewatch.incident WHERE number = 1"),
    ).toEqual([incident]);
    expect(cards(stage.slack)).toHaveLength(2);
    const after = steady.asked.length;
    await until("the steady core to be asked on", 10_000, () => steady.asked.length >= after + 3);
    expect(momentOf(steady.asked.slice(after))).toBeCloseTo(momentOf(steady.asked.slice(looks, meanwhile)), 0);
  },
);

/** Where in a second most of the looks fall, in tenths of a second: the direction of their mean on the circle. */
function momentOf(times: readonly number[]): number {
  const angles = times.map((at) => ((at % 1_000) / 1_000) * 2 * Math.PI);
  const sum = (of: (angle: number) => number): number => angles.reduce((total, angle) => total + of(angle), 0);
  return (Math.atan2(sum(Math.sin), sum(Math.cos)) / (2 * Math.PI)) * 10;
}

test.concurrent(
  "SIGHUP reads the file and the variables again, and a file without change is left alone",
  { timeout: 45_000 },
  async (context) => {
    const stage = await openStage(context);
    const variables = join(stage.directory, "env");
    const token = stage.env["SLACK_BOT_TOKEN"] ?? "";
    delete stage.env["SLACK_BOT_TOKEN"];
    await writeFile(variables, `SLACK_BOT_TOKEN=${token}\n`);
    await stage.write();
    const daemon = await stage.start("--env-file", "env");
    daemon.signal("SIGHUP");
    await daemon.logged(/SIGHUP: configuration unchanged/);

    await stage.write({
      checks: { hello: { ...QUICK, failures: 1, window: 1 }, "through-load-balancer": { enabled: false } },
    });
    daemon.signal("SIGHUP");
    await daemon.logged(/SIGHUP: configuration accepted/);
    expect(await daemon.metric("corewatch_series")).toBe(3);

    await writeFile(variables, "SLACK_BOT_TOKEN\n");
    daemon.signal("SIGHUP");
    await daemon.logged(/SIGHUP: configuration rejected/);
    await card(stage.slack, rejected);
    expect(daemon.isRunning).toBe(true);
    expect(await daemon.stop()).toBe(0);
  },
);
