import { finished } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { CapacityDatabase, FillFacts } from "../domain/index.ts";
import { CapacityError } from "./capacity-connection.ts";
import { Ring, sessionRows, userRows } from "./capacity-rows.ts";
import type { TableRows } from "./capacity-rows.ts";
import { begin, exclusively, mayWrite, onConnection, placed, vacuum } from "./capacity-scope.ts";
import type { Scope } from "./capacity-scope.ts";
import { range, runOf } from "./capacity-tag.ts";

/** While one waits for the server, the other sends; measured without a foreign key: a tenth faster than one. */
const STREAMS = 2;
/** Rows of one transaction. What a kill costs is at most this, times the streams. */
const SESSIONS_AT_ONCE = 50_000;
/** Each has a row in half a dozen tables. */
const USERS_AT_ONCE = 10_000;
/**
 * The first users, after which the tables are analysed. While a table has no statistics, the check of a foreign key may look
 * through an index that finds all rows of the tenant, and a connection keeps that plan: each row then costs as much as all
 * before it together (measured: 30,000 users in 65 s instead of 3).
 */
const FIRST_USERS = 500;
/** More would be a slip of the keyboard. */
const MOST = 1_000_000_000;

type Want = Parameters<CapacityDatabase["fill"]>[0];

/** Adds what is missing: see {@link CapacityDatabase.fill}. Each chunk is one transaction: a user is there whole or not at all. */
export function fill(
  scope: Scope,
  want: Want,
  onProgress: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<FillFacts> {
  if (Math.max(want.sessions, want.users) > MOST)
    throw new CapacityError(`at most ${MOST} sessions and users can be filled`);
  const { app, tenant, tag } = scope;
  return exclusively(scope, async (client, lost) => {
    const there = await countRows(client, scope);
    const sessions = Math.max(0, want.sessions - there.sessions);
    const users = Math.max(0, want.users - there.users);
    const run = {
      app,
      tenant,
      tag,
      run: there.lastRun + 1,
      seed: want.seed,
      sessions,
      users,
      now: scope.clock.now(),
      passwordSample: there.passwordSample,
    };
    // Both are made before the first row is written: a column that we do not know stops everything.
    const ofSessions = sessions === 0 ? [] : [sessionRows(scope.catalog, run)];
    const ofUsers = users === 0 ? [] : userRows(scope.catalog, run);
    const tables = [...ofSessions, ...ofUsers].map(({ table }) => table);
    await mayWrite(client, tables, "INSERT");

    let done = 0;
    const stop = AbortSignal.any([signal, lost]);
    let pulse: Promise<unknown> = Promise.resolve();
    const told = async (rows: number): Promise<void> => {
      done += rows;
      onProgress(done, sessions + users);
      // Notices when the connection that holds the lock is gone, and keeps it from being cut for idleness.
      pulse = pulse.then(() => client.query("select 1"));
      await pulse;
    };
    onProgress(0, sessions + users);
    const begun = scope.clock.monotonic();
    const first = Math.min(users, FIRST_USERS);
    if (first > 0) {
      await copyAll(scope, ofUsers, { from: 0, to: first, chunk: first }, told, stop);
      for (const { table } of ofUsers) await client.query(`ANALYZE ${table}`);
    }
    await copyAll(scope, ofUsers, { from: first, to: users, chunk: USERS_AT_ONCE }, told, stop);
    const between = scope.clock.monotonic();
    await copyAll(scope, ofSessions, { from: 0, to: sessions, chunk: SESSIONS_AT_ONCE }, told, stop);
    const usersMs = between - begun;
    const sessionsMs = scope.clock.monotonic() - between;
    if (done < sessions + users) {
      throw new CapacityError(
        `the fill was interrupted: ${done} of ${sessions + users} missing rows are in and stay; run it again to go on, or remove them with --clean`,
      );
    }
    const advice = await vacuum(client, tables);
    if (advice !== undefined) scope.log.warn(advice);
    return { sessions, users, sessionsMs, usersMs, resumed: there.tagged };
  });
}

interface There {
  readonly sessions: number;
  readonly users: number;
  /** Rows of session_info and users that bear our tag. */
  readonly tagged: number;
  /** Highest number of a run of which something is there; -1: none. */
  readonly lastRun: number;
  readonly passwordSample: string | undefined;
}

async function countRows(client: Client, scope: Scope): Promise<There> {
  const { app, tenant, tag } = scope;
  const tenants = await client.query("select 1 from tenants where app_id = $1 and tenant_id = $2", [app, tenant]);
  if (tenants.rowCount === 0)
    throw new CapacityError(`this database has no tenant "${tenant}" of an app "${app}": make it in SuperTokens first`);
  const { rows } = await client.query<{ sessions: number; users: number; hash: string | null }>(
    `select (select count(*) from session_info)::float8 as sessions,
       (select count(*) from app_id_to_user_id)::float8 as users,
       (select password_hash from emailpassword_users
        where app_id = $1 and not starts_with(user_id::text, $2) limit 1) as hash`,
    [app, tag.prefix],
  );
  const found = rows[0];
  if (found === undefined) throw new CapacityError("the database gave no counts");
  const handles = await ours(client, scope, "session_info", "session_handle");
  const userIds = await ours(client, scope, "app_id_to_user_id", "user_id");
  return {
    sessions: found.sessions,
    users: found.users,
    tagged: handles.count + userIds.count,
    lastRun: Math.max(handles.lastRun, userIds.lastRun),
    passwordSample: found.hash ?? undefined,
  };
}

/** Counts what bears the tag, and finds the highest run, through the primary key. */
async function ours(
  client: Client,
  scope: Scope,
  table: string,
  column: string,
): Promise<{ readonly count: number; readonly lastRun: number }> {
  const { low, high } = range(scope.tag);
  const { rows } = await client.query<{ count: number; last: string | null }>(
    `select count(*)::float8 as count, max(${column}::text collate "C") as last from ${table}
     where ${placed(scope, table)} and ${column} >= $3 and ${column} <= $4 and starts_with(${column}::text, $5)`,
    [scope.app, scope.tenant, low, high, scope.tag.prefix],
  );
  const { count, last } = rows[0] ?? { count: 0, last: null };
  return { count, lastRun: last === null ? -1 : (runOf(scope.tag, last) ?? -1) };
}

/** Copies these rows of all `tables`, a chunk at a time, over {@link STREAMS} connections. Ends early when `stop` aborts. */
async function copyAll(
  scope: Scope,
  tables: readonly TableRows[],
  which: { readonly from: number; readonly to: number; readonly chunk: number },
  onChunk: (rows: number) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const total = which.to;
  let next = which.from;
  const size = Math.min(which.chunk, Math.ceil((total - next) / STREAMS));
  const failures: unknown[] = [];
  const goesOn = (): boolean => next < total && failures.length === 0 && !stop.aborted;
  const stream = async (): Promise<void> => {
    if (!goesOn()) return;
    const ring = new Ring();
    await onConnection(scope, async (client) => {
      while (goesOn()) {
        const from = next;
        const to = Math.min(total, from + size);
        next = to;
        await begin(client);
        for (const rows of tables) await copyRows(client, rows, from, to, ring);
        await client.query("COMMIT");
        await onChunk(to - from);
      }
    }).catch((error: unknown) => void failures.push(error));
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
  // The first is what went wrong; others may follow from it.
  if (failures.length > 0) throw failures[0];
}

/** One COPY. Waits for each piece to be on its way: the ring will use its buffer again. */
async function copyRows(client: Client, rows: TableRows, from: number, to: number, ring: Ring): Promise<void> {
  const sink = client.query(copyFrom(rows.copy));
  const failed = new Promise<never>((_, reject) => void sink.on("error", reject));
  // Nobody may be waiting for it at that moment; whoever waits next is told.
  failed.catch(() => undefined);
  for (const piece of rows.pieces(from, to, ring)) {
    await Promise.race([failed, new Promise<void>((resolve) => void sink.write(piece, () => resolve()))]);
  }
  sink.end();
  await Promise.race([failed, finished(sink)]);
  if (sink.rowCount !== to - from)
    throw new CapacityError(
      `${rows.table} took ${sink.rowCount} of ${to - from} rows: a trigger or rule swallows them`,
    );
}
