import type { Connection } from "./connection.ts";
import { LOCKS } from "./locks.ts";
import { SCHEMA_1 } from "./schema-1.ts";

/** Steps in order; step n brings a store from version n - 1 to n. A step that was released never changes. */
const STEPS: readonly string[] = [SCHEMA_1];

/**
 * Brings the schema up to date: one look when it is; else the missing steps in one transaction, one process at a time.
 * @throws Error when the store is newer than this corewatch.
 */
export async function migrate(connection: Connection): Promise<{ from: number; to: number }> {
  const { rows } = await connection.query<{ there: boolean }>(
    "SELECT to_regclass('corewatch.migration') IS NOT NULL AS there",
  );
  if (rows[0]?.there === true) {
    const from = versionIn(await connection.query<{ version: number | null }>(VERSION));
    refuseNewer(from);
    if (from === STEPS.length) return { from, to: from };
  }
  return connection.transaction(async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(${LOCKS.migration})`);
    await client.query("CREATE SCHEMA IF NOT EXISTS corewatch");
    await client.query(
      "CREATE TABLE IF NOT EXISTS corewatch.migration (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    const from = versionIn(await client.query<{ version: number | null }>(VERSION));
    refuseNewer(from);
    for (const [index, sql] of STEPS.entries()) {
      if (index < from) continue;
      await client.query(sql);
      await client.query("INSERT INTO corewatch.migration (version) VALUES ($1)", [index + 1]);
    }
    return { from, to: STEPS.length };
  });
}

const VERSION = "SELECT max(version) AS version FROM corewatch.migration";

function versionIn(result: { rows: { version: number | null }[] }): number {
  return result.rows[0]?.version ?? 0;
}

function refuseNewer(version: number): void {
  if (version > STEPS.length) {
    throw new Error(
      `the store has schema version ${version} and this corewatch knows ${STEPS.length}: update corewatch, or use another store`,
    );
  }
}
