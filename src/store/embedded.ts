import { readFile } from "node:fs/promises";
import { wait } from "../domain/index.ts";
import type { Clock, Log } from "../domain/index.ts";
import { spawnServer } from "./cluster.ts";
import { errorText } from "./errors.ts";
import { addressOf, findHome, prepare } from "./home.ts";
import type { Home } from "./home.ts";
import { takeLock } from "./local-lock.ts";
import { postmasterPid, removeMistakenLocks, stopPostmaster } from "./postmaster.ts";
import { join } from "./presence.ts";
import type { Presence } from "./presence.ts";
import { serverSettings } from "./server-settings.ts";

/** How an embedded server is made and watched. */
export interface EmbeddedOptions {
  /** The `.corewatch` folder beside the configuration. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Where root's stores live. */
  readonly systemDir?: string;
  /** The platform package with the binaries, when it is not the installed one. */
  readonly packages?: string;
}

/** A running embedded server that this process uses. */
export interface Embedded {
  /** Address with password; it stays the same when the server has to be started again. */
  readonly url: string;
  /** `true` when this process started the server, or found it with nobody else using it. */
  readonly owner: boolean;
  /** Stops using the server, and stops the server when nobody else uses it. Safe to call twice. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const RESTART_MS = { first: 200, most: 10_000 };

/**
 * Joins the embedded server of `dir`, starting it when it does not run: from then on this process uses it, and starts it
 * again should it end. Processes hand the server over to one another: whoever leaves last stops it (see presence.ts).
 * It listens on a Unix socket in a folder of its own: there is no port that could be taken, and nothing else on the
 * machine can reach it; the password stands behind that.
 * @throws Error with one sentence when there can be no embedded server here; it names `store.url`.
 */
export async function ensureEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const home = await findHome(options.dir, options.systemDir ?? "/var/lib/corewatch");
  const stopping = new AbortController();
  const joined = await joinOrStart(home, options, stopping.signal);
  let presence = joined.presence;
  let restarting: Promise<void> | undefined;
  const watch = (): void => {
    presence.onLost(() => {
      if (stopping.signal.aborted) return;
      restarting = again();
    });
  };
  const again = async (): Promise<void> => {
    const found = await rejoin(home, options, stopping.signal);
    restarting = undefined;
    if (found === undefined) return;
    presence = found;
    watch();
  };
  watch();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await restarting;
    await leave(home, joined.url, presence);
  };
  return { url: joined.url, owner: joined.owner, stop: () => (stopped ??= stop()) };
}

interface Joined {
  readonly url: string;
  readonly presence: Presence;
  readonly owner: boolean;
}

async function joinOrStart(home: Home, options: EmbeddedOptions, signal: AbortSignal): Promise<Joined> {
  const { clock } = options;
  const end = clock.monotonic() + START_TIMEOUT_MS;
  while (clock.monotonic() < end && !signal.aborted) {
    const url = await addressOf(home);
    const presence = url === undefined ? "absent" : await join(url);
    if (url !== undefined && typeof presence !== "string") {
      return { url, presence, owner: presence.alone && !(await isStarting(options.dir)) };
    }
    if (presence === "absent") {
      const lock = await takeLock(options.dir, "store");
      if (typeof lock !== "number") {
        try {
          return await start(home, options, end);
        } finally {
          await lock.release();
        }
      }
    }
    await wait(clock, POLL_MS, signal);
  }
  throw new Error(`the embedded store in ${home.folder} did not come up: see ${home.log}`);
}

/** Whether another process is just starting the server: it comes up a moment before that process has joined it. */
async function isStarting(dir: string): Promise<boolean> {
  const lock = await takeLock(dir, "store");
  if (typeof lock === "number") return true;
  await lock.release();
  return false;
}

/** Under the start lock: nobody else starts. It may be running by now, or still be going down. */
async function start(home: Home, options: EmbeddedOptions, end: number): Promise<Joined> {
  const { clock, log } = options;
  const outfit = await prepare(home, options.packages);
  const url = await addressOf(home);
  if (url === undefined) throw new Error(`${home.cluster} is incomplete: move ${home.folder} away`);
  let child: Awaited<ReturnType<typeof spawnServer>> | undefined;
  for (;;) {
    const presence = await join(url);
    if (typeof presence !== "string") return { url, presence, owner: child !== undefined || presence.alone };
    if (clock.monotonic() >= end || (child !== undefined && (child.exitCode !== null || child.signalCode !== null))) {
      throw new Error(`the embedded store in ${home.folder} does not start: ${await lastWords(home)}`);
    }
    if (child === undefined && presence === "absent" && (await postmasterPid(home.data)) === undefined) {
      await removeMistakenLocks(home.data, home.run);
      child = await spawnServer({ ...outfit, data: home.data }, serverSettings(home.run), home.log);
      log.debug("embedded store started", { pid: child.pid, folder: home.folder });
    }
    await wait(clock, POLL_MS);
  }
}

async function lastWords(home: Home): Promise<string> {
  const said = await readFile(home.log, "utf8").catch(errorText);
  return `${said.trim().split("\n").slice(-2).join("; ").slice(-400)} (${home.log})`;
}

/** After the server was lost: again, with growing pauses, until it is there or this process stops. */
async function rejoin(home: Home, options: EmbeddedOptions, signal: AbortSignal): Promise<Presence | undefined> {
  const { clock, log } = options;
  log.warn("the embedded store ended unexpectedly: starting it again", { folder: home.folder });
  let pause = RESTART_MS.first;
  let said = "";
  while (!signal.aborted) {
    try {
      const { presence } = await joinOrStart(home, options, signal);
      log.info("the embedded store is back", { folder: home.folder });
      return presence;
    } catch (error) {
      if (signal.aborted) break;
      if (said !== errorText(error)) log.error("the embedded store does not come back", { error: errorText(error) });
      said = errorText(error);
    }
    await wait(clock, pause, signal);
    pause = Math.min(pause * 2, RESTART_MS.most);
  }
  return undefined;
}

/** Leaves, and stops the server when nobody else uses it. Where the connection just broke the server may be there still. */
async function leave(home: Home, url: string, presence: Presence): Promise<void> {
  let left = await presence.leave();
  if (left === undefined) {
    const again = await join(url);
    left = typeof again === "string" ? undefined : await again.leave();
  }
  if (left === undefined) return;
  try {
    if (left.last) await stopPostmaster(home.data);
  } finally {
    await left.end();
  }
}
