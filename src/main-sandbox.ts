import type { Doors, RunningSandbox, StoryOutcome } from "./cli/doors.ts";
import { type Log, wait } from "./domain/index.ts";
import { type Sandbox, startSandbox } from "./sandbox/sandbox.ts";
import { STORIES } from "./sandbox/stories.ts";
import { playStory } from "./sandbox/story-play.ts";

/** What `npm start` shows: how long the fleet is left alone, and how long the core is away, ms. */
const CALM_MS = 8_000;
const AWAY_MS = 20_000;

/** Starts a simulated fleet and lays its variables over this process's, for the SDKs. */
async function begin(
  request: { cores: number; dir: string; fleet: string; log: Log; listen?: string },
  doors: Doors,
): Promise<Sandbox> {
  const sandbox = await startSandbox({ ...request, passing: true, clock: doors.clock });
  doors.adoptEnv(sandbox.env);
  doors.redactor.add(
    ...Object.entries(sandbox.env).flatMap(([name, value]) => (/TOKEN|KEY|SECRET/.test(name) ? [value] : [])),
  );
  return sandbox;
}

/** The sandbox behind `corewatch sandbox`, `sandbox exec` and `npm start`. */
export async function runSandbox(
  request: { cores: number; dir: string; fleet: string; log: Log },
  doors: Doors,
): Promise<RunningSandbox> {
  const sandbox = await begin(request, doors);
  return {
    config: sandbox.configFile,
    envFile: sandbox.envFile,
    slackPage: sandbox.slack.pageUrl,
    env: sandbox.env,
    watchedAt: (url) => sandbox.beatTo(url),
    show: (say, signal) => show(sandbox, doors, say, signal),
    stop: () => sandbox.stop(),
  };
}

/** One core is taken away and brought back, with what Slack receives meanwhile. */
async function show(sandbox: Sandbox, doors: Doors, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const victim = sandbox.cores().find((core) => core.deployment === "acme-production")?.id;
  if (victim === undefined) return;
  const seen = new Map<string, number>();
  const tell = (): void => {
    for (const message of sandbox.slack.messages()) {
      const before = seen.get(message.ts);
      if (before === message.edits) continue;
      seen.set(message.ts, message.edits);
      const what = message.threadTs !== null ? "thread" : before === undefined ? "message" : "edited ";
      say(`  Slack ${message.channel} ${what}  ${message.text.replace(/\s+/g, " ").slice(0, 220)}`);
    }
  };
  const during = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms && !signal.aborted; passed += 200) {
      await wait(doors.clock, 200, signal);
      tell();
    }
  };
  await during(CALM_MS);
  if (signal.aborted) return;
  say(`\n* Core ${victim} is killed now. Watch Slack.`);
  await sandbox.killCore(victim);
  await during(AWAY_MS);
  if (signal.aborted) return;
  say(`\n* Core ${victim} is started again.`);
  await sandbox.startCore(victim);
  await during(AWAY_MS);
  if (!signal.aborted) say(`\nThat was one outage. The sandbox goes on; kill a core yourself, or Ctrl-C.\n`);
}

/** Plays one scripted outage: a sandbox, the real daemon over it, and a reader of what came of it. */
export async function runStory(name: string, dir: string, log: Log, doors: Doors): Promise<StoryOutcome> {
  const story = STORIES.find((one) => one.name === name);
  if (story === undefined) throw new Error(`there is no story ${name}`);
  const sandbox = await begin({ cores: story.cores, dir, fleet: story.fleet, log, listen: "127.0.0.1:0" }, doors);
  try {
    const daemon = await doors.daemon({
      configPath: sandbox.configFile,
      envFile: sandbox.envFile,
      listen: "127.0.0.1:0",
      log,
    });
    try {
      sandbox.beatTo(daemon.webUrl);
      return await playStory(story, sandbox, {
        incidents: () => daemon.incidents(),
        states: () => daemon.states(),
        now: () => doors.clock.now(),
      });
    } finally {
      await daemon.stop();
    }
  } finally {
    await sandbox.stop();
  }
}
