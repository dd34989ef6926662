import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode } from "./errors.ts";

/** A lock of this machine over one folder. */
export interface LocalLock {
  release(): Promise<void>;
}

/**
 * Takes the lock `name` over `folder`, or says who has it. The lock is a listening socket, so the kernel frees it with
 * the process, however that ends: there is no stale state to clean up. On Linux the socket has no file at all,
 * and so is seen by processes of the same network namespace (the same container) only.
 * @returns the lock, or the pid of the process that holds it (0 when it does not say).
 */
export async function takeLock(folder: string, name: string): Promise<LocalLock | number> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const hash = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 24);
  const onLinux = process.platform === "linux";
  const path = onLinux ? `\0corewatch-${name}-${hash}` : join(tmpdir(), `corewatch-${name}-${hash}`);
  for (let attempt = 0; ; attempt++) {
    const server = await listen(path);
    if (server !== undefined) {
      return { release: () => new Promise((resolve) => void server.close(() => resolve())) };
    }
    const holder = await ask(path);
    if (holder !== undefined) return holder;
    // Nobody answered: on Linux the holder went just now; elsewhere a killed process left the file.
    if (attempt === 3) return 0;
    if (!onLinux) await rm(path, { force: true });
  }
}

/** Another daemon watches from the same folder. */
export class AlreadyWatched extends Error {
  override readonly name = "AlreadyWatched";
}

/**
 * The lock of the daemon of one `.corewatch` folder: a second `start` is refused.
 * @throws AlreadyWatched that names the other daemon's pid.
 */
export async function lockDaemon(dir: string): Promise<LocalLock> {
  const lock = await takeLock(dir, "daemon");
  if (typeof lock === "number") {
    const who = lock === 0 ? "another corewatch" : `another corewatch (pid ${lock})`;
    throw new AlreadyWatched(
      `${who} already watches from ${dir}: stop it first, or start this one with another --config`,
    );
  }
  return lock;
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(String(process.pid));
    });
    server.once("error", (error) => (errorCode(error) === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(path, () => {
      // A lock alone keeps no process alive.
      server.unref();
      resolve(server);
    });
  });
}

/** The holder's pid; `undefined` when nobody listens. */
function ask(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = createConnection(path);
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("data", (chunk) => (answer = (answer + chunk.toString("latin1")).slice(0, 20)));
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(/^\d+$/.test(answer) ? Number(answer) : 0));
  });
}
