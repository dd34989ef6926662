import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "./errors.ts";

const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;
const POLL_MS = 10;

/**
 * Pid of the server that runs over `data`: what postmaster.pid says, when that process is alive and really is a Postgres
 * over this folder. `undefined`: none runs.
 */
export async function postmasterPid(data: string): Promise<number | undefined> {
  const pid = await livePid(join(data, "postmaster.pid"));
  return pid !== undefined && (await isServerOver(data, pid)) ? pid : undefined;
}

/**
 * Removes the lock files of a server that was killed when their pid is some other program's by now, as after a restart
 * of a container: Postgres would respect it. Whether a file with a dead pid may go, Postgres itself knows best.
 */
export async function removeMistakenLocks(data: string, run: string): Promise<void> {
  for (const file of [join(data, "postmaster.pid"), join(run, ".s.PGSQL.5432.lock")]) {
    const pid = await livePid(file);
    if (pid !== undefined && !(await isServerOver(data, pid))) await rm(file, { force: true });
  }
}

/** The pid in the first line of a lock file, when such a process lives. */
async function livePid(file: string): Promise<number | undefined> {
  const pid = Number((await readOptional(file))?.split("\n")[0]);
  return Number.isSafeInteger(pid) && pid > 0 && alive(pid) ? pid : undefined;
}

async function isServerOver(data: string, pid: number): Promise<boolean> {
  // Without /proc (not Linux) the file's word has to do.
  if ((await readOptional("/proc/self/cmdline")) === undefined) return true;
  const words = (await readOptional(`/proc/${pid}/cmdline`))?.split("\0") ?? [];
  return words[0]?.endsWith("postgres") === true && words.includes(data);
}

/**
 * Stops the server over `data`: sessions are cut and everything is written (a fast shutdown); after 10 s at once, in
 * which case the next start recovers from the log.
 * @throws Error when it is still there after 15 s.
 */
export async function stopPostmaster(data: string): Promise<void> {
  const pid = await postmasterPid(data);
  if (pid === undefined) return;
  if (await ends(data, pid, "SIGINT", FAST_SHUTDOWN_MS)) return;
  if (await ends(data, pid, "SIGQUIT", IMMEDIATE_SHUTDOWN_MS)) return;
  throw new Error(`the embedded store (pid ${pid}) does not end: stop it by hand`);
}

async function ends(data: string, pid: number, signal: NodeJS.Signals, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return true;
    throw error;
  }
  while (performance.now() < end) {
    if ((await postmasterPid(data)) !== pid) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Alive, and another user's.
    return errorCode(error) === "EPERM";
  }
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESRCH", "EACCES"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
