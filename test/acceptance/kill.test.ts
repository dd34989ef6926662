import { expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { quietLog } from "../fakes/log.ts";
import { Cable } from "./cable.ts";
import { failing, well } from "./cores.ts";
import type { Daemon } from "./program.ts";
import { allTold, card, cards, openStage, replies, type Stage } from "./stage.ts";
import { until } from "./until.ts";

/** Brings the daemon, under which a core just began to fail, to one step on the way to Slack, where it is killed. */
type Step = (stage: Stage, daemon: Daemon) => Promise<void>;

/** Holds the claim of the outbox, as another process that delivers does, until the daemon is killed. */
async function holdClaim(stage: Stage): Promise<() => Promise<void>> {
  const store = await openStore({
    url: stage.databaseUrl,
    fleet: "acme",
    clock: systemClock,
    log: quietLog(),
    redact: (text) => text,
  });
  await store.migrate();
  const claim = await store.outbox.claim();
  if (claim === undefined) throw new Error("the claim is taken");
  let released = false;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    await claim.release();
    await store.close();
  };
  stage.later(release);
  return release;
}

const noticesWhere = (stage: Stage, condition: string) => async (): Promise<boolean> =>
  (await stage.sql(`SELECT 1 FROM corewatch.notice WHERE ${condition}`)).length > 0;

const posts = (stage: Stage): number =>
  stage.slack.calls().filter(({ method }) => method === "chat.postMessage").length;

/** Kills, restarts, and shows that the failure is told once and its end as well. */
async function killedAndBack(
  stage: Stage,
  reach: Step,
  expected: { readonly repeat: boolean; readonly before?: () => void | Promise<void> },
): Promise<void> {
  const [core] = stage.cores;
  if (core === undefined) throw new Error("there is no core");
  const first = await stage.start();
  await until("both cores to be looked at", 5_000, () =>
    stage.cores.every(({ asked }) => asked.length > 0) ? true : undefined,
  );
  core.answer = failing();
  await reach(stage, first);
  await first.kill();
  const there = cards(stage.slack);
  await expected.before?.();

  const second = await stage.start();
  const told = await card(stage.slack, /acme-1/);
  expect(told.text).toMatch(/core is down|Only one core is left/);
  await allTold(stage);
  expect(cards(stage.slack)).toHaveLength(1);
  // A message that was there without a receipt is brought up to date, once.
  expect(there.map(({ edits }) => edits)).toEqual(there.map(() => 0));
  expect(cards(stage.slack)[0]?.edits).toBe(expected.repeat ? 1 : 0);
  expect(await stage.sql("SELECT 1 FROM corewatch.incident")).toHaveLength(1);

  core.answer = well;
  const over = await until("the end to be told", 15_000, () => replies(stage.slack).find((one) => one.broadcast));
  expect(over.threadTs).toBe(told.ts);
  await allTold(stage);
  expect(cards(stage.slack)).toMatchObject([{ text: expect.stringMatching(/[Rr]esolved|over/) }]);
  expect(replies(stage.slack).filter((one) => one.broadcast)).toHaveLength(1);
  expect(await second.stop()).toBe(0);
}

test.concurrent("killed when a core fails for the first time: it is told after the restart", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  const asked = (): number => stage.cores[0]?.asked.length ?? 0;
  await killedAndBack(
    stage,
    async () => {
      const before = asked();
      await until("the failing core to be asked", 5_000, () => asked() > before);
    },
    { repeat: false },
  );
});

test.concurrent("killed when the first failure is stored: it is told after the restart", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  await killedAndBack(
    stage,
    async () => {
      await until("a failure in the store", 10_000, async () => {
        const rows = await stage.sql("SELECT 1 FROM corewatch.observation WHERE detail LIKE '%503%'");
        return rows.length > 0;
      });
    },
    { repeat: false },
  );
});

test.concurrent("killed when the notice is committed and nobody began with it: it is told after the restart", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  const release = await holdClaim(stage);
  await killedAndBack(
    stage,
    async () => {
      await until("a notice", 10_000, noticesWhere(stage, "state = 'pending' AND begun_at IS NULL"));
      expect(posts(stage)).toBe(0);
    },
    { repeat: false, before: release },
  );
});

test.concurrent("killed when Slack was asked and took nothing: it is told after the restart", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  stage.slack.setFault({ kind: "hang" });
  await killedAndBack(
    stage,
    async () => {
      await until("Slack to be asked", 10_000, () => posts(stage) > 0);
      expect(cards(stage.slack)).toEqual([]);
    },
    { repeat: false, before: () => stage.slack.setFault({ kind: "none" }) },
  );
});

test.concurrent("killed when Slack took the message and has not answered: the repeat is an edit", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  stage.slack.setFault({ kind: "hang", taken: true });
  await killedAndBack(
    stage,
    async () => {
      await stage.slack.waitFor((messages) => messages.length > 0, 10_000);
    },
    { repeat: true, before: () => stage.slack.setFault({ kind: "none" }) },
  );
});

test.concurrent("killed when Slack answered and the receipt is not written: the repeat is an edit", async (context) => {
  const stage = await openStage(context);
  const toStore = await Cable.to(stage.databaseUrl);
  const toSlack = await Cable.to(stage.slack.url);
  stage.later(() => toStore.close());
  stage.later(() => toSlack.close());
  stage.env["COREWATCH_STORE_URL"] = toStore.url(stage.databaseUrl);
  stage.env["COREWATCH_SLACK_API_URL"] = toSlack.url(stage.slack.url);
  await stage.write();
  toSlack.set("holds-answers");
  await killedAndBack(
    stage,
    async (_stage, daemon) => {
      await stage.slack.waitFor((messages) => messages.length > 0, 10_000);
      toStore.set("silent");
      toSlack.set("through");
      await daemon.logged(/notice delivered/);
      expect(await noticesWhere(stage, "state = 'sent'")()).toBe(false);
    },
    {
      repeat: true,
      before() {
        // What the killed process had said is lost with it.
        toStore.set("cut");
        toStore.set("through");
      },
    },
  );
});

test.concurrent("killed when the receipt is written: nothing is repeated", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  await killedAndBack(
    stage,
    async () => {
      await until("a receipt", 10_000, noticesWhere(stage, "state = 'sent'"));
    },
    { repeat: false },
  );
});

test.concurrent("killed when Slack took the end of an incident and has not answered: the end is told once", async (context) => {
  const stage = await openStage(context);
  const [core] = stage.cores;
  await stage.write();
  const first = await stage.start();
  if (core !== undefined) core.answer = failing();
  await card(stage.slack, /acme-1/);
  await allTold(stage);
  // Posts hang from here on; edits still go.
  stage.slack.setFault({ kind: "hang", taken: true }, ["chat.postMessage"]);
  if (core !== undefined) core.answer = well;
  await until("the end to be taken", 10_000, () => replies(stage.slack).find((one) => one.broadcast));
  await first.kill();
  stage.slack.setFault({ kind: "none" });
  await stage.start();
  await allTold(stage);
  expect(replies(stage.slack).filter((one) => one.broadcast)).toHaveLength(1);
  expect(cards(stage.slack)).toHaveLength(1);
});

test.concurrent("by cron alone: a sweep that is killed while Slack has its message is made good by the next", async (context) => {
  const stage = await openStage(context);
  await stage.write();
  const sweep = ["sweep", "--config", "fleet.yaml"];
  const [core] = stage.cores;
  if (core === undefined) throw new Error("there is no core");
  core.answer = failing();
  expect((await stage.run(...sweep)).code).toBe(1);
  expect(stage.slack.calls()).toEqual([]);
  stage.slack.setFault({ kind: "hang", taken: true });
  const second = stage.launch(...sweep);
  await card(stage.slack, /Only one core is left[^]*acme-1/);
  await second.kill();
  stage.slack.setFault({ kind: "none" });
  expect((await stage.run(...sweep)).code).toBe(1);
  expect(cards(stage.slack)).toMatchObject([{ edits: 1 }]);
  core.answer = well;
  expect((await stage.run(...sweep)).code).toBe(0);
  expect(cards(stage.slack)).toMatchObject([{ text: expect.stringMatching(/resolved/i) }]);
  expect(replies(stage.slack)).toMatchObject([{ broadcast: true }]);
  await allTold(stage, 0);
});
