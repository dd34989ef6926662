import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../store/errors.ts";

/**
 * Starts the server below a small shell that holds the other end of a pipe to this process: when this process ends, in
 * whatever way, the pipe closes and the shell stops the server at once. So a crash leaves no server behind.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read _ <&3; kill -QUIT $server 2>/dev/null; kill -CONT $server 2>/dev/null ) &
guard=$!
exec 3<&-
wait $server
code=$?
kill $guard 2>/dev/null
exit $code`;

/** How a guarded server is run. */
export interface GuardedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  readonly logFile: string;
}

/** Starts it; the child is the guard, which ends with the server. */
export function spawnGuarded(command: GuardedCommand): ChildProcess {
  const log = openSync(command.logFile, "a", 0o600);
  try {
    const child = spawn("/bin/sh", ["-c", GUARD, "sandbox-database", command.program, ...command.args], {
      ...(command.user === undefined ? {} : { uid: command.user.uid, gid: command.user.gid }),
      cwd: "/",
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
      // Out of the terminal's group: Ctrl-C is for corewatch alone, which then stops its parts in order.
      detached: true,
      stdio: ["pipe", log, log],
    });
    child.stdin?.on("error", () => undefined);
    return child;
  } finally {
    closeSync(log);
  }
}

/** The pid that a running server wrote into its data folder; `undefined` when there is none. */
export async function postmasterPid(data: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A process and its children (Linux). */
export async function family(pid: number): Promise<number[]> {
  const found = [pid];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    if ((await parentOf(entry)) === pid) found.push(Number(entry));
  }
  return found;
}

async function parentOf(pid: string): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; the state and the parent follow it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined; // It ended while we looked.
  }
}
