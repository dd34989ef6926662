import { Client } from "pg";
import { errorCode } from "./errors.ts";
import { LOCKS } from "./locks.ts";

/**
 * A process's mark that it uses the embedded server: a shared session lock on a connection of its own, which goes with
 * the process. Who leaves tries for the exclusive lock; who gets it is the last one and stops the server, and whoever
 * arrives meanwhile waits for the lock until the server goes, and then starts it again. So a server is never stopped
 * under somebody who uses it, and never left by somebody who was the last.
 */
export interface Presence {
  /** `true` when nobody else used the server at that moment. */
  readonly alone: boolean;
  /** Fires once when the connection is lost, unless `leave` was called. */
  onLost(listener: () => void): void;
  /** Gives up the mark. `last`: nobody else uses the server, and nobody can begin to until `end`. `undefined`: the connection was lost. */
  leave(): Promise<{ last: boolean; end(): Promise<void> } | undefined>;
}

/** Why a server could not be joined: it is not there, or it is coming or going (worth waiting for). */
export type NotJoined = "absent" | "busy";

const JOIN_TIMEOUT_MS = 10_000;

/** Joins the server at `url`. @throws Error what is neither absence nor a passing state. */
export async function join(url: string): Promise<Presence | NotJoined> {
  const client = new Client({
    connectionString: url,
    application_name: "corewatch presence",
    connectionTimeoutMillis: JOIN_TIMEOUT_MS,
    query_timeout: JOIN_TIMEOUT_MS,
    keepAlive: true,
  });
  let lost: (() => void) | undefined;
  let ended = false;
  const onEnd = (): void => {
    if (ended) return;
    ended = true;
    lost?.();
  };
  client.on("error", onEnd);
  client.on("end", onEnd);
  try {
    await client.connect();
    const first = await client.query<{ alone: boolean }>(`SELECT pg_try_advisory_lock(${LOCKS.presence}) AS alone`);
    const alone = first.rows[0]?.alone === true;
    await client.query(`SELECT pg_advisory_lock_shared(${LOCKS.presence})`);
    if (alone) await client.query(`SELECT pg_advisory_unlock(${LOCKS.presence})`);
    return {
      alone,
      onLost(listener) {
        if (ended) listener();
        else lost = listener;
      },
      async leave() {
        const gone = ended;
        ended = true;
        try {
          if (gone) throw new Error("lost before");
          await client.query(`SELECT pg_advisory_unlock_shared(${LOCKS.presence})`);
          const sql = `SELECT pg_try_advisory_lock(${LOCKS.presence}) AS last`;
          const { rows } = await client.query<{ last: boolean }>(sql);
          return { last: rows[0]?.last === true, end: () => client.end() };
        } catch {
          // Whatever went wrong, the mark goes with the connection.
          await client.end();
          return undefined;
        }
      },
    };
  } catch (error) {
    ended = true;
    await client.end();
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") return "absent";
    // Starting up or shutting down, full for the moment, or cut while it went.
    if (code !== undefined && ["57P03", "57P01", "53300", "ECONNRESET", "EPIPE"].includes(code)) return "busy";
    if (code === undefined && /terminated|timeout/i.test(String(error))) return "busy";
    throw error;
  }
}
