import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Doors, RunningSandbox, StoryOutcome } from "./cli/doors.ts";
import { unlessInterrupted } from "./cli/interruption.ts";
import { type Log, wait } from "./domain/index.ts";
import { rememberFleet } from "./main-sandbox-history.ts";
import { removeStoreOf } from "./sandbox/files.ts";
import { type Sandbox, startSandbox } from "./sandbox/sandbox.ts";
import { STORIES } from "./sandbox/stories.ts";
import { playStory } from "./sandbox/story-play.ts";

/** What `npm start` shows: how long the fleet is left alone, and how long the core is away, ms. */
const CALM_MS = 8_000;
const AWAY_MS = 20_000;

/** Of a Slack message: headline, what is affected, what it means, whether users can sign in, and the first reason. */
const SHOWN_LINES = 5;
const SHOWN_CHARACTERS = 220;

/** Starts a simulated fleet and lays its variables over this process's, for the SDKs. */
async function begin(
  request: { cores: number; dir: string; fleet: string; log: Log; listen?: string; autoApply?: "safe" },
  doors: Doors,
): Promise<Sandbox> {
  await removeLeftovers(dirname(request.dir));
  const sandbox = await startSandbox({ ...request, passing: true, clock: doors.clock });
  doors.adoptEnv(sandbox.env);
  doors.redactor.add(
    ...Object.entries(sandbox.env).flatMap(([name, value]) => (/TOKEN|KEY|SECRET|PASSWORD/.test(name) ? [value] : [])),
  );
  return sandbox;
}

/** Removes the folders of sandboxes that bear the pid of a process that is gone: it was killed, and nobody comes back to them. */
async function removeLeftovers(parent: string): Promise<void> {
  if (!existsSync(parent)) return;
  for (const name of await readdir(parent)) {
    const pid = Number(/^(?:sandbox-exec|story-[a-z-]+)-(\d+)$/.exec(name)?.[1] ?? process.pid);
    if (isRunning(pid)) continue;
    await removeStoreOf(join(parent, name));
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's, and runs.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** The sandbox behind `corewatch sandbox`, `sandbox exec` and `npm start`. */
export async function runSandbox(request: Parameters<Doors["sandbox"]>[0], doors: Doors): Promise<RunningSandbox> {
  const sandbox = await begin(request, doors);
  let forget: () => Promise<void> = () => Promise.resolve();
  try {
    if (sandbox.watched) forget = await rememberFleet(sandbox, request.log, doors);
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
  return {
    config: sandbox.configFile,
    envFile: sandbox.envFile,
    slackPage: sandbox.slack.pageUrl,
    env: sandbox.env,
    watchedAt: (url) => sandbox.beatTo(url),
    show: (say, signal) => show(sandbox, doors, say, signal),
    stop: async () => {
      await forget();
      await sandbox.stop();
    },
  };
}

/** One core is taken away and brought back, with what Slack receives meanwhile. */
async function show(sandbox: Sandbox, doors: Doors, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const victim = sandbox.cores().find((core) => core.deployment === "sandbox-production")?.id;
  if (victim === undefined) return;
  const seen = new Map<string, number>();
  const tell = (): void => {
    for (const message of sandbox.slack.messages()) {
      const before = seen.get(message.ts);
      if (before === message.edits) continue;
      seen.set(message.ts, message.edits);
      const what = message.threadTs !== null ? "thread" : before === undefined ? "message" : "edited ";
      const [first = "", ...others] = message.text.split("\n").filter((line) => line.trim() !== "");
      say(`  Slack ${message.channel} ${what}  ${shorten(first)}`);
      for (const line of others.slice(0, SHOWN_LINES - 1)) say(`      ${shorten(line)}`);
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

function shorten(line: string): string {
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}

/** Plays one scripted outage: a sandbox, the real daemon over it, and a reader of what came of it. */
export async function runStory(
  name: string,
  dir: string,
  log: Log,
  doors: Doors,
  signal: AbortSignal,
): Promise<StoryOutcome> {
  const story = STORIES.find((one) => one.name === name);
  if (story === undefined) throw new Error(`there is no story ${name}`);
  const sandbox = await begin(
    {
      cores: story.cores,
      dir,
      fleet: story.fleet,
      log,
      listen: "127.0.0.1:0",
      ...(story.alarms === true ? { autoApply: "safe" } : {}),
    },
    doors,
  );
  try {
    signal.throwIfAborted();
    const daemon = await doors.daemon({
      configPath: sandbox.configFile,
      envFile: sandbox.envFile,
      listen: "127.0.0.1:0",
      log,
    });
    try {
      sandbox.beatTo(daemon.webUrl);
      const eyes = {
        incidents: () => daemon.incidents(),
        states: () => daemon.states(),
        now: () => doors.clock.now(),
      };
      return await unlessInterrupted(playStory(story, sandbox, eyes), signal);
    } finally {
      await daemon.stop();
    }
  } finally {
    await sandbox.stop();
  }
}
