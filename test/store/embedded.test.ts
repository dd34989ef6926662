import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StoreUnavailable } from "../../src/domain/index.ts";
import { installedBinaries, linksMissing, packageFolder } from "../../src/store/binaries.ts";
import { ensureEmbedded } from "../../src/store/embedded.ts";
import type { Embedded, EmbeddedOptions } from "../../src/store/embedded.ts";
import { findHome } from "../../src/store/home.ts";
import { lockDaemon } from "../../src/store/index.ts";
import { postmasterPid } from "../../src/store/postmaster.ts";
import { serverUser } from "../../src/store/server-user.ts";
import { systemClock } from "../../src/system/clock.ts";
import { SERIES, observation, output, state } from "../conformance/store-samples.ts";
import { startChild } from "./children.ts";
import { quiet, storeAt } from "./stores.ts";

let folder: string;
let dir: string;
let systemDir: string;
const open: { stop(): Promise<unknown> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "corewatch-embedded-"));
  // Nobody but its owner may enter: the server's own user neither.
  dir = join(folder, "checkout", ".corewatch");
  await mkdir(dirname(dir), { mode: 0o700 });
  systemDir = await mkdtemp(join(tmpdir(), "corewatch-system-"));
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.stop();
  await rm(folder, { recursive: true, force: true });
  await rm(systemDir, { recursive: true, force: true });
});

async function start(more: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await ensureEmbedded({ dir, systemDir, log: quiet, clock: systemClock, ...more });
  open.push(embedded);
  return embedded;
}

function child(...args: string[]): ReturnType<typeof startChild> {
  const started = startChild(...args);
  open.push(started);
  return started;
}

async function serverPid(): Promise<number | undefined> {
  return postmasterPid((await findHome(dir, systemDir)).data);
}

async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

test("the server starts in a folder that nobody else may enter, keeps its data, and ends with the one who started it", async () => {
  const first = await start();
  expect(first.owner).toBe(true);
  await ask(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
  const settings = await ask<{ fsync: string }>(first.url, "SELECT current_setting('fsync') AS fsync");
  expect(settings).toEqual([{ fsync: "on" }]);
  await first.stop();
  await first.stop();
  expect(await serverPid()).toBeUndefined();
  const second = await start();
  expect(await ask(second.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  // Nobody gets in without the password, and only the owner can read it.
  await expect(ask(second.url.replace(/:[0-9a-f]{64}@/, ":guess@"), "SELECT 1")).rejects.toThrow(/password/);
  const home = await findHome(dir, systemDir);
  for (const file of [join(home.cluster, "password"), join(dir, "store.json")]) {
    expect((await stat(file)).mode & 0o077).toBe(0);
  }
  expect(await readFile(join(dir, "store.json"), "utf8")).toContain(process.getuid?.() === 0 ? systemDir : "postgres");
});

test("a second process joins as a client, and when the first leaves the server stays until the second leaves", async () => {
  const owner = await start();
  const client = child("embedded", dir, systemDir);
  expect(await client.line()).toBe("client");
  const pid = await serverPid();
  await owner.stop();
  expect(await serverPid()).toBe(pid);
  expect(await client.stop()).toBe(0);
  expect(await serverPid()).toBeUndefined();
});

test("of several that start at once in a new folder one starts the server, and all use it", async () => {
  const all = [child("embedded", dir, systemDir), child("embedded", dir, systemDir), child("embedded", dir, systemDir)];
  const roles = await Promise.all(all.map((one) => one.line()));
  expect(roles.filter((role) => role === "owner")).toHaveLength(1);
  expect(await Promise.all(all.map((one) => one.stop()))).toEqual([0, 0, 0]);
  expect(await serverPid()).toBeUndefined();
});

test("the server of a process that was killed is adopted by the next, and ends with it", async () => {
  const killed = child("embedded", dir, systemDir);
  expect(await killed.line()).toBe("owner");
  const pid = await serverPid();
  await killed.kill();
  const next = await start();
  expect(await serverPid()).toBe(pid);
  // The server may need a moment to see that the killed process is gone; who comes after that is alone with it.
  await next.stop();
  for (let visit = 0; visit < 50 && (await serverPid()) !== undefined; visit++) await (await start()).stop();
  expect(await serverPid()).toBeUndefined();
});

test("a pid file left by a killed server does not stand in the way, even when its pid is another program's now", async () => {
  await (await start()).stop();
  const { data, run } = await findHome(dir, systemDir);
  const left = `${process.pid}\n${data}\n1700000000\n5432\n${run}\n\n`;
  await writeFile(join(data, "postmaster.pid"), left);
  await writeFile(join(run, ".s.PGSQL.5432.lock"), left);
  expect(await serverPid()).toBeUndefined();
  const again = await start();
  expect(await ask(again.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a server that is killed comes back by itself; calls meanwhile say so, and nothing written is lost", async () => {
  const embedded = await start();
  const store = await storeAt(embedded.url);
  open.push({ stop: () => store.close() });
  await store.migrate();
  await store.decide([SERIES], 0, () => output({ states: [state()] }));
  const claim = await store.outbox.claim();
  const pid = await serverPid();
  if (pid === undefined) throw new Error("no server");
  process.kill(pid, "SIGKILL");
  const failures: unknown[] = [];
  await vi.waitFor(
    async () => {
      await store.append([observation()], []).catch((error: unknown) => {
        failures.push(error);
        throw error;
      });
    },
    { timeout: 15_000, interval: 20 },
  );
  expect(failures.length).toBeGreaterThan(0);
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(StoreUnavailable);
    expect(String(failure)).toMatch(/^StoreUnavailable: the embedded store is out of reach \(\w+/);
  }
  expect(claim?.lost).toBe(true);
  expect(await store.states()).toEqual([state({ version: 1 })]);
  expect(await store.latest(5)).toEqual([observation()]);
  expect(await serverPid()).not.toBe(pid);
});

test("links that npm did not make are made at the start, and binaries that the server's user cannot reach are copied", async () => {
  const installed = packageFolder(process.platform, process.arch);
  if (installed === null) throw new Error("no binaries are installed");
  const packages = join(folder, "package");
  await cp(installed, packages, { recursive: true, verbatimSymlinks: true });
  const lib = join(packages, "native", "lib");
  for (const entry of await readdir(lib, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(lib, entry.name));
  }
  expect(await linksMissing(join(packages, "native"))).toBe(true);
  const embedded = await start({ packages });
  expect(await ask(embedded.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  // As root they were copied, for the server's user cannot reach the folder; otherwise mended in place.
  const copies = (await readdir(systemDir)).filter((name) => name.startsWith("postgres-"));
  const used = copies[0] === undefined ? join(packages, "native") : join(systemDir, copies[0]);
  expect(copies).toHaveLength(process.getuid?.() === 0 ? 1 : 0);
  expect(await linksMissing(used)).toBe(false);
});

test("where no server is installed for the machine, the sentence names store.url", async () => {
  expect(packageFolder("linux", "s390x")).toBeNull();
  await expect(installedBinaries(null)).rejects.toThrow(/store\.url/);
});

test("a copy of a folder gets a store of its own, a moved one keeps its", async () => {
  const original = await findHome(dir, systemDir);
  const copy = join(folder, "copy");
  await cp(dir, copy, { recursive: true });
  expect((await findHome(copy, systemDir)).folder).not.toBe(original.folder);
  await rm(copy, { recursive: true });
  await cp(dir, copy, { recursive: true });
  await rm(dir, { recursive: true });
  const moved = await findHome(copy, systemDir);
  expect(process.getuid?.() === 0 ? moved.folder : join(dir, "postgres")).toBe(original.folder);
});

test("a second daemon is refused with the first one's pid, and a killed daemon's lock is free at once", async () => {
  const first = child("lock", dir);
  expect(await first.line()).toBe("locked");
  await expect(lockDaemon(dir)).rejects.toThrow(/\(pid \d+\) already watches/);
  await first.kill();
  const lock = await lockDaemon(dir);
  await lock.release();
  await (await lockDaemon(dir)).release();
});

test("as root the server runs as postgres, or else as corewatch; otherwise as oneself", async () => {
  const root = process.getuid?.() === 0;
  const passwd = join(folder, "passwd");
  const own = "corewatch:x:998:997::/nonexistent:/bin/false\n";
  await writeFile(passwd, `root:x:0:0::/root:/bin/sh\n${own}`);
  expect(serverUser(passwd)).toEqual(root ? { name: "corewatch", uid: 998, gid: 997 } : undefined);
  await writeFile(passwd, `${own}postgres:x:101:104::/var/lib/postgresql:/bin/bash\n`);
  expect(serverUser(passwd)).toEqual(root ? { name: "postgres", uid: 101, gid: 104 } : undefined);
});

test("a folder that cannot be written is named, and so is the way out", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const refused = ensureEmbedded({ dir: join(file, ".corewatch"), log: quiet, clock: systemClock });
  await expect(refused).rejects.toThrow(/file\/\.corewatch and may not write there \(ENOTDIR\).*store\.url/);
});
