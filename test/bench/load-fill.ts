import { execFile } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { CORE_SCHEMA } from "../../src/sandbox/core-schema.ts";
import { startDatabase } from "../../src/sandbox/database.ts";

const run = promisify(execFile);
const ENTRY = join(import.meta.dirname, "load-fill-process.ts");
const USER_TABLES = [
  "app_id_to_user_id",
  "all_auth_recipe_users",
  "emailpassword_users",
  "emailpassword_user_to_tenant",
];

/** What one process that only fills said of itself. */
interface Filled {
  readonly sessionsMs: number;
  readonly usersMs: number;
  /** The whole call: counting, copying, VACUUM (ANALYZE). */
  readonly wholeMs: number;
  readonly cpuMs: number;
  readonly maxRssMiB: number;
}

/** Figures of filling. Medians of alternated rounds. */
export interface FillFigures {
  readonly sessions: number;
  /** `psql \copy`, or what took its place where there is no psql. */
  readonly floor: string;
  readonly oursMs: number;
  readonly floorMs: number;
  /** Target: at most 1.05. */
  readonly ratio: number;
  /** With counting before and VACUUM (ANALYZE) after, against the floor with the same VACUUM (ANALYZE). */
  readonly oursWholeMs: number;
  readonly floorWholeMs: number;
  readonly rounds: readonly { readonly oursMs: number; readonly floorMs: number }[];
  readonly nodeCpuMs: number;
  /** Target: at most 150. Highest resident memory of a process that only fills. */
  readonly nodeMaxRssMiB: number;
  readonly bytesPerSession: number;
  readonly users: number;
  readonly usersMs: number;
  readonly usersMaxRssMiB: number;
  /** The same without secondary indexes. */
  readonly usersWithoutIndexesMs: number;
  /** Part of filling users that is maintenance of secondary indexes, 0–1. */
  readonly indexShare: number;
}

/** Fills sessions side by side with psql's `\copy` of the same rows, then users with and without secondary indexes. */
export async function benchFill(quick: boolean, say: (line: string) => void): Promise<FillFigures> {
  const sessions = quick ? 100_000 : 1_000_000;
  const users = quick ? 30_000 : 1_000_000;
  const folder = await mkdtemp(join(tmpdir(), "corewatch-fill-"));
  const database = await startDatabase({ dir: folder, passing: true });
  const client = new Client(database.url);
  try {
    await client.connect();
    await client.query(CORE_SCHEMA);
    await client.query("insert into apps values ('public', 0)");
    await client.query("insert into tenants values ('public', 'public', 0)");
    const floor = await floorOf(database.url, client);
    const file = join(folder, "rows");
    const first = await fillIn(database.url, sessions, 0);
    const size = await client.query<{ bytes: number }>(
      "select pg_total_relation_size('session_info')::float8 as bytes",
    );
    await pipeline(client.query(copyTo("COPY session_info TO STDOUT")), createWriteStream(file));
    say(`${sessions} sessions, ${Math.round((await stat(file)).size / 1e6)} MB of rows; the floor is ${floor.name}`);

    const rounds: { ours: Filled; floorMs: number; floorWholeMs: number }[] = [];
    const ours = async (): Promise<Filled> => {
      await empty(client, ["session_info"]);
      return fillIn(database.url, sessions, 0);
    };
    const theirs = async (): Promise<{ floorMs: number; floorWholeMs: number }> => {
      await empty(client, ["session_info"]);
      const begun = performance.now();
      await floor.copy(file);
      const floorMs = performance.now() - begun;
      await client.query("VACUUM (ANALYZE) session_info");
      return { floorMs, floorWholeMs: performance.now() - begun };
    };
    for (let round = 0; round < (quick ? 3 : 5); round++) {
      // Who begins changes from round to round.
      const early = round % 2 === 0 ? await ours() : undefined;
      const peer = await theirs();
      const own = early ?? (await ours());
      rounds.push({ ours: own, ...peer });
      say(`round ${round + 1}: ours ${own.sessionsMs.toFixed(0)} ms, ${floor.name} ${peer.floorMs.toFixed(0)} ms`);
    }
    await empty(client, ["session_info"]);
    const withIndexes = await fillIn(database.url, 0, users);
    say(`${users} users: ${withIndexes.usersMs.toFixed(0)} ms`);
    await empty(client, [...USER_TABLES, "user_last_active"]);
    await dropSecondaryIndexes(client);
    const without = await fillIn(database.url, 0, users);
    say(`without secondary indexes: ${without.usersMs.toFixed(0)} ms`);

    const oursMs = median(rounds.map((one) => one.ours.sessionsMs));
    const floorMs = median(rounds.map((one) => one.floorMs));
    return {
      sessions,
      floor: floor.name,
      oursMs,
      floorMs,
      ratio: oursMs / floorMs,
      oursWholeMs: median(rounds.map((one) => one.ours.wholeMs)),
      floorWholeMs: median(rounds.map((one) => one.floorWholeMs)),
      rounds: rounds.map((one) => ({ oursMs: one.ours.sessionsMs, floorMs: one.floorMs })),
      nodeCpuMs: median(rounds.map((one) => one.ours.cpuMs)),
      nodeMaxRssMiB: Math.max(first.maxRssMiB, ...rounds.map((one) => one.ours.maxRssMiB)),
      bytesPerSession: (size.rows[0]?.bytes ?? 0) / sessions,
      users,
      usersMs: withIndexes.usersMs,
      usersMaxRssMiB: withIndexes.maxRssMiB,
      usersWithoutIndexesMs: without.usersMs,
      indexShare: 1 - without.usersMs / withIndexes.usersMs,
    };
  } finally {
    await client.end();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fillIn(url: string, sessions: number, users: number): Promise<Filled> {
  const { stdout } = await run(process.execPath, [ENTRY, url, String(sessions), String(users)]);
  return JSON.parse(stdout) as Filled;
}

async function empty(client: Client, tables: readonly string[]): Promise<void> {
  await client.query(`truncate ${tables.join(", ")}`);
  await client.query("checkpoint").catch(() => client.query("select 1"));
}

async function dropSecondaryIndexes(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select i.indexrelid::regclass::text as name from pg_index i
     where i.indrelid = any($1::regclass[]) and not exists (select 1 from pg_constraint where conindid = i.indexrelid)`,
    [USER_TABLES],
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
}

interface Floor {
  readonly name: string;
  copy(file: string): Promise<void>;
}

/** psql where it is installed (Debian: postgresql-client); otherwise one stream of the same file through one connection. */
async function floorOf(url: string, client: Client): Promise<Floor> {
  const psql = await run("psql", ["--version"]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  if (psql !== undefined) {
    return {
      name: `\\copy of ${psql}`,
      copy: async (file) => void (await run("psql", [url, "-qc", `\\copy session_info from '${file}'`])),
    };
  }
  return {
    name: "one COPY stream of a file (psql is not installed)",
    copy: (file) => pipeline(createReadStream(file), client.query(copyFrom("COPY session_info FROM STDIN"))),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
