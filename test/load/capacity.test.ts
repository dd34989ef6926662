import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CapacityDatabase } from "../../src/domain/index.ts";
import { refreshToken } from "../../src/load/capacity-rows.ts";
import { startCore } from "../../src/sandbox/core.ts";
import { TABLES, inhabitedDatabase, never, quiet, want } from "./capacity-support.ts";
import type { Inhabited } from "./capacity-support.ts";

let database: Inhabited;
let capacity: CapacityDatabase;

beforeEach(async () => {
  database = await inhabitedDatabase();
  capacity = await database.open();
});

afterEach(async () => {
  await capacity?.close();
  await database?.drop();
});

const sha256hex = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("filling", () => {
  it("adds what is missing to the wanted numbers, rows of others counted", async () => {
    const before = await capacity.look("before", never);
    expect([before.moment, before.sessions, before.users]).toEqual(["before", 2, 2]);
    const progress: [number, number][] = [];
    const facts = await capacity.fill(want(5_000, 4_000), (...p) => progress.push(p), never);
    expect(facts).toMatchObject({ sessions: 4_998, users: 3_998, resumed: 0 });
    expect(progress[0]).toEqual([0, 8_996]);
    expect(progress.at(-1)).toEqual([8_996, 8_996]);
    const after = await capacity.look("filled", never);
    expect([after.moment, after.sessions, after.users]).toEqual(["filled", 5_000, 4_000]);
    expect(after.sessionBytes).toBeGreaterThan(before.sessionBytes + 1_000_000);
    expect(after.userBytes).toBeGreaterThan(before.userBytes + 1_000_000);
    expect(after.databaseBytes).toBeGreaterThan(after.sessionBytes + after.userBytes);
    expect(after.maxConnections).toBe(150);
  });

  it("adds nothing where enough is there, and more to what an earlier fill left", async () => {
    await capacity.fill(want(100, 100), quiet, never);
    const again = await capacity.fill(want(100, 50), quiet, never);
    expect(again).toMatchObject({ sessions: 0, users: 0, resumed: 196 });
    const more = await capacity.fill(want(300, 200), quiet, never);
    expect(more).toMatchObject({ sessions: 200, users: 100 });
    expect(await database.counts()).toEqual([300, 200]);
  });

  it("makes sessions that are valid: future expiry, parseable JSON, and the double hash of a token that can be derived", async () => {
    await capacity.fill(want(52, 22, 99), quiet, never);
    const { rows } = await database.client.query(
      "select * from session_info where session_handle like 'c04e3a7c-%' order by created_at_time",
    );
    expect(rows).toHaveLength(50);
    const users = new Set<string>();
    for (const row of rows) {
      const { corewatch } = JSON.parse(row.session_data);
      const token = refreshToken(corewatch.seed, corewatch.run, Number(corewatch.index));
      expect(row.refresh_token_hash_2).toBe(sha256hex(sha256hex(token)));
      expect(JSON.parse(row.jwt_user_payload)).toBeTypeOf("object");
      expect(Number(row.expires_at)).toBeGreaterThan(Date.now() + 30 * 86_400_000);
      expect(Number(row.created_at_time)).toBeLessThanOrEqual(Date.now());
      expect(row.session_handle).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8\d{3}-8\d{3}-\d{12}$/);
      users.add(row.user_id);
    }
    // 50 sessions of 20 users, each of whom is there.
    const known = await database.client.query("select 1 from app_id_to_user_id where user_id = any($1)", [[...users]]);
    expect([users.size, known.rowCount]).toEqual([20, 20]);
  });

  it("makes users whole: a row in every table that a user is in, and an address that reaches nobody", async () => {
    await capacity.fill(want(0, 1_500), quiet, never);
    for (const table of TABLES.slice(1)) {
      const { rows } = await database.client.query(`select count(distinct user_id)::int as users from ${table}`);
      expect([table, rows[0].users]).toEqual([table, 1_500]);
    }
    const { rows } = await database.client.query(
      `select t.email, u.email as same, u.password_hash from emailpassword_users u join emailpassword_user_to_tenant t using (user_id)
       where t.email like 'corewatch-%'`,
    );
    expect(rows).toHaveLength(1_498);
    expect(rows.every((row) => row.email === row.same && row.email.endsWith(".invalid"))).toBe(true);
    expect(new Set(rows.map((row) => row.password_hash)).size).toBe(1_498);
    expect(rows[0].password_hash).toMatch(/^\$2a\$11\$[./A-Za-z0-9]{53}$/);
  });

  it("fills the tables that core 12 adds, and cleans them", async () => {
    await database.client.query(`
      alter table app_id_to_user_id add time_joined bigint not null default 0;
      create table recipe_user_account_infos (app_id varchar(64) not null, recipe_user_id char(36) not null,
        recipe_id varchar(128) not null, account_info_type varchar(8) not null, account_info_value text not null,
        third_party_id varchar(28), third_party_user_id varchar(256), primary_user_id char(36),
        primary key (app_id, recipe_id, recipe_user_id, account_info_type, third_party_id, third_party_user_id));
      create table recipe_user_tenants (app_id varchar(64) not null, recipe_user_id char(36) not null,
        tenant_id varchar(64) not null, recipe_id varchar(128) not null, account_info_type varchar(8) not null,
        account_info_value text not null, third_party_id varchar(28), third_party_user_id varchar(256),
        primary key (app_id, tenant_id, recipe_id, account_info_type, third_party_id, third_party_user_id, account_info_value),
        foreign key (app_id, tenant_id) references tenants on delete cascade)`);
    const fresh = await database.open();
    await fresh.fill(want(0, 22), quiet, never);
    const { rows } = await database.client.query(
      `select count(*)::int as count, min(a.time_joined)::float8 as joined from recipe_user_tenants t
       join recipe_user_account_infos i using (app_id, recipe_user_id, account_info_value)
       join app_id_to_user_id a on a.user_id = t.recipe_user_id
       join emailpassword_users u on u.user_id = t.recipe_user_id and u.email = t.account_info_value`,
    );
    expect(rows[0].count).toBe(20);
    expect(rows[0].joined).toBeGreaterThan(0);
    const names = (await fresh.look("filled", never)).statements.map(({ name }) => name);
    expect(names).toContain("user by e-mail (sign-in, tables of core 12)");
    expect(await fresh.clean(quiet, never)).toMatchObject({ users: 20 });
    const left = await database.client.query(
      "select (select count(*) from recipe_user_tenants)::int as a, (select count(*) from recipe_user_account_infos)::int as b",
    );
    expect(left.rows[0]).toEqual({ a: 0, b: 0 });
    await fresh.close();
  });

  it("keeps the tags of two tenants apart, and ends handles with the tenant as cores do", async () => {
    const blue = await database.open({ tenant: "blue" });
    await capacity.fill(want(102, 0), quiet, never);
    await blue.fill(want(152, 0), quiet, never);
    const { rows } = await database.client.query(
      "select count(*)::int as count from session_info where tenant_id = 'blue' and session_handle like '%_blue'",
    );
    expect(rows[0].count).toBe(50);
    expect(await capacity.clean(quiet, never)).toMatchObject({ sessions: 100 });
    expect(await blue.clean(quiet, never)).toMatchObject({ sessions: 50 });
    expect((await database.counts())[0]).toBe(2);
    await blue.close();
  });
});

describe("a core over a filled database", () => {
  it("answers for a filled session, finds it by its user, and creates, verifies and refreshes beside it", async () => {
    await capacity.fill(want(502, 102, 5), quiet, never);
    const core = await startCore({ id: "a", host: "127.0.0.1", port: 0, databaseUrl: database.url, poolSize: 2 });
    const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
      const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      return (await (await fetch(`${core.url}${path}`, init)).json()) as Record<string, unknown>;
    };
    try {
      const { rows } = await database.client.query(
        "select session_handle as handle, user_id as user from session_info where session_handle like 'c04e3a7c-%' limit 1",
      );
      const { handle, user } = rows[0];
      expect(await ask(`/recipe/session?sessionHandle=${handle}`)).toMatchObject({ status: "OK", userId: user });
      const listed = await ask(`/recipe/session/user?userId=${user}`);
      expect(listed["sessionHandles"]).toContain(handle);
      const made = await ask("/recipe/session", {
        userId: user,
        enableAntiCsrf: false,
        userDataInJWT: {},
        userDataInDatabase: {},
      });
      const verified = await ask("/recipe/session/verify", {
        accessToken: (made["accessToken"] as { token: string }).token,
        enableAntiCsrf: false,
        doAntiCsrfCheck: false,
        checkDatabase: true,
      });
      expect(verified).toMatchObject({ status: "OK" });
      const refreshed = await ask("/recipe/session/refresh", {
        refreshToken: (made["refreshToken"] as { token: string }).token,
        enableAntiCsrf: false,
      });
      expect(refreshed).toMatchObject({ status: "OK" });
      expect(await ask("/recipe/session/remove", { sessionHandles: [handle] })).toMatchObject({
        sessionHandlesRevoked: [handle],
      });
    } finally {
      await core.stop();
    }
  });
});
