import { Client } from "pg";
import { Secret } from "../../src/domain/index.ts";
import type { CapacityDatabase, Clock } from "../../src/domain/index.ts";
import { openCapacityDatabase } from "../../src/load/capacity.ts";
import type { CapacityOptions } from "../../src/load/capacity.ts";
import { CORE_SCHEMA } from "../../src/sandbox/core-schema.ts";
import { systemClock } from "../../src/system/clock.ts";
import { quietLog } from "../fakes/log.ts";
import { createDatabase } from "../support/database.ts";

/** Tables of the schema in which a row of ours can be. */
export const TABLES = [
  "session_info",
  "app_id_to_user_id",
  "all_auth_recipe_users",
  "emailpassword_users",
  "emailpassword_user_to_tenant",
  "user_last_active",
];

/** A database as cores leave it, with two sessions and two users of its own. */
export interface Inhabited {
  readonly url: string;
  readonly client: Client;
  open(options?: Partial<CapacityOptions>): Promise<CapacityDatabase>;
  counts(): Promise<number[]>;
  /** Every row of every table, as text. */
  everything(): Promise<string[]>;
  drop(): Promise<void>;
}

const OWN_USERS = ["6b0d5bd0-7a52-4a8a-9d5b-4a8d0c1f8a01", "f1f1a2f0-11f1-4e9b-8c1d-0d2b8f3c9e02"];

export async function inhabitedDatabase(): Promise<Inhabited> {
  const database = await createDatabase();
  const client = new Client(database.url);
  client.on("error", () => undefined);
  await client.connect();
  await client.query(CORE_SCHEMA);
  await client.query("insert into apps values ('public', 1)");
  await client.query("insert into tenants values ('public', 'public', 1), ('public', 'blue', 1)");
  for (const [index, user] of OWN_USERS.entries()) {
    const email = `real-${index}@example.com`;
    await client.query("insert into app_id_to_user_id values ('public', $1, 'emailpassword', $1)", [user]);
    await client.query(
      "insert into all_auth_recipe_users values ('public', 'public', $1, $1, false, 'emailpassword', 1, 1)",
      [user],
    );
    await client.query("insert into emailpassword_users values ('public', $1, $2, 'hash', 1)", [user, email]);
    await client.query("insert into emailpassword_user_to_tenant values ('public', 'public', $1, $2)", [user, email]);
    await client.query("insert into user_last_active values ('public', $1, 1)", [user]);
    await client.query(
      "insert into session_info values ('public', 'public', gen_random_uuid()::text, $1, 'x', '{}', 1, 1, '{}', false)",
      [user],
    );
  }
  return {
    url: database.url,
    client,
    open: (options = {}) =>
      openCapacityDatabase(new Secret(database.url), { clock: systemClock, log: quietLog(), ...options }),
    async counts() {
      const { rows } = await client.query<Record<string, number>>(
        `select (select count(*) from session_info)::int, (select count(*) from app_id_to_user_id)::int as users`,
      );
      const [row = {}] = rows;
      return Object.values(row);
    },
    async everything() {
      const texts: string[] = [];
      for (const table of [...TABLES, "apps", "tenants", "key_value"]) {
        const { rows } = await client.query<{ line: string }>(`select row::text as line from ${table} row order by 1`);
        texts.push(...rows.map(({ line }) => `${table} ${line}`));
      }
      return texts;
    },
    async drop() {
      await client.end();
      await database.drop();
    },
  };
}

/** Time that passes as soon as it is waited for. */
export const impatientClock: Clock = {
  ...systemClock,
  after(_ms, fn) {
    const handle = setImmediate(fn);
    return { clear: () => clearImmediate(handle) };
  },
};

export const never = new AbortController().signal;
export const quiet = (): void => undefined;

/** What to fill. */
export const want = (sessions: number, users: number, seed = 1) => ({ sessions, users, seed });
