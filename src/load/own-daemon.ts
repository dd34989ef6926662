import { spawn, type ChildProcess } from "node:child_process";
import type { Clock, Log } from "../domain/index.ts";
import { wait } from "../domain/index.ts";

/** A daemon in a process of its own. */
export interface OwnDaemon {
  /** Where its web server listens: `http://127.0.0.1:40123`. */
  readonly webUrl: string;
  stop(): Promise<void>;
}

/** What a started daemon is run with. */
export interface OwnDaemonOptions {
  /** Program and arguments of corewatch itself, up to the command. */
  readonly command: readonly [string, ...string[]];
  readonly config: string;
  readonly envFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How long a daemon may take to watch, and to end, ms. */
const START_MS = 60_000;
const STOP_MS = 20_000;
const LOOK_EVERY_MS = 200;
/** Exit code of a second daemon (wrong usage): the store is watched already. */
const WATCHED_ALREADY = 64;
const SAYS_WHERE = /health at (http:\/\/\S+?)\/healthz/;
/** How much of what it said is kept, to say why it did not start. */
const KEPT_CHARACTERS = 4_000;

/**
 * Starts `corewatch start` beside this process, on a free port of the loopback, and waits until it watches.
 * `undefined`: another daemon watches this fleet already. @throws Error with what it said when it does not start
 */
export async function startOwnDaemon(options: OwnDaemonOptions): Promise<OwnDaemon | undefined> {
  const { command, config, envFile, env, clock, log, signal } = options;
  const [program, ...first] = command;
  const args = [
    ...first,
    "start",
    "--beside-parent",
    "--listen",
    "127.0.0.1:0",
    "--config",
    config,
    "--log-level",
    "info",
  ];
  const child = spawn(program, envFile === undefined ? args : [...args, "--env-file", envFile], {
    // Its end of the pipe closes when this process ends, in whatever way.
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...env, COREWATCH_LOG_FORMAT: "text", NO_COLOR: "1" },
  });
  let said = "";
  const daemon: { webUrl?: string; code?: number | null } = {};
  child.stdin?.on("error", () => undefined);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
    const where = SAYS_WHERE.exec(said)?.[1];
    if (where !== undefined) daemon.webUrl ??= where;
    for (const line of text.split("\n")) if (line.trim() !== "") log.debug(`its own daemon: ${line.trim()}`);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      daemon.code = code;
      resolve();
    });
    child.once("error", (error) => {
      said += error.message;
      daemon.code ??= null;
      resolve();
    });
  });
  const stop = (): Promise<void> => end(child, ended, clock);
  const until = clock.monotonic() + START_MS;
  while (daemon.webUrl === undefined && daemon.code === undefined && clock.monotonic() < until && !signal.aborted)
    await wait(clock, LOOK_EVERY_MS, signal);
  const { webUrl, code } = daemon;
  if (webUrl !== undefined && !signal.aborted) return { webUrl, stop };
  if (code === WATCHED_ALREADY) return undefined;
  await stop();
  signal.throwIfAborted();
  throw new Error(`the daemon that is to watch does not start: ${lastLine(said)}`);
}

async function end(child: ChildProcess, ended: Promise<void>, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = clock.after(STOP_MS, () => child.kill("SIGKILL"));
  await ended;
  timer.clear();
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "it said nothing";
}
