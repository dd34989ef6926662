import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { USE_URL, installedBinaries, usableBinaries } from "./binaries.ts";
import type { Binaries } from "./binaries.ts";
import { ROLE, initCluster } from "./cluster.ts";
import { errorCode } from "./errors.ts";
import { serverUser, userOf } from "./server-user.ts";
import type { ServerUser } from "./server-user.ts";

/**
 * Where one embedded store lives. For an ordinary user `.corewatch/postgres`; for root `/var/lib/corewatch/<hash>`,
 * which the server's own user may enter wherever the checkout is. `.corewatch/store.json` names it:
 * `{"version":1,"home":"postgres"|"/var/lib/corewatch/…","madeFor":"/path/of/.corewatch"}`.
 *
 * home/cluster/data      the cluster     home/run          the socket
 * home/cluster/password  of its role     home/postgres.log what the server says
 */
export interface Home {
  readonly folder: string;
  readonly cluster: string;
  readonly data: string;
  readonly run: string;
  readonly log: string;
  /** Where copies of the binaries go when the installed ones cannot be used. */
  readonly copies: string;
}

interface StoreFile {
  readonly version: 1;
  readonly home: string;
  readonly madeFor: string;
}

/** Linux keeps 108 bytes for the path of a socket; `/.s.PGSQL.5432` and its lock go on top. */
const LONGEST_RUN = 85;

/**
 * Finds or chooses the home for `dir` (a `.corewatch` folder, made when missing).
 * @throws Error when the folder belongs to somebody else.
 */
export async function findHome(dir: string, systemDir: string): Promise<Home> {
  await makeFolder(dir, 0o700);
  const here = await realpath(dir);
  const named = await readStoreFile(here);
  const known = named !== undefined && (named.madeFor === here || !(await present(named.madeFor)));
  const isRoot = process.getuid?.() === 0;
  // A copied folder gets a home of its own: two checkouts must not write one store.
  const home = known ? named.home : isRoot ? join(systemDir, hashOf(here)) : "postgres";
  if (!known || named.madeFor !== here) await writeStoreFile(here, { version: 1, home, madeFor: here });
  const folder = isAbsolute(home) ? home : join(here, home);
  return {
    folder,
    cluster: join(folder, "cluster"),
    data: join(folder, "cluster", "data"),
    run: await runFolder(folder),
    log: join(folder, "postgres.log"),
    copies: isAbsolute(home) ? systemDir : folder,
  };
}

async function readStoreFile(here: string): Promise<StoreFile | undefined> {
  const path = join(here, "store.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (errorCode(error) === "EACCES") {
      throw new Error(`${path} belongs to another user: run corewatch as the user that made this store`, {
        cause: error,
      });
    }
    throw error;
  }
  const parsed: Partial<StoreFile> = JSON.parse(text);
  if (parsed.version !== 1 || typeof parsed.home !== "string" || typeof parsed.madeFor !== "string") {
    throw new Error(`${path} was written by a newer corewatch, or damaged: update corewatch, or move the file away`);
  }
  return { version: 1, home: parsed.home, madeFor: parsed.madeFor };
}

async function writeStoreFile(here: string, file: StoreFile): Promise<void> {
  const aside = join(here, `store.json.${process.pid}`);
  await writeFile(aside, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  await rename(aside, join(here, "store.json"));
}

/** The folder of the socket: in the home, or in the temporary folder when that path would be too long for a socket. */
async function runFolder(folder: string): Promise<string> {
  const run = join(folder, "run");
  if (Buffer.byteLength(run) <= LONGEST_RUN) return run;
  const short = join(tmpdir(), `corewatch-${process.getuid?.() ?? 0}-${hashOf(folder)}`);
  await mkdir(short, { recursive: true, mode: 0o700 });
  const found = await lstat(short);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${short} belongs to somebody else: remove it, or set TMPDIR to a folder of your own`);
  }
  return short;
}

/** What starting a server needs: whom it runs as and with which programs. */
export interface Outfit {
  readonly user: ServerUser | undefined;
  readonly binaries: Binaries;
}

/** Prepares the folders and the programs, and makes the cluster when there is none. The caller holds the start lock. */
export async function prepare(home: Home, packages?: string): Promise<Outfit> {
  const user = await userFor(home);
  await makeFolder(home.folder, 0o755);
  // Whatever the umask: the server's own user walks through, and sees nothing on the way.
  if (user !== undefined) for (const folder of [home.copies, home.folder]) await chmod(folder, 0o711);
  const binaries = await usableBinaries(await installedBinaries(packages), user, home.copies);
  await mkdir(home.run, { recursive: true, mode: 0o700 });
  await chmod(home.run, 0o700);
  if (user !== undefined) await chown(home.run, user.uid, user.gid);
  if (await present(home.data)) {
    await checkVersion(home, binaries);
    return { user, binaries };
  }
  const aside = `${home.cluster}.partial`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { mode: 0o700 });
  if (user !== undefined) await chown(aside, user.uid, user.gid);
  const password = randomBytes(32).toString("hex");
  await initCluster({ binaries, user, data: join(aside, "data") }, password);
  await writeFile(join(aside, "password"), password, { mode: 0o600 });
  await rename(aside, home.cluster);
  return { user, binaries };
}

/** Whoever owns the data; for a new store as root, the server's own account. */
async function userFor(home: Home): Promise<ServerUser | undefined> {
  const own = serverUser();
  if (!(await present(home.data))) return own;
  const owner = await stat(home.data);
  if (own === undefined) {
    if (owner.uid !== process.getuid?.())
      throw new Error(`${home.data} belongs to another user: run corewatch as that user`);
    return undefined;
  }
  return owner.uid === own.uid ? own : userOf(owner.uid, owner.gid);
}

async function checkVersion(home: Home, binaries: Binaries): Promise<void> {
  const made = (await readFile(join(home.data, "PG_VERSION"), "utf8")).trim();
  const ours = binaries.version.split(".")[0];
  if (made !== ours) {
    throw new Error(
      `the store in ${home.folder} was made by Postgres ${made} and this corewatch brings ${ours}: ` +
        "export it with the corewatch that made it (corewatch store export), move the folder away, and import it here",
    );
  }
}

/** The address of the server, password included; `undefined` when no cluster was made yet. */
export async function addressOf(home: Home): Promise<string | undefined> {
  try {
    const password = await readFile(join(home.cluster, "password"), "utf8");
    return `postgres://${ROLE}:${password}@${encodeURIComponent(home.run)}/postgres`;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (errorCode(error) === "EACCES") {
      throw new Error(`the store in ${home.folder} belongs to another user: run corewatch as the user that made it`, {
        cause: error,
      });
    }
    throw error;
  }
}

async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    const why = errorCode(error);
    if (why === undefined || !["EACCES", "EROFS", "EPERM", "ENOTDIR"].includes(why)) throw error;
    throw new Error(`corewatch keeps its store in ${path} and may not write there (${why}): let it, or ${USE_URL}`, {
      cause: error,
    });
  }
}

async function present(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}

function hashOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}
