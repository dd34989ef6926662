import { afterAll, expect, onTestFinished, test } from "vitest";
import { createMysqlProber } from "../../src/databases/mysql.ts";
import { Secret } from "../../src/domain/index.ts";
import type { SandboxDatabase } from "../../src/sandbox/database.ts";
import { startMysql } from "../../src/sandbox/mysql-server.ts";
import { systemClock } from "../../src/system/clock.ts";

const prober = createMysqlProber({ clock: systemClock });
afterAll(() => prober.close());

test("the database's other face tells its facts while the database runs, and lets nobody in when it does not", async () => {
  const behind = { url: "postgres://supertokens:word@127.0.0.1:1/supertokens", state: "running" };
  // Only its address and state are looked at.
  const mysql = await startMysql({ maxConnections: 200, behind: behind as SandboxDatabase });
  onTestFinished(() => mysql.stop());
  const look = () => prober.look(new Secret(mysql.url), 2_000, new AbortController().signal);
  expect(await look()).toMatchObject({ ok: true, facts: { maxConnections: 200, readOnly: false } });
  behind.state = "stopped";
  expect(await look()).toMatchObject({ ok: false });
  behind.state = "running";
  expect(await look()).toMatchObject({ ok: true });
});
