import type { Client } from "pg";
import { CapacityError } from "./capacity-connection.ts";
import { begin, exclusively, mayWrite, placed, vacuum } from "./capacity-scope.ts";
import type { Scope } from "./capacity-scope.ts";
import { range } from "./capacity-tag.ts";

const SESSIONS_AT_ONCE = 20_000;
const USERS_AT_ONCE = 5_000;

/** Where a user's rows are, those that refer to others first, and by which column. */
const USER_ROWS: readonly (readonly [table: string, column: string])[] = [
  ["user_last_active", "user_id"],
  ["recipe_user_tenants", "recipe_user_id"],
  ["recipe_user_account_infos", "recipe_user_id"],
  ["emailpassword_user_to_tenant", "user_id"],
  ["emailpassword_users", "user_id"],
  ["all_auth_recipe_users", "user_id"],
  ["app_id_to_user_id", "user_id"],
];

/**
 * Removes what bears the tag, in order of the key and a batch a transaction, so that dead entries of the index are not
 * walked over again. What cores added to users of ours goes with them where it refers to them.
 */
export function clean(
  scope: Scope,
  onProgress: (removed: number) => void,
  signal: AbortSignal,
): Promise<{ sessions: number; users: number; advice: string }> {
  return exclusively(scope, async (client, lost) => {
    const userRows = USER_ROWS.filter(([table]) => scope.catalog.tables.has(table));
    const tables = ["session_info", ...userRows.map(([table]) => table)];
    await mayWrite(client, tables, "DELETE");
    const stop = AbortSignal.any([signal, lost]);
    let removed = 0;
    const told = (rows: number): void => onProgress((removed += rows));
    const sessionKey = { table: "session_info", column: "session_handle" };
    const userKey = { table: "app_id_to_user_id", column: "user_id" };
    const sessions = await batches(
      client,
      scope,
      sessionKey,
      SESSIONS_AT_ONCE,
      [["session_info", "session_handle"]],
      told,
      stop,
    );
    const users = await batches(client, scope, userKey, USERS_AT_ONCE, userRows, told, stop);
    if (removed === 0) return { sessions, users, advice: "there was nothing to remove" };
    const advice = await vacuum(client, tables);
    const done =
      "their tables were vacuumed: the space is free for new rows (only VACUUM FULL gives it back to the disk)";
    return { sessions, users, advice: advice ?? done };
  });
}

interface Key {
  readonly table: string;
  readonly column: string;
}

/** Walks over the tag's range of `key`; gives how many rows of its table were removed. */
async function batches(
  client: Client,
  scope: Scope,
  key: Key,
  size: number,
  from: readonly (readonly [table: string, column: string])[],
  told: (rows: number) => void,
  stop: AbortSignal,
): Promise<number> {
  const { low, high } = range(scope.tag);
  let removed = 0;
  let after = low;
  for (;;) {
    if (stop.aborted) {
      throw new CapacityError(
        "the clean was interrupted: what it removed is gone, the rest bears its tag; run it again to go on",
      );
    }
    const { rows } = await client.query<{ id: string }>(
      `select ${key.column} as id from ${key.table} where ${placed(scope, key.table)}
         and ${key.column} >= $3 and ${key.column} <= $4 order by ${key.column} offset $5 limit 1`,
      [scope.app, scope.tenant, after, high, size - 1],
    );
    const bound = rows[0]?.id;
    await begin(client);
    let batch = 0;
    for (const [table, column] of from) {
      const result = await client.query(
        `delete from ${table} where ${placed(scope, table)} and ${column} >= $3 and ${column} <= $4
           and starts_with(${column}::text, $5)`,
        [scope.app, scope.tenant, after, bound ?? high, scope.tag.prefix],
      );
      if (table === key.table) batch = result.rowCount ?? 0;
    }
    await client.query("COMMIT");
    removed += batch;
    told(batch);
    if (bound === undefined) return removed;
    after = bound;
  }
}
