import type { PoolClient } from "pg";
import { makeKeys } from "./core-keys.ts";
import { BASE_TENANT } from "./core-options.ts";
import type { CoreTenant, DatabaseWaits } from "./core-options.ts";
import { CorePool } from "./core-pool.ts";
import { CORE_SCHEMA } from "./core-schema.ts";
import { DatabaseUnavailable } from "./core-storage.ts";
import type { CoreStorage, SessionChange, SessionRow, SharedKeys, StoredKey, UserRow } from "./core-storage.ts";

/** Serialises the start of several cores on an empty database. */
const START_LOCK = 3567;
/** Exchanged refresh tokens that a session remembers. */
const SUPERSEDED_KEPT = 20;

/** Storage over a real Postgres with the schema of {@link CORE_SCHEMA}. */
export class PostgresStorage implements CoreStorage {
  readonly #pool: CorePool;
  readonly #waits: DatabaseWaits;

  constructor(url: string, poolSize: number, waits: DatabaseWaits) {
    this.#pool = new CorePool(url, poolSize, waits);
    this.#waits = waits;
  }

  async open(tenants: readonly CoreTenant[], signal: AbortSignal): Promise<SharedKeys> {
    for (;;) {
      try {
        await this.#pool.open();
        return await this.#pool.transaction((client) => prepare(client, tenants));
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
        await pause(this.#waits.retryMs, signal);
        signal.throwIfAborted();
      }
    }
  }

  async hello(app: string): Promise<void> {
    await this.#pool.run((c) =>
      c.query("select value from key_value where app_id = $1 and tenant_id = 'public' and name = 'Test'", [app]),
    );
  }

  async tenants(): Promise<readonly CoreTenant[]> {
    const { rows } = await this.#pool.run((c) =>
      c.query<CoreTenant>(
        "select connection_uri_domain as domain, app_id as app, tenant_id as tenant from tenant_configs",
      ),
    );
    return rows;
  }

  async createSession(row: SessionRow): Promise<void> {
    await this.#pool.run(async (c) => {
      await c.query("select 1 from tenants where app_id = $1 and tenant_id = $2", [row.app, row.tenant]);
      await c.query("select primary_or_recipe_user_id from app_id_to_user_id where app_id = $1 and user_id = $2", [
        row.app,
        row.userId,
      ]);
      await c.query(
        `insert into session_info (app_id, tenant_id, session_handle, user_id, refresh_token_hash_2, session_data,
           expires_at, created_at_time, jwt_user_payload, use_static_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          row.app,
          row.tenant,
          row.handle,
          row.userId,
          row.refreshTokenHash2,
          row.data,
          row.expiresAt,
          row.createdAt,
          row.payload,
          row.staticKey,
        ],
      );
      await c.query(
        `insert into user_last_active (app_id, user_id, last_active_time) values ($1, $2, $3)
         on conflict (app_id, user_id) do update set last_active_time = excluded.last_active_time`,
        [row.app, row.userId, row.createdAt],
      );
    });
  }

  session(app: string, tenant: string, handle: string): Promise<SessionRow | undefined> {
    return this.#pool.run((c) => readSession(c, app, tenant, handle, ""));
  }

  changeSession<T>(
    app: string,
    tenant: string,
    handle: string,
    decide: (row: SessionRow | undefined) => { result: T; change: SessionChange },
  ): Promise<T> {
    return this.#pool.transaction(async (c) => {
      const { result, change } = decide(await readSession(c, app, tenant, handle, " for update"));
      if (change !== undefined && "remove" in change) {
        await c.query("delete from session_info where app_id = $1 and tenant_id = $2 and session_handle = $3", [
          app,
          tenant,
          handle,
        ]);
      } else if (change !== undefined) {
        const { refreshTokenHash2, expiresAt, superseded } = change.keep;
        await c.query(
          `update session_info set refresh_token_hash_2 = $4, expires_at = $5, superseded_tokens = $6
           where app_id = $1 and tenant_id = $2 and session_handle = $3`,
          [app, tenant, handle, refreshTokenHash2, expiresAt, JSON.stringify(superseded.slice(-SUPERSEDED_KEPT))],
        );
      }
      return result;
    });
  }

  async sessionsOfUser(app: string, tenant: string, userId: string): Promise<string[]> {
    const { rows } = await this.#pool.run((c) =>
      c.query<{ session_handle: string }>(
        "select session_handle from session_info where app_id = $1 and tenant_id = $2 and user_id = $3",
        [app, tenant, userId],
      ),
    );
    return rows.map((row) => row.session_handle);
  }

  async removeSessions(app: string, tenant: string, handles: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.run((c) =>
      c.query<{ session_handle: string }>(
        `delete from session_info where app_id = $1 and tenant_id = $2 and session_handle = any($3)
         returning session_handle`,
        [app, tenant, handles],
      ),
    );
    return rows.map((row) => row.session_handle);
  }

  addUser(app: string, tenant: string, user: UserRow): Promise<boolean> {
    return this.#pool.transaction(async (c) => {
      const taken = await c.query(
        "select 1 from emailpassword_user_to_tenant where app_id = $1 and tenant_id = $2 and email = $3",
        [app, tenant, user.email],
      );
      if (taken.rowCount !== 0) return false;
      await c.query(
        `insert into app_id_to_user_id (app_id, user_id, recipe_id, primary_or_recipe_user_id)
         values ($1, $2, 'emailpassword', $2)`,
        [app, user.id],
      );
      await c.query(
        `insert into all_auth_recipe_users (app_id, tenant_id, user_id, primary_or_recipe_user_id, recipe_id,
           time_joined, primary_or_recipe_user_time_joined) values ($1, $2, $3, $3, 'emailpassword', $4, $4)`,
        [app, tenant, user.id, user.joinedAt],
      );
      await c.query(
        `insert into emailpassword_users (app_id, user_id, email, password_hash, time_joined)
         values ($1, $2, $3, $4, $5)`,
        [app, user.id, user.email, user.passwordHash, user.joinedAt],
      );
      const added = await c.query(
        `insert into emailpassword_user_to_tenant (app_id, tenant_id, user_id, email) values ($1, $2, $3, $4)
         on conflict do nothing`,
        [app, tenant, user.id, user.email],
      );
      if (added.rowCount === 1) return true;
      // Another caller took the address in between: leave nothing of this user.
      await c.query("delete from app_id_to_user_id where app_id = $1 and user_id = $2", [app, user.id]);
      return false;
    });
  }

  async userByEmail(app: string, tenant: string, email: string): Promise<UserRow | undefined> {
    const { rows } = await this.#pool.run((c) =>
      c.query<{ user_id: string; email: string; password_hash: string; time_joined: string }>(
        `select u.user_id, u.email, u.password_hash, u.time_joined from emailpassword_user_to_tenant t
         join emailpassword_users u using (app_id, user_id)
         where t.app_id = $1 and t.tenant_id = $2 and t.email = $3`,
        [app, tenant, email],
      ),
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    return { id: row.user_id, email: row.email, passwordHash: row.password_hash, joinedAt: Number(row.time_joined) };
  }

  async countUsers(app: string): Promise<number> {
    const { rows } = await this.#pool.run((c) =>
      c.query<{ count: string }>(
        "select count(distinct primary_or_recipe_user_id) as count from app_id_to_user_id where app_id = $1",
        [app],
      ),
    );
    return Number(rows[0]?.count ?? 0);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Makes the schema, the tenants and, where there are none, the keys; gives the keys. */
async function prepare(client: PoolClient, tenants: readonly CoreTenant[]): Promise<SharedKeys> {
  await client.query("select pg_advisory_xact_lock($1)", [START_LOCK]);
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('user_last_active') is not null as there",
  );
  if (rows[0]?.there !== true) await client.query(CORE_SCHEMA);
  const now = Date.now();
  for (const { domain, app, tenant } of [BASE_TENANT, ...tenants]) {
    await client.query("insert into apps values ($1, $2) on conflict do nothing", [app, now]);
    for (const id of new Set(["public", tenant])) {
      await client.query("insert into tenants values ($1, $2, $3) on conflict do nothing", [app, id, now]);
    }
    await client.query("insert into tenant_configs values ($1, $2, $3, '{}') on conflict do nothing", [
      domain,
      app,
      tenant,
    ]);
  }
  const stored = await readKeys(client);
  if (stored !== undefined) return stored;
  const made = await makeKeys();
  for (const key of made.signing) {
    await client.query("insert into jwt_signing_keys values ('public', $1, $2, 'RS256', $3)", [key.kid, key.pem, now]);
  }
  await client.query("insert into key_value values ('public', 'public', 'refresh_token_key', $1, $2)", [
    made.refresh,
    now,
  ]);
  return made;
}

async function readKeys(client: PoolClient): Promise<SharedKeys | undefined> {
  const refresh = await client.query<{ value: string }>(
    "select value from key_value where app_id = 'public' and tenant_id = 'public' and name = 'refresh_token_key'",
  );
  const signing = await client.query<{ key_id: string; key_string: string }>(
    "select key_id, key_string from jwt_signing_keys where app_id = 'public' order by key_id desc",
  );
  if (refresh.rows[0] === undefined) return undefined;
  const use = (kid: string): StoredKey["use"] => (kid.startsWith("s-") ? "static" : "dynamic");
  return {
    signing: signing.rows.map((row) => ({ kid: row.key_id, pem: row.key_string, use: use(row.key_id) })),
    refresh: refresh.rows[0].value,
  };
}

interface SessionColumns {
  readonly user_id: string;
  readonly refresh_token_hash_2: string;
  readonly session_data: string | null;
  readonly expires_at: string;
  readonly created_at_time: string;
  readonly jwt_user_payload: string | null;
  readonly use_static_key: boolean;
  readonly superseded_tokens: string | null;
}

async function readSession(
  client: PoolClient,
  app: string,
  tenant: string,
  handle: string,
  lock: "" | " for update",
): Promise<SessionRow | undefined> {
  const { rows } = await client.query<SessionColumns>(
    `select user_id, refresh_token_hash_2, session_data, expires_at, created_at_time, jwt_user_payload, use_static_key,
       superseded_tokens from session_info where app_id = $1 and tenant_id = $2 and session_handle = $3${lock}`,
    [app, tenant, handle],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const superseded: SessionRow["superseded"] = JSON.parse(row.superseded_tokens ?? "[]");
  return {
    app,
    tenant,
    handle,
    userId: row.user_id,
    refreshTokenHash2: row.refresh_token_hash_2,
    data: row.session_data ?? "{}",
    payload: row.jwt_user_payload ?? "{}",
    expiresAt: Number(row.expires_at),
    createdAt: Number(row.created_at_time),
    staticKey: row.use_static_key,
    superseded,
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
