import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { errorCode } from "../store/errors.ts";
import { findHome } from "../store/home.ts";
import { stopPostmaster } from "../store/postmaster.ts";

/** Where stores of root are, as in `ensureEmbedded`. */
const ROOTS_STORES = "/var/lib/corewatch";

/** `false` only when there is surely nothing. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** The port that a listening server has. */
export function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}

/** Writes a file in one step, so that nobody reads half of it. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, text, { mode });
  await rename(aside, path);
}

/**
 * Claims a sandbox's folder for this process; the claim of a process that is gone is taken over.
 * @throws Error when another sandbox runs in it.
 */
export async function claimFolder(dir: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "sandbox.json");
  if (await exists(file)) {
    const owner: { pid?: number; born?: string } = JSON.parse(await readFile(file, "utf8"));
    if (owner.pid !== undefined && owner.pid !== process.pid && (await bornAt(owner.pid)) === owner.born) {
      throw new Error(`a sandbox already runs in ${dir} (process ${owner.pid}): stop it first, or use another folder`);
    }
  }
  await writeWhole(file, `${JSON.stringify({ pid: process.pid, born: await bornAt(process.pid) })}\n`, 0o600);
  return () => rm(file, { force: true });
}

/** Removes what a corewatch kept for a fleet.yaml in `dir`, and ends the server that a killed one left running over it. */
export async function removeStoreOf(dir: string): Promise<void> {
  const { folder, data } = await findHome(join(dir, ".corewatch"), ROOTS_STORES);
  await stopPostmaster(data);
  await rm(folder, { recursive: true, force: true });
}

/** When a process was started, in the kernel's ticks: with the pid it names one process for good. `none`: there is no such process. */
async function bornAt(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "none";
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH") return "none";
    throw error;
  }
}
