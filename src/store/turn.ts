import type { Exclusive } from "../domain/index.ts";
import type { Connection } from "./connection.ts";
import { TURN_LOCK } from "./locks.ts";

/**
 * Runs `work` under a session lock on a connection of its own: Postgres frees it with the connection, so a killed process
 * leaves nothing behind. Tries once. @throws StoreUnavailable; what `work` throws
 */
export async function takeTurn<T>(
  connection: Connection,
  fleet: number,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Exclusive<T>> {
  const client = await connection.dedicated(name);
  const lost = new AbortController();
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  try {
    if (!(await locked())) return { held: false };
    return { held: true, result: await work(lost.signal) };
  } finally {
    await client.end();
  }

  async function locked(): Promise<boolean> {
    try {
      // A host that vanished without a word loses its turn after half a minute.
      await client.query("SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3");
      const sql = `SELECT pg_try_advisory_lock(${TURN_LOCK}) AS locked`;
      const { rows } = await client.query<{ locked: boolean }>(sql, [`${fleet} ${name}`]);
      return rows[0]?.locked === true;
    } catch (error) {
      throw connection.failure(error);
    }
  }
}
