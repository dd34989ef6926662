import type { Client } from "pg";
import type { Clock, Log } from "../domain/index.ts";
import type { Catalog } from "./capacity-catalog.ts";
import { CapacityError } from "./capacity-connection.ts";
import type { Connect } from "./capacity-connection.ts";
import type { Tag } from "./capacity-tag.ts";

/** What every piece of work on one database needs. */
export interface Scope {
  readonly connect: Connect;
  readonly catalog: Catalog;
  readonly app: string;
  readonly tenant: string;
  readonly tag: Tag;
  readonly clock: Clock;
  readonly log: Log;
}

/** Advisory locks: our half of the keys, and what each is for. Postgres keeps them apart by database. */
const LOCK_CLASS = 0x636f7265;
const RUNNING = 1;
const WRITING = 2;
const FAREWELL_MS = 2_000;
/** After a kill the server needs a moment to notice that our connection is gone. */
const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 250;

/** Runs `work` on a connection of its own. @throws what `work` throws */
export async function onConnection<T>(scope: Scope, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await scope.connect();
  try {
    return await work(client);
  } finally {
    await farewell(client, scope.clock);
  }
}

/** Ends a connection; a server that does not answer is not waited for. */
async function farewell(client: Client, clock: Clock): Promise<void> {
  const late = new AbortController();
  const timer = clock.after(FAREWELL_MS, () => late.abort());
  const waited = new Promise<void>((resolve) => late.signal.addEventListener("abort", () => resolve()));
  try {
    await Promise.race([client.end(), waited]);
  } finally {
    timer.clear();
  }
}

/**
 * Runs `work` while no other fill or clean of this database runs, and after the last transaction of an earlier one has ended: one
 * that was killed while it committed could otherwise add rows after they were counted.
 */
export async function exclusively<T>(
  scope: Scope,
  work: (client: Client, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  return onConnection(scope, async (client) => {
    const lost = new AbortController();
    client.once("error", () => lost.abort());
    await takeLock(client, scope);
    // Waits, as long as lock_timeout allows, for transactions that hold it shared.
    await client.query("select pg_advisory_lock($1, $2)", [LOCK_CLASS, WRITING]);
    await client.query("select pg_advisory_unlock($1, $2)", [LOCK_CLASS, WRITING]);
    return work(client, lost.signal);
  });
}

/** Begins a transaction that a later {@link exclusively} waits for. */
export async function begin(client: Client): Promise<void> {
  await client.query("BEGIN");
  await client.query("select pg_advisory_xact_lock_shared($1, $2)", [LOCK_CLASS, WRITING]);
}

async function takeLock(client: Client, scope: Scope): Promise<void> {
  for (let left = LOCK_TRIES; ; left--) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1, $2) as taken", [
      LOCK_CLASS,
      RUNNING,
    ]);
    if (rows[0]?.taken === true) return;
    if (left === 0) {
      throw new CapacityError("another fill or clean of this database is running: wait until it is done, or end it");
    }
    await new Promise<void>((resolve) => void scope.clock.after(LOCK_PAUSE_MS, resolve));
  }
}

/** @throws CapacityError when the role lacks `privilege` on one of `tables`, or the database takes no writes */
export async function mayWrite(
  client: Client,
  tables: readonly string[],
  privilege: "INSERT" | "DELETE",
): Promise<void> {
  const { rows } = await client.query<{ replica: boolean; readonly: boolean; lacking: string | null; role: string }>(
    `select pg_is_in_recovery() as replica, current_setting('transaction_read_only') = 'on' as readonly,
       current_user as role,
       (select string_agg(name, ', ') from unnest($1::text[]) name
        where not has_table_privilege(to_regclass(quote_ident(name)), $2)) as lacking`,
    [tables, privilege],
  );
  const found = rows[0];
  const instead = privilege === "INSERT" ? "; to only count what is there, leave filling out" : "";
  if (found?.replica === true)
    throw new CapacityError(`this database is a replica and takes no writes: take the primary's url${instead}`);
  if (found?.readonly === true)
    throw new CapacityError(`the role "${found.role}" may not write: its transactions are read-only${instead}`);
  if (found?.lacking !== null && found?.lacking !== undefined)
    throw new CapacityError(`the role "${found.role}" may not write (${privilege}) to ${found.lacking}${instead}`);
}

/**
 * `VACUUM (ANALYZE)` of these tables: plans are true at once, and the server's own vacuum has no reason to start in the
 * middle of a load test. @returns what is left for the owner to do, for people, or `undefined`
 */
export async function vacuum(client: Client, tables: readonly string[]): Promise<string | undefined> {
  const refused = new Set<string>();
  let current = "";
  // Who may not vacuum is told so by a warning, not by an error.
  const hear = (notice: { readonly severity: string | undefined }): void => {
    if (notice.severity === "WARNING") refused.add(current);
  };
  client.on("notice", hear);
  for (const table of tables) {
    current = table;
    await client.query(`VACUUM (ANALYZE) ${table}`).catch((error: unknown) => {
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
      // It took too long, or waited too long for a lock: advised, then.
      if (code !== "57014" && code !== "55P03") throw error;
      refused.add(table);
    });
  }
  client.off("notice", hear);
  if (refused.size === 0) return undefined;
  return `VACUUM is advised: have their owner run VACUUM (ANALYZE) ${[...refused].join(", ")}`;
}

/** Condition on the rows of a table of the app's, and the tenant's where the table knows tenants: $1 and $2. */
export function placed(scope: Scope, table: string): string {
  const hasTenant = scope.catalog.tables.get(table)?.some(({ name }) => name === "tenant_id") === true;
  return hasTenant ? "app_id = $1 and tenant_id = $2" : "app_id = $1 and $2::text is not null";
}
