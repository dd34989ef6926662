import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { removeStoreOf } from "../../src/sandbox/files.ts";
import { openStage } from "./stage.ts";
import { until } from "./until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOOR = join(ROOT, "src/cli/corewatch.mjs");

/** The processes below `pid`: its children, theirs, and so on. */
async function below(pid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const pairs = await Promise.all(
    pids.map(async (name) => {
      // A process that ends meanwhile is nobody's child.
      const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
      return [Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])] as const;
    }),
  );
  const found = [pid];
  for (const one of found) found.push(...pairs.filter(([, parent]) => parent === one).map(([child]) => child));
  return found.slice(1);
}

const running = (pids: readonly number[]): number[] => pids.filter((pid) => existsSync(`/proc/${pid}`));

/** Folders below .corewatch that belong to passing sandboxes. */
async function passing(directory: string): Promise<string[]> {
  return (await readdir(join(directory, ".corewatch"))).filter((name) => /^(sandbox|story)/.test(name));
}

test("the door hands --env-file to corewatch, and bounds V8's young generation, as npm start does", async (context) => {
  const [line] = (await readFile(DOOR, "utf8")).split("\n");
  expect(line).toBe("#!/usr/bin/env -S node --max-semi-space-size=8 --");
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  expect(scripts.start).toBe("node --max-semi-space-size=8 -- src/cli/corewatch.mjs npm-start");

  const stage = await openStage(context, 1);
  const url = `${stage.cores[0]?.url}/\${env:PAGE}`;
  await stage.write({ endpoints: [{ id: "page", url }] });
  await writeFile(join(stage.directory, "my.env"), "PAGE=hello\n");
  for (const [file, code, said] of [
    ["my.env", 0, /fleet\.yaml is valid/],
    ["none.env", 78, /^none\.env: cannot be read: there is no such file\n$/],
  ] as const) {
    const child = spawn(DOOR, ["config", "check", "--env-file", file], {
      cwd: stage.directory,
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...stage.env },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (some) => (text += some));
    const [ended] = (await once(child, "close")) as [number];
    expect([ended, text]).toEqual([code, expect.stringMatching(said)]);
  }
});

test("a reader that goes away does not trouble a command", async (context) => {
  const stage = await openStage(context, 1);
  stage.later(() => removeStoreOf(stage.directory));
  await stage.write({ store: undefined });
  // The sweep still has to stop its store when it finds that nobody reads.
  for (const args of [
    ["config", "schema"],
    ["sweep", "--format", "json"],
  ]) {
    const child = spawn(process.execPath, ["--", DOOR, ...args], { cwd: stage.directory, env: stage.env });
    child.stdout.destroy();
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (some) => (said += some));
    const [code] = (await once(child, "close")) as [number];
    expect([code, said]).toEqual([0, ""]);
  }
});

test("a sweep that is interrupted stops the store that it started", { timeout: 40_000 }, async (context) => {
  const stage = await openStage(context, 1);
  stage.later(() => removeStoreOf(stage.directory));
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  for (const core of stage.cores) core.answer = () => resolve();
  await stage.write({ store: undefined });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const sweeping = stage.launch("sweep", "--config", "fleet.yaml");
    await asked;
    const started = await until("the store to run", 20_000, async () => {
      const pids = await below(sweeping.pid);
      return pids.length > 0 && pids;
    });
    sweeping.signal(signal);
    expect([await sweeping.ended, sweeping.stdout, sweeping.stderr]).toEqual([130, "", "interrupted\n"]);
    // The kernel may take a moment to bury the last of them.
    await until("everything that it started to be gone", 5_000, () => running(started).length === 0);
  }
});

test(
  "two sandboxes for one command each pass side by side; one that is interrupted leaves nothing either",
  { timeout: 60_000 },
  async (context) => {
    const stage = await openStage(context, 1);
    const exec = () => stage.launch("sandbox", "exec", "--", "sweep", "--format", "json");
    const both = [exec(), exec()];
    for (const one of both) {
      expect([await one.ended, one.stderr]).toEqual([0, ""]);
      // The simulated worker reports in, too.
      const { summary } = JSON.parse(one.stdout) as { summary: object };
      expect(summary).toEqual({ up: 16, degraded: 0, down: 0, unknown: 0 });
    }
    for (const args of [
      ["exec", "--", "start", "--listen", "127.0.0.1:0"],
      ["story", "core-down"],
    ]) {
      const passed = stage.launch("sandbox", ...args);
      // Its database, its cores, and the store of who watches it.
      const started = await until("the sandbox to be watched", 20_000, async () => {
        const pids = await below(passed.pid);
        const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
        return lines.some((line) => line.includes("/var/lib/corewatch") || line.includes("/cluster/data")) && pids;
      });
      passed.signal("SIGINT");
      expect(await passed.ended).toBe(130);
      expect(await passing(stage.directory)).toEqual([]);
      expect(running(started)).toEqual([]);
    }
  },
);
