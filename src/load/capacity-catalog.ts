import type { Client } from "pg";
import { CapacityError } from "./capacity-connection.ts";
import type { Connect } from "./capacity-connection.ts";

/** What the catalog says of one column. */
export interface Column {
  readonly name: string;
  /** It may be left out: it is nullable, or the database has a value for it. */
  readonly optional: boolean;
}

/** SuperTokens's tables as this database has them. */
export interface Catalog {
  /** Schema that is not on the role's search path, or `undefined` where names are found without. */
  readonly schema: string | undefined;
  /** Columns of each table that is there, in the table's order. */
  readonly tables: ReadonlyMap<string, readonly Column[]>;
}

/** Tables that hold users, those of other ways to sign in included: their sizes are the users' size. */
export const USER_TABLES: readonly string[] = [
  "app_id_to_user_id",
  "all_auth_recipe_users",
  "emailpassword_users",
  "emailpassword_user_to_tenant",
  "recipe_user_account_infos",
  "recipe_user_tenants",
  "primary_user_tenants",
  "user_last_active",
  "thirdparty_users",
  "thirdparty_user_to_tenant",
  "passwordless_users",
  "passwordless_user_to_tenant",
  "webauthn_users",
  "webauthn_user_to_tenant",
  "webauthn_credentials",
  "userid_mapping",
  "user_metadata",
  "user_roles",
];

/** Without these it is no database of SuperTokens. */
const NEEDED = ["session_info", "tenants", "key_value", "app_id_to_user_id", "emailpassword_users"];

/** Reads which tables and columns there are. @throws CapacityError when this is not SuperTokens's database */
export async function readCatalog(client: Client): Promise<Catalog> {
  const schema = await findSchema(client);
  if (schema !== undefined) await enterSchema(client, schema);
  const names = [...new Set([...NEEDED, ...USER_TABLES])];
  const { rows } = await client.query<{ table: string; name: string; optional: boolean }>(
    `select c.relname as "table", a.attname as name,
       not a.attnotnull or a.atthasdef or a.attidentity <> '' as optional
     from unnest($1::text[]) wanted(name)
     join pg_class c on c.oid = to_regclass(quote_ident(wanted.name)) and c.relkind in ('r', 'p')
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     order by c.relname, a.attnum`,
    [names],
  );
  const tables = new Map<string, Column[]>();
  for (const { table, name, optional } of rows) {
    const columns = tables.get(table) ?? [];
    columns.push({ name, optional });
    tables.set(table, columns);
  }
  const missing = NEEDED.find((name) => !tables.has(name));
  if (missing !== undefined) throw notThere(missing);
  if (tables.get("session_info")?.some(({ name }) => name === "app_id") !== true)
    throw new CapacityError(
      "session_info has no column app_id: the cores are older than SuperTokens 5: update them first",
    );
  return { schema, tables };
}

/** Connections that find the tables by their names. */
export function inSchema(connect: Connect, catalog: Catalog): Connect {
  return async () => {
    const client = await connect();
    if (catalog.schema !== undefined) await enterSchema(client, catalog.schema);
    return client;
  };
}

async function enterSchema(client: Client, schema: string): Promise<void> {
  await client.query("select set_config('search_path', quote_ident($1), false)", [schema]);
}

async function findSchema(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ schema: string; visible: boolean }>(
    `select n.nspname as schema, pg_table_is_visible(c.oid) as visible
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relname = 'session_info' and c.relkind in ('r', 'p') order by visible desc, schema limit 3`,
  );
  const [first, second] = rows;
  if (first === undefined) throw notThere("session_info");
  if (first.visible) return undefined;
  if (second !== undefined) {
    throw new CapacityError(
      `session_info is in the schemas ${first.schema} and ${second.schema}: say which in the url, ?options=-csearch_path%3D${first.schema}`,
    );
  }
  return first.schema;
}

function notThere(table: string): CapacityError {
  return new CapacityError(
    `this is not SuperTokens's database: there is no table ${table} (tables with a prefix to their names are not known)`,
  );
}
