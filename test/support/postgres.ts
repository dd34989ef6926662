import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { chmod, chown, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { installedBinaries, usableBinaries } from "../../src/store/binaries.ts";
import { ROLE, initCluster, spawnServer } from "../../src/store/cluster.ts";
import { errorCode } from "../../src/store/errors.ts";
import { postmasterPid } from "../../src/store/postmaster.ts";
import { serverUser } from "../../src/store/server-user.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Superuser URL of the run's one Postgres server; it ends with the database `postgres`. */
    postgresUrl: string;
  }
}

/** What a server that lives for one test run needs not do: survive a power cut. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  shared_buffers: "64MB",
  max_connections: "150",
  max_wal_size: "512MB",
  autovacuum_naptime: "20s",
  log_min_messages: "fatal",
};

const PREFIX = "corewatch-postgres-";

/** Starts the one Postgres server of a test run, on a free port of the loopback, in a folder that goes with it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  let server: Awaited<ReturnType<typeof spawnServer>> | undefined;
  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      const ended = new Promise((resolve) => void running.once("exit", resolve));
      // Immediate: nothing of it is kept.
      running.kill("SIGQUIT");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const stopNow = (): void => {
    server?.kill("SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once("exit", stopNow);
  try {
    const user = serverUser();
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    await chmod(folder, 0o755);
    const binaries = await usableBinaries(await installedBinaries(), user, folder);
    const place = { binaries, user, data: join(folder, "data") };
    const password = randomBytes(24).toString("hex");
    await initCluster(place, password, ["--no-sync", "--no-instructions"]);
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const log = join(folder, "log");
      const child = await spawnServer(place, { ...SETTINGS, port: String(port) }, log);
      server = child;
      const url = `postgres://${ROLE}:${password}@127.0.0.1:${port}/postgres`;
      if (await answers(url, child)) {
        project.provide("postgresUrl", url);
        break;
      }
      // Between choosing the port and listening somebody else may have taken it.
      if (attempt === 5) throw new Error(`the test server does not start: ${await readFile(log, "utf8")}`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return async () => {
    process.removeListener("exit", stopNow);
    await stop();
  };
}

/** What a run that was killed left behind: its server and its folder, which bears its pid. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1] ?? "0");
    if (pid === 0 || lives(pid)) continue;
    const folder = join(tmpdir(), name);
    const server = await postmasterPid(join(folder, "data"));
    if (server !== undefined) process.kill(server, "SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => void probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/** Waits until the server takes a connection; `false` when it ended instead. */
async function answers(url: string, child: { exitCode: number | null; signalCode: string | null }): Promise<boolean> {
  const end = performance.now() + 20_000;
  while (child.exitCode === null && child.signalCode === null && performance.now() < end) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on("error", () => void 0);
    const ready = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end();
    if (ready) return true;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  return false;
}
