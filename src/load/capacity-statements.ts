import type { Catalog } from "./capacity-catalog.ts";

/** Rows that are there, so that statements are explained with values that find something. */
export interface Sample {
  readonly app: string;
  readonly tenant: string;
  readonly handle: string;
  readonly userId: string;
  readonly email: string;
  /** Epoch ms. */
  readonly now: number;
}

/** A statement that cores run often, with values. */
export interface Explained {
  readonly name: string;
  readonly sql: string;
  readonly values: readonly (string | number)[];
  /** It only reads, so it may be run, and timed. */
  readonly reads: boolean;
  /** Reads the same rows: explained in its stead where the role may not write. */
  readonly instead?: string;
}

/** What cores run: with every verify against the database, refresh, sign-in, new session and health check, and once in a while. */
export function hotStatements(catalog: Catalog, sample: Sample): Explained[] {
  const { app, tenant, handle, userId, email, now } = sample;
  const session = "from session_info where app_id = $1 and tenant_id = $2 and session_handle = $3";
  const key = [app, tenant, handle];
  const found: Explained[] = [
    {
      name: "session by handle (verify with checkDatabase)",
      sql: `select user_id, refresh_token_hash_2, session_data, expires_at, created_at_time, jwt_user_payload ${session}`,
      values: key,
      reads: true,
    },
    {
      name: "session for update (refresh)",
      sql: `select refresh_token_hash_2, expires_at ${session} for update`,
      values: key,
      reads: false,
      instead: `select refresh_token_hash_2, expires_at ${session}`,
    },
    {
      name: "new refresh token (refresh)",
      sql: `update session_info set refresh_token_hash_2 = repeat('0', 64), expires_at = expires_at
            where app_id = $1 and tenant_id = $2 and session_handle = $3`,
      values: key,
      reads: false,
      instead: `select 1 ${session}`,
    },
    {
      name: "sessions of a user",
      sql: "select session_handle from session_info where app_id = $1 and tenant_id = $2 and user_id = $3",
      values: [app, tenant, userId],
      reads: true,
    },
    {
      name: "new session",
      sql: `insert into session_info (app_id, tenant_id, session_handle, user_id, refresh_token_hash_2, expires_at, created_at_time)
            values ($1, $2, $3, $4, repeat('0', 64), $5, $5)`,
      values: [app, tenant, handle, userId, now],
      reads: false,
    },
    {
      name: "expired sessions (every 12 hours)",
      sql: "delete from session_info where expires_at <= $1",
      values: [now],
      reads: false,
      instead: "select 1 from session_info where expires_at <= $1",
    },
    {
      name: "hello",
      sql: "select value, created_at_time from key_value where app_id = $1 and tenant_id = $2 and name = $3",
      values: [app, tenant, "Test"],
      reads: true,
    },
  ];
  if (catalog.tables.has("user_last_active")) {
    found.push({
      name: "last active",
      sql: `insert into user_last_active (app_id, user_id, last_active_time) values ($1, $2, $3)
            on conflict (app_id, user_id) do update set last_active_time = excluded.last_active_time`,
      values: [app, userId, now],
      reads: false,
    });
  }
  if (catalog.tables.has("emailpassword_user_to_tenant")) {
    found.push({
      name: "user by e-mail (sign-in)",
      sql: `select u.user_id, u.password_hash, u.time_joined from emailpassword_user_to_tenant t
            join emailpassword_users u on u.app_id = t.app_id and u.user_id = t.user_id
            where t.app_id = $1 and t.tenant_id = $2 and t.email = $3`,
      values: [app, tenant, email],
      reads: true,
    });
  }
  if (catalog.tables.has("recipe_user_tenants")) {
    found.push({
      name: "user by e-mail (sign-in, tables of core 12)",
      sql: `select u.user_id, u.password_hash, u.time_joined from recipe_user_tenants t
            join emailpassword_users u on u.app_id = t.app_id and u.user_id = t.recipe_user_id
            where t.app_id = $1 and t.tenant_id = $2 and t.account_info_type = 'email' and t.account_info_value = $3`,
      values: [app, tenant, email],
      reads: true,
    });
  }
  return found;
}
