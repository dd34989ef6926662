import { createHash, randomBytes } from "node:crypto";
import type { ChildProcess } from "node:child_process";
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { Client } from "pg";
import { installedBinaries, usableBinaries } from "../store/binaries.ts";
import type { Binaries } from "../store/binaries.ts";
import { ROLE, initCluster } from "../store/cluster.ts";
import { errorCode } from "../store/errors.ts";
import { serverUser } from "../store/server-user.ts";
import type { ServerUser } from "../store/server-user.ts";
import { family, postmasterPid, spawnGuarded } from "./database-guard.ts";
import { boundPort, exists } from "./files.ts";

const HOST = "127.0.0.1";
const NAME = "supertokens";
const START_MS = 20_000;

/**
 * Room for a million sessions and users, about 2.5 GB with their indexes: hot index pages stay in memory, checkpoints come
 * by time rather than in the middle of a fill, and indexes are built without spilling. Memory is taken as it is used.
 */
const ROOMY = {
  shared_buffers: "256MB",
  maintenance_work_mem: "128MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  // No replica listens: the log need hold no more than a crash needs.
  wal_level: "minimal",
  max_wal_senders: "0",
  jit: "off",
} as const;

/** The fleet's own Postgres server, apart from corewatch's store. */
export interface SandboxDatabase {
  /** postgres://supertokens:…@127.0.0.1:port/supertokens */
  readonly url: string;
  readonly port: number;
  readonly state: "running" | "frozen" | "stopped";
  /** As a crash does: every connection is cut at once. */
  stop(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
  /** SIGSTOP to the server and all its processes: connections hang. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Stops it, and removes its data when it was asked to be passing. */
  close(): Promise<void>;
}

/** Where and how. */
export interface DatabaseOptions {
  /** The sandbox's folder; data goes below it, or below /var/lib/corewatch for root, whose server runs as another user. */
  readonly dir: string;
  readonly maxConnections?: number;
  /** Remove the data at {@link SandboxDatabase.close}. */
  readonly passing?: boolean;
}

/** Makes (or takes up) the database of a sandbox and starts it. @throws Error with what the server said. */
export async function startDatabase(options: DatabaseOptions): Promise<SandboxDatabase> {
  const user = serverUser();
  const base = placeFor(options.dir, user);
  await mkdir(base, { recursive: true, mode: 0o700 });
  if (user !== undefined) {
    await chown(base, user.uid, user.gid);
    await chmod(dirname(base), 0o755);
  }
  const binaries = await usableBinaries(await installedBinaries(), user, dirname(base));
  const server = new Server(binaries, user, base, options.maxConnections ?? 100);
  try {
    await server.prepare();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    get url() {
      return server.url(NAME);
    },
    get port() {
      return server.port;
    },
    get state() {
      return server.state;
    },
    stop: () => server.stop(),
    start: () => server.start(),
    freeze: () => server.signal("SIGSTOP"),
    thaw: () => server.signal("SIGCONT"),
    close: async () => {
      await server.stop();
      if (options.passing === true) await rm(base, { recursive: true, force: true });
    },
  };
}

class Server {
  readonly #binaries: Binaries;
  readonly #user: ServerUser | undefined;
  readonly #data: string;
  readonly #base: string;
  readonly #connections: number;
  #password = "";
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  port = 0;
  state: SandboxDatabase["state"] = "stopped";

  constructor(binaries: Binaries, user: ServerUser | undefined, base: string, connections: number) {
    this.#binaries = binaries;
    this.#user = user;
    this.#base = base;
    this.#data = join(base, "data");
    this.#connections = connections;
  }

  url(database: string, role = NAME): string {
    return `postgres://${role}:${this.#password}@${HOST}:${this.port}/${database}`;
  }

  async prepare(): Promise<void> {
    const secret = join(this.#base, "password");
    if (await exists(join(this.#base, "complete"))) {
      this.#password = await readFile(secret, "utf8");
    } else {
      this.#password = randomBytes(24).toString("hex");
      await rm(this.#data, { recursive: true, force: true });
      await writeFile(secret, this.#password, { mode: 0o600 });
      const place = { binaries: this.#binaries, user: this.#user, data: this.#data };
      await initCluster(place, this.#password, ["--no-sync"]);
    }
    this.port = await freePort();
    await this.start();
    if (!(await exists(join(this.#base, "complete")))) {
      await this.#sql(`create role ${NAME} login password '${this.#password}'`);
      await this.#sql(`grant pg_monitor to ${NAME}`);
      await this.#sql(`create database ${NAME} owner ${NAME}`);
      await writeFile(join(this.#base, "complete"), "");
    }
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const settings = {
      port: String(this.port),
      listen_addresses: HOST,
      unix_socket_directories: "",
      max_connections: String(this.#connections),
      ...ROOMY,
      // Commits reach the kernel, so they outlive stop(); only a power cut would lose them.
      fsync: "off",
      full_page_writes: "off",
    };
    const child = spawnGuarded({
      program: join(this.#binaries.folder, "bin", "postgres"),
      args: ["-D", this.#data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      user: this.#user,
      logFile: join(this.#base, "server.log"),
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("exit", () => resolve()));
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
      this.state = "stopped";
    });
    await this.#answering(child);
    this.state = "running";
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (this.state === "frozen") await this.signal("SIGCONT");
    // The guard sees its pipe close, and ends the server at once (SIGQUIT).
    child.stdin?.end();
    const timer = setTimeout(() => void this.#killAll(), 3_000);
    await this.#exited;
    clearTimeout(timer);
  }

  async signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    const pid = await postmasterPid(this.#data);
    if (this.#child === undefined || pid === undefined) throw new Error("the sandbox database is not running");
    for (const one of await family(pid)) kill(one, signal);
    this.state = signal === "SIGSTOP" ? "frozen" : "running";
  }

  async #killAll(): Promise<void> {
    const pid = await postmasterPid(this.#data);
    if (pid !== undefined) for (const one of await family(pid)) kill(one, "SIGKILL");
  }

  async #answering(child: ChildProcess): Promise<void> {
    const end = performance.now() + START_MS;
    for (;;) {
      try {
        await this.#sql("select 1");
        return;
      } catch (error) {
        if (child.exitCode !== null || performance.now() > end) {
          throw new Error(`the sandbox database does not start; ${this.#base}/server.log says why`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  async #sql(text: string): Promise<void> {
    const client = new Client({ connectionString: this.url("postgres", ROLE), connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(text);
    } finally {
      await client.end();
    }
  }
}

function placeFor(dir: string, user: ServerUser | undefined): string {
  if (user === undefined) return join(resolve(dir), "database");
  const hash = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 12);
  return join("/var/lib/corewatch", `sandbox-${hash}`);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself in between.
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

/** A free port of the loopback. */
export async function freePort(host = HOST): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen({ host, port: 0 }, done);
  });
  const port = boundPort(server);
  await new Promise((done) => server.close(done));
  return port;
}
