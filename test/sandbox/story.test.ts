import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Incident, Log, SeriesState } from "../../src/domain/index.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { FLEETS } from "../../src/sandbox/fleets.ts";
import { STORIES } from "../../src/sandbox/stories.ts";
import { playStory } from "../../src/sandbox/story-play.ts";
import type { Story, StoryEyes } from "../../src/sandbox/story.ts";
import { systemClock } from "../../src/system/clock.ts";
import { temporaryFolder } from "./core-support.ts";

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };

let folder: { path: string; remove(): Promise<void> };
let sandbox: Sandbox;

beforeAll(async () => {
  folder = await temporaryFolder();
  sandbox = await startSandbox({ dir: `${folder.path}/s`, cores: 3, passing: true, clock: systemClock, log });
});

afterAll(async () => {
  await sandbox?.stop();
  await folder.remove();
});

const incident: Incident = {
  id: "INC-1",
  scope: { kind: "deployment", id: "sandbox-production" },
  state: "open",
  deployment: "sandbox-production",
  cause: "core-down",
  severity: "major",
  peak: "major",
  signIn: "yes",
  evidence: [],
  affected: [],
  openedAt: Date.now(),
  acknowledgedAt: null,
  acknowledgedBy: null,
  resolvedAt: null,
  reopened: 0,
  silencedBy: null,
  told: true,
  remindedAt: null,
  escalated: 0,
  mergedInto: null,
  version: 1,
};

function state(core: string, health: SeriesState["health"]): SeriesState {
  return { key: `core:${core}:hello`, health, reason: "ok", since: 0, recent: [], goods: 2, slot: 0, version: 1 };
}

/** Speaks to the sandbox's Slack as a monitor would. */
async function slack(method: string, body: Record<string, unknown>): Promise<{ ts: string; channel: string }> {
  const form = Object.entries(body).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const response = await fetch(new URL(method, sandbox.slack.url), {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.env["SLACK_BOT_TOKEN"]}` },
    body: new URLSearchParams(form),
  });
  const answer: { ok: boolean; ts: string; channel: string } = JSON.parse(await response.text());
  expect(answer).toMatchObject({ ok: true });
  return answer;
}

const story = (play: Story["play"]): Story => ({ name: "trial", tells: "A trial.", fleet: "sandbox", cores: 3, play });

describe("a story", () => {
  it("has a timeline of what was done, concluded and received, and passes when all came", async () => {
    const open: Incident[] = [];
    const eyes: StoryEyes = {
      incidents: () => Promise.resolve(open),
      states: () => Promise.resolve(sandbox.cores().map((core) => state(core.id, "up"))),
      now: () => Date.now(),
    };
    const result = await playStory(
      story(async (stage) => {
        await stage.untilCalm(2_000);
        await sandbox.killCore("sandbox-development/dev-1");
        open.push({ ...incident, openedAt: Date.now() });
        await stage.untilIncident("one is open", (all) => all.length === 1, 2_000);
        const { ts, channel } = await slack("chat.postMessage", { channel: "#ops", text: "INC-1 dev-1 is down" });
        await stage.untilSlack("a message", (all) => all.some((one) => one.text.includes("dev-1")), 2_000);
        await slack("chat.update", { channel, ts, text: "INC-1 resolved" });
        await stage.untilSlack("its edit", (all) => all.some((one) => one.edits === 1), 2_000);
        await slack("chat.postMessage", { channel: "#ops", thread_ts: ts, reply_broadcast: "true", text: "over" });
        await sandbox.startCore("sandbox-development/dev-1");
      }),
      sandbox,
      eyes,
    );
    expect(result).toMatchObject({ name: "trial", passed: true, failure: undefined });
    const said = result.timeline.map(({ who, text }) => `${who}: ${text}`);
    expect(said).toEqual([
      "story: 3 cores are up, nothing is open",
      "fleet: core sandbox-development/dev-1 killed",
      "corewatch: INC-1 open: core-down of deployment sandbox-production (major), 0 affected",
      "slack: #ops message: INC-1 dev-1 is down",
      "slack: #ops message edited: INC-1 resolved",
      "slack: #ops thread, shown in the channel: over",
      "fleet: core sandbox-development/dev-1 started again",
    ]);
    const times = result.timeline.map((one) => one.atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("fails with what was expected and what came, and never waits longer than it says", async () => {
    const eyes: StoryEyes = {
      incidents: () => Promise.resolve([incident]),
      states: () => Promise.resolve([]),
      now: () => Date.now(),
    };
    const calm = await playStory(
      story((stage) => stage.untilCalm(100)),
      sandbox,
      eyes,
    );
    expect(calm.passed).toBe(false);
    expect(calm.failure).toContain("came: not seen well: sandbox-production/acme-1 | sandbox-production/acme-2");
    expect(calm.failure).toContain("INC-1 open: core-down");
    const silent = await playStory(
      story(
        async (stage) =>
          void (await stage.untilSlack(
            "a word of database",
            (all) => all.some((one) => one.text.includes("database")),
            100,
          )),
      ),
      sandbox,
      eyes,
    );
    expect(silent.failure).toMatch(/^expected within 0 s: Slack: a word of database; came: /);
    const wrong = await playStory(
      story(async (stage) => stage.expect("one message", false, () => "7 messages")),
      sandbox,
      eyes,
    );
    expect(wrong.failure).toBe("expected one message; came: 7 messages");
  });

  it("waits for what is settled, and sees a thing stay as it is", async () => {
    let looks = 0;
    const eyes: StoryEyes = {
      incidents: () => Promise.resolve([{ ...incident, cause: ++looks > 3 ? "one-core-left" : "core-down" }]),
      states: () => Promise.resolve([state("sandbox-production/acme-1", "down")]),
      now: () => Date.now(),
    };
    const settled = await playStory(
      story(async (stage) => {
        await stage.untilStates("one is down", (all) => all.some((one) => one.health === "down"), 1_000);
        await stage.steady("something is open", (all) => all.length === 1, 100);
      }),
      sandbox,
      eyes,
    );
    expect(settled.timeline.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["one is down", "something is open for 0 s"]),
    );
    looks = 0;
    const moved = await playStory(
      story((stage) => stage.steady("it stays", (all) => all[0]?.cause === "core-down", 60_000)),
      sandbox,
      eyes,
    );
    expect(moved.failure).toMatch(/^expected it stays for 60 s; came: INC-1 open: one-core-left/);
    const never = await playStory(
      story((stage) => stage.untilStates("all are up", (all) => all.every((one) => one.health === "up"), 100)),
      sandbox,
      eyes,
    );
    expect(never.failure).toContain("1 series are settled bad: core:sandbox-production/acme-1:hello");
  });

  it("that breaks for another reason is no verdict", async () => {
    const eyes: StoryEyes = { incidents: () => Promise.resolve([]), states: () => Promise.resolve([]), now: () => 0 };
    const broken = story(() => Promise.reject(new TypeError("broken")));
    await expect(playStory(broken, sandbox, eyes)).rejects.toThrow("broken");
  });
});

it("the four stories play on fleets that exist", () => {
  expect(STORIES.map((one) => one.name)).toEqual(["core-down", "database-down", "one-core-left", "storm"]);
  for (const one of STORIES) expect(Object.keys(FLEETS)).toContain(one.fleet);
});
