import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SandboxDatabase } from "../../src/sandbox/database.ts";
import { startDatabase } from "../../src/sandbox/database.ts";
import { isAlive, temporaryDatabase, temporaryFolder, until } from "./core-support.ts";

let database: SandboxDatabase;

beforeAll(async () => {
  database = await temporaryDatabase();
});

afterAll(() => database.close());

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 400 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

it("stops at once, and comes back on the same port with what was committed", async () => {
  const { url, port } = database;
  await query(url, "create table kept (n int)");
  await query(url, "insert into kept values (7)");
  await database.stop();
  expect(database.state).toBe("stopped");
  await expect(query(url, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await database.start();
  expect(database.port).toBe(port);
  expect(await query(url, "select n from kept")).toEqual([{ n: 7 }]);
});

it("frozen, it takes connections and answers nothing; thawed, it answers", async () => {
  await database.freeze();
  await expect(query(database.url, "select 1")).rejects.toThrow(/timeout/);
  await database.thaw();
  expect(await query(database.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

it("takes up the data of an earlier run", async () => {
  const folder = await temporaryFolder();
  const first = await startDatabase({ dir: folder.path });
  await query(first.url, "create table kept (n int)");
  await first.close();
  const second = await startDatabase({ dir: folder.path, passing: true });
  expect(await query(second.url, "select count(*)::int as n from kept")).toEqual([{ n: 0 }]);
  await second.close();
  await folder.remove();
});

it("ends with the process that started it, killed or not", async () => {
  const folder = await temporaryFolder();
  const module = fileURLToPath(new URL("../../src/sandbox/database.ts", import.meta.url));
  const script = `const { startDatabase } = await import(${JSON.stringify(module)});
    const database = await startDatabase({ dir: ${JSON.stringify(folder.path)}, passing: true });
    console.log(database.url); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  const [row] = await query(url, "select pg_backend_pid() as pid");
  expect(Number(row?.["pid"])).toBeGreaterThan(1);
  child.kill("SIGKILL");
  await until("the server is gone", () =>
    query(url, "select 1").then(
      () => false,
      (error: unknown) => error instanceof Error && "code" in error && error.code === "ECONNREFUSED",
    ),
  );
  expect(isAlive(Number(row?.["pid"]))).toBe(false);
  const after = await startDatabase({ dir: folder.path, passing: true });
  await after.close();
  await folder.remove();
});
