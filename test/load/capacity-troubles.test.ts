import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/domain/index.ts";
import type { CapacityDatabase } from "../../src/domain/index.ts";
import { openCapacityDatabase } from "../../src/load/capacity.ts";
import { systemClock } from "../../src/system/clock.ts";
import { quietLog } from "../fakes/log.ts";
import { createDatabase } from "../support/database.ts";
import { impatientClock, inhabitedDatabase, never, quiet, want } from "./capacity-support.ts";
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

/** Kills a child that fills or cleans with SIGKILL as soon as `enough` rows are done. */
async function killAt(enough: number, args: readonly string[]): Promise<void> {
  const entry = fileURLToPath(new URL("capacity-child.ts", import.meta.url));
  const child = spawn(process.execPath, [entry, database.url, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => void child.once("exit", resolve));
  for await (const line of createInterface(child.stdout)) {
    if (Number(line) >= enough) child.kill("SIGKILL");
  }
  await exited;
  expect(child.signalCode).toBe("SIGKILL");
}

describe("a process that is killed", () => {
  it("in the middle of filling sessions leaves what the next fill goes on with; clean removes exactly ours", async () => {
    const before = await database.everything();
    await killAt(50_000, ["fill", "120000", "0"]);
    const [between = 0] = await database.counts();
    expect(between).toBeGreaterThanOrEqual(50_000);
    expect(between).toBeLessThan(120_000);
    const facts = await capacity.fill(want(120_000, 0, 7), quiet, never);
    expect(facts).toMatchObject({ sessions: 120_000 - between, resumed: between - 2 });
    expect(await database.counts()).toEqual([120_000, 2]);

    await killAt(20_000, ["clean"]);
    const [rest = 0] = await database.counts();
    expect(rest).toBeLessThan(120_000);
    const cleaned = await capacity.clean(quiet, never);
    expect(cleaned.sessions).toBe(rest - 2);
    expect(cleaned.advice).toContain("vacuumed");
    expect(await database.everything()).toEqual(before);
  }, 60_000);

  it("in the middle of filling users leaves no half user", async () => {
    const before = await database.everything();
    await killAt(500, ["fill", "0", "12000"]);
    const [, between = 0] = await database.counts();
    expect(between).toBeGreaterThanOrEqual(500);
    expect(between).toBeLessThan(12_000);
    const whole = await database.client.query(
      `select 1 from app_id_to_user_id join all_auth_recipe_users using (user_id) join emailpassword_users using (user_id)
       join emailpassword_user_to_tenant using (user_id) join user_last_active using (user_id)`,
    );
    expect(whole.rowCount).toBe(between);
    await capacity.fill(want(0, 12_000, 7), quiet, never);
    expect(await database.counts()).toEqual([2, 12_000]);
    await killAt(5_000, ["clean"]);
    await capacity.clean(quiet, never);
    expect(await database.everything()).toEqual(before);
  }, 60_000);
});

describe("what cannot be done is said in a sentence", () => {
  it("a second fill or clean at the same time is refused", async () => {
    const hasty = await database.open({ clock: impatientClock });
    let second: Promise<unknown> | undefined;
    let third: Promise<unknown> | undefined;
    await capacity.fill(
      want(60_000, 0),
      () => {
        second ??= hasty.fill(want(60_000, 0), quiet, never).catch((error: Error) => error.message);
        third ??= hasty.clean(quiet, never).catch((error: Error) => error.message);
      },
      never,
    );
    expect(await second).toMatch(/another fill or clean of this database is running/);
    expect(await third).toMatch(/another fill or clean of this database is running/);
    expect((await database.counts())[0]).toBe(60_000);
    await hasty.close();
  });

  it("a new column that must be filled stops everything, by its name; others are left to the database", async () => {
    await database.client.query("alter table session_info add newer text, add level int not null default 3");
    const open = await database.open();
    await open.fill(want(12, 12), quiet, never);
    const { rows } = await database.client.query(
      "select newer, level from session_info where session_handle like 'c04e%' limit 1",
    );
    expect(rows[0]).toEqual({ newer: null, level: 3 });
    await database.client.query(
      "alter table emailpassword_users add pepper text not null default ''; alter table emailpassword_users alter pepper drop default",
    );
    const again = await database.open();
    await expect(again.fill(want(100, 100), quiet, never)).rejects.toThrow(
      /emailpassword_users\.pepper must be filled.*nothing was written/,
    );
    expect(await database.counts()).toEqual([12, 12]);
    await Promise.all([open.close(), again.close()]);
  });

  it("a role that may only read can look, and is told that it may not fill or clean", async () => {
    const role = `reader_${randomBytes(4).toString("hex")}`;
    await database.client.query(
      `create role ${role} login password 'reader'; grant select on all tables in schema public to ${role}`,
    );
    const url = new URL(database.url);
    url.username = role;
    url.password = "reader";
    try {
      const reader = await openCapacityDatabase(new Secret(url.href), { clock: systemClock, log: quietLog() });
      const facts = await reader.look("before", never);
      expect([facts.sessions, facts.users]).toEqual([2, 2]);
      expect(facts.statements.map(({ name }) => name)).toContain("new refresh token (refresh)");
      const some = want(10, 10);
      await expect(reader.fill(some, quiet, never)).rejects.toThrow(
        `the role "${role}" may not write (INSERT) to session_info`,
      );
      await expect(reader.clean(quiet, never)).rejects.toThrow("may not write (DELETE)");
      await reader.close();
      await database.client.query(
        `grant insert on all tables in schema public to ${role}; alter role ${role} set default_transaction_read_only = on`,
      );
      const unwilling = await openCapacityDatabase(new Secret(url.href), { clock: systemClock, log: quietLog() });
      await expect(unwilling.fill(some, quiet, never)).rejects.toThrow("its transactions are read-only");
      await unwilling.close();
      await database.client.query(`alter role ${role} reset default_transaction_read_only`);
      // It may write, but the tables are another's: it fills, and is told who should vacuum.
      const guest = await openCapacityDatabase(new Secret(url.href), { clock: systemClock, log: quietLog() });
      expect(await guest.fill(some, quiet, never)).toMatchObject({ sessions: 8, users: 8 });
      await database.client.query(`grant delete on all tables in schema public to ${role}`);
      expect((await guest.clean(quiet, never)).advice).toMatch(
        /^VACUUM is advised: have their owner run VACUUM \(ANALYZE\) session_info/,
      );
      await guest.close();
    } finally {
      await database.client.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it("a database that goes away in the middle is said so, and a later fill goes on", async () => {
    let cut: Promise<unknown> | undefined;
    const cutter = (done: number): void => {
      if (done === 0) return;
      cut ??= database.client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'corewatch' and datname = current_database()",
      );
    };
    const filling = capacity.fill(want(120_000, 0), cutter, never);
    await expect(filling).rejects.toThrow(/connection to the database broke.*run it again to go on/);
    await cut;
    const [between = 0] = await database.counts();
    expect(between).toBeLessThan(120_000);
    const facts = await capacity.fill(want(between + 1_000, 0), quiet, never);
    expect(facts).toMatchObject({ sessions: 1_000, resumed: between - 2 });
  });

  it("an interrupted fill says how far it came", async () => {
    const stop = new AbortController();
    const filling = capacity.fill(want(120_000, 0), (done) => done > 0 && stop.abort(), stop.signal);
    await expect(filling).rejects.toThrow(
      /interrupted: \d+ of 119998 missing rows are in and stay; run it again to go on/,
    );
    await expect(capacity.look("before", stop.signal)).rejects.toThrow("interrupted");
    await expect(capacity.clean(quiet, stop.signal)).rejects.toThrow("interrupted");
  });

  it("a database of something else, a tenant that is not there, an address that is none", async () => {
    const other = await createDatabase();
    const open = (url: string, options = {}) =>
      openCapacityDatabase(new Secret(url), { clock: systemClock, log: quietLog(), ...options });
    await expect(open(other.url)).rejects.toThrow("this is not SuperTokens's database: there is no table session_info");
    await other.drop();
    await expect(open(other.url)).rejects.toThrow("the database named in its url does not exist");
    await expect(open("mysql://nobody@127.0.0.1/x")).rejects.toThrow("not of the form postgres://");
    await expect(open("postgres://nobody:x@127.0.0.1:1/x")).rejects.toThrow("could not be made");
    const green = await database.open({ tenant: "green" });
    await expect(green.fill(want(9, 9), quiet, never)).rejects.toThrow('no tenant "green" of an app "public"');
    await green.close();
  });

  it("tables in a schema of their own are found", async () => {
    await database.client.query(
      "create schema auth; do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'public' loop execute format('alter table %I set schema auth', t); end loop; end $$",
    );
    const open = await database.open();
    await open.fill(want(12, 12), quiet, never);
    expect(await open.look("filled", never)).toMatchObject({ sessions: 12, users: 12 });
    expect(await open.clean(quiet, never)).toMatchObject({ sessions: 10, users: 10 });
    await open.close();
  });
});

describe("looking at the statements that cores run", () => {
  it("finds them all on indexes of a filled database, and a missing index as a scan", async () => {
    await capacity.fill(want(15_000, 15_000), quiet, never);
    const good = await capacity.look("filled", never);
    expect(good.statements.filter(({ scans }) => scans.length > 0)).toEqual([]);
    const plans = new Map(good.statements.map(({ name, plan }) => [name, plan]));
    expect(plans.get("session for update (refresh)")).toEqual([
      "LockRows",
      "Index Scan using session_info_pkey on session_info",
    ]);
    expect(plans.get("new refresh token (refresh)")).toEqual([
      "Update on session_info",
      "Index Scan using session_info_pkey on session_info",
    ]);
    expect(plans.get("sessions of a user")?.join()).toContain("session_info_user_id_app_id_index");
    expect(plans.get("expired sessions (every 12 hours)")?.join()).toContain("session_expiry_index");
    expect(good.statements.find(({ name }) => name.startsWith("session by handle"))?.executionMs).toBeGreaterThan(0);

    await database.client.query(
      "drop index session_info_user_id_app_id_index; alter table emailpassword_user_to_tenant drop constraint emailpassword_user_to_tenant_app_id_tenant_id_email_key",
    );
    const bad = await capacity.look("filled", never);
    expect(bad.statements.filter(({ scans }) => scans.length > 0).map(({ name, scans }) => [name, scans])).toEqual([
      ["sessions of a user", ["session_info"]],
      ["user by e-mail (sign-in)", ["emailpassword_user_to_tenant"]],
    ]);
  });

  it("writes nothing", async () => {
    const before = await database.everything();
    await capacity.look("before", never);
    expect(await database.everything()).toEqual(before);
  });
});
