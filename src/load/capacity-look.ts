import type { Client } from "pg";
import type { CapacityFacts, HotStatement } from "../domain/index.ts";
import { USER_TABLES } from "./capacity-catalog.ts";
import { CapacityError, inWords } from "./capacity-connection.ts";
import { onConnection } from "./capacity-scope.ts";
import type { Scope } from "./capacity-scope.ts";
import { hotStatements } from "./capacity-statements.ts";
import type { Explained, Sample } from "./capacity-statements.ts";

/** Reading a table from end to end matters from here on; smaller ones are read so on purpose. */
const BIG_ROWS = 10_000;

/** Counts, measures and explains, in one read-only transaction that is rolled back. */
export function look(scope: Scope, moment: CapacityFacts["moment"], signal: AbortSignal): Promise<CapacityFacts> {
  return onConnection(scope, async (client) => {
    const at = scope.clock.now();
    await client.query("BEGIN TRANSACTION READ ONLY");
    const counts = await measure(client, scope);
    const sizes = await tableRows(client, scope);
    const sample = await sampleRow(client, scope);
    const statements: HotStatement[] = [];
    for (const statement of hotStatements(scope.catalog, sample)) {
      if (signal.aborted) throw new CapacityError("looking at the database was interrupted");
      const explained = await explain(client, statement, sizes);
      if (explained !== undefined) statements.push(explained);
    }
    await client.query("ROLLBACK");
    return { moment, at, ...counts, statements };
  });
}

async function measure(client: Client, scope: Scope): Promise<Omit<CapacityFacts, "moment" | "at" | "statements">> {
  const { rows } = await client.query<Omit<CapacityFacts, "moment" | "at" | "statements">>(
    `select (select count(*) from session_info)::float8 as sessions,
       (select count(*) from app_id_to_user_id)::float8 as users,
       ${sizeOf("'session_info'::regclass")} as "sessionBytes",
       (select sum(${sizeOf("to_regclass(quote_ident(name))")}) from unnest($1::text[]) name)::float8 as "userBytes",
       pg_database_size(current_database())::float8 as "databaseBytes",
       current_setting('max_connections')::float8 as "maxConnections"`,
    [USER_TABLES.filter((table) => scope.catalog.tables.has(table))],
  );
  const found = rows[0];
  if (found === undefined) throw new CapacityError("the database gave no counts");
  return found;
}

/** Bytes of a table with its indexes and its oversized values, and of its partitions where it has some. */
function sizeOf(table: string): string {
  const parts = `select sum(pg_total_relation_size(relid)) from pg_partition_tree(${table}) where level > 0`;
  return `(pg_total_relation_size(${table}) + coalesce((${parts}), 0))::float8`;
}

/** About how many rows each table has: from its statistics, or, before there are any, from its size. */
async function tableRows(client: Client, scope: Scope): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ name: string; rows: number }>(
    `select name, (case when c.reltuples >= 0 and c.relpages > 0
         then c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int)
         else pg_relation_size(c.oid) / 256.0 end)::float8 as rows
     from unnest($1::text[]) name join pg_class c on c.oid = to_regclass(quote_ident(name))`,
    [[...scope.catalog.tables.keys()]],
  );
  return new Map(rows.map((row) => [row.name, row.rows]));
}

async function sampleRow(client: Client, scope: Scope): Promise<Sample> {
  const { app, tenant } = scope;
  const { rows } = await client.query<{ handle: string; userId: string }>(
    `select session_handle as handle, user_id as "userId" from session_info where app_id = $1 and tenant_id = $2 limit 1`,
    [app, tenant],
  );
  const users = await client.query<{ email: string }>(
    "select email from emailpassword_users where app_id = $1 limit 1",
    [app],
  );
  const none = "00000000-0000-4000-8000-000000000000";
  return {
    app,
    tenant,
    handle: rows[0]?.handle ?? none,
    userId: rows[0]?.userId ?? none,
    email: users.rows[0]?.email ?? "nobody@filled.invalid",
    now: scope.clock.now(),
  };
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Rows Removed by Filter"?: number;
  readonly Operation?: string;
  readonly Plans?: readonly PlanNode[];
}

/** `undefined`: the role may not run it, and nothing that reads stands for it. */
async function explain(
  client: Client,
  statement: Explained,
  sizes: ReadonlyMap<string, number>,
): Promise<HotStatement | undefined> {
  const { name, sql, values, reads, instead } = statement;
  await client.query("SAVEPOINT statement");
  try {
    const { plan, ms } = await planOf(client, sql, values, reads);
    return { name, plan: describe(plan), scans: scansOf(plan, sizes), executionMs: ms };
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    // Explaining a write needs the right to write.
    if (code !== "42501") throw inWords(error);
    await client.query("ROLLBACK TO SAVEPOINT statement");
    if (instead === undefined) return undefined;
    const { plan } = await planOf(client, instead, values, false);
    return { name, plan: describe(plan), scans: scansOf(plan, sizes), executionMs: 0 };
  }
}

async function planOf(
  client: Client,
  sql: string,
  values: readonly (string | number)[],
  run: boolean,
): Promise<{ readonly plan: PlanNode; readonly ms: number }> {
  const { rows } = await client.query<{ "QUERY PLAN": readonly { Plan: PlanNode; "Execution Time"?: number }[] }>(
    `EXPLAIN (FORMAT JSON${run ? ", ANALYZE, TIMING OFF" : ""}) ${sql}`,
    [...values],
  );
  const found = rows[0]?.["QUERY PLAN"][0];
  if (found === undefined) throw new CapacityError("the database explained nothing");
  return { plan: found.Plan, ms: found["Execution Time"] ?? 0 };
}

function describe(node: PlanNode): string[] {
  const type = node.Operation === undefined || node["Node Type"] !== "ModifyTable" ? node["Node Type"] : node.Operation;
  const index = node["Index Name"] === undefined ? "" : ` using ${node["Index Name"]}`;
  const table = node["Relation Name"] === undefined ? "" : ` on ${node["Relation Name"]}`;
  return [`${type}${index}${table}`, ...(node.Plans ?? []).flatMap(describe)];
}

/** Big tables that are read from end to end: openly, or through an index that narrows nothing. */
function scansOf(node: PlanNode, sizes: ReadonlyMap<string, number>): string[] {
  const found = (node.Plans ?? []).flatMap((child) => scansOf(child, sizes));
  const table = node["Relation Name"];
  if (table === undefined) return [...new Set(found)];
  const big = (sizes.get(table) ?? 0) > BIG_ROWS;
  const whole =
    node["Node Type"] === "Seq Scan" ||
    (/^Index (Only )?Scan/.test(node["Node Type"]) && node["Index Cond"] === undefined);
  const inVain = (node["Rows Removed by Filter"] ?? 0) > BIG_ROWS;
  if ((big && whole) || inVain) found.push(table);
  return [...new Set(found)];
}
