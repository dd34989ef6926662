import { Client } from "pg";
import type { ClientConfig } from "pg";
import type { Log, Secret } from "../domain/index.ts";

const CONNECT_MS = 10_000;
/** Of one statement: counting or copying in a chunk. */
const STATEMENT_MS = 300_000;
/** Longer than the server's own limit: this is for a server that does not answer at all. */
const ANSWER_MS = STATEMENT_MS + 10_000;
/** No statement of ours waits longer for somebody's lock, ms. */
const LOCK_MS = 30_000;

/** Opens connections of one database. */
export type Connect = () => Promise<Client>;

/** Connections to `url`, each with bounds on every wait. `sslmode` means what it means to libpq. @throws Error with a sentence */
export function connector(url: Secret, log: Log): Connect {
  return async () => {
    const address = URL.canParse(url.reveal()) ? new URL(url.reveal()) : undefined;
    if (address === undefined || !/^postgres(ql)?:$/.test(address.protocol))
      throw new CapacityError("the database's url is not of the form postgres://user:password@host:port/database");
    const mode = address.searchParams.get("sslmode");
    // Without an authority of its own, verify-ca would trust any public certificate of any name.
    if (mode === "verify-ca" && !address.searchParams.has("sslrootcert"))
      address.searchParams.set("sslmode", "verify-full");
    if (mode === "allow") address.searchParams.set("sslmode", "prefer");
    if (mode !== null && mode !== "no-verify") address.searchParams.set("uselibpqcompat", "true");
    try {
      return await open(address, log);
    } catch (error) {
      if ((mode !== "prefer" && mode !== "allow") || !hasNoTls(error)) throw inWords(error);
      address.searchParams.set("sslmode", "disable");
      return await open(address, log).catch((second: unknown) => {
        throw inWords(second);
      });
    }
  };
}

async function open(address: URL, log: Log): Promise<Client> {
  const config: ClientConfig = {
    connectionString: address.href,
    application_name: "corewatch",
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  const client = new Client(config);
  // Its query fails too, or the next one does; without a listener the process would end.
  client.on("error", (error) => log.debug("a connection for capacity broke", { error: error.message }));
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

function hasNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === "The server does not support SSL connections";
}

/** A sentence of ours: passes {@link inWords} unchanged. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

/** Puts what `pg` threw into a sentence. The server's own ones name users and may show values of rows, so they stay out. */
export function inWords(error: unknown): Error {
  if (error instanceof CapacityError) return error;
  const { code, table, column, constraint, message } = details(error);
  const where = [table, column ?? constraint].filter((part) => part !== undefined).join(".");
  const at = where === "" ? "" : ` (${where})`;
  return new CapacityError(told(code ?? "", at, message), { cause: error });
}

/** By SQLSTATE (appendix A of the PostgreSQL manual), or by what Node says of the connection. */
function told(code: string, at: string, message: string): string {
  if (code === "42501")
    return `the role of the database's url lacks a privilege for this${at}: take one that owns the tables`;
  if (code === "25006") return "the database takes no writes from this role, or is a replica: take the primary's url";
  if (code === "53100") return "the database's disk is full: what was committed stays; make room, or clean (--clean)";
  if (code === "53300")
    return "all connections of the database are taken: raise max_connections, or lower the cores' pools";
  if (code === "55P03")
    return "somebody holds a lock on the tables for more than 30 seconds: try again when it is done";
  if (code === "57014")
    return "the database took more than 5 minutes over one statement: it is overloaded, or its disk is slow";
  if (code === "23505") return `rows of this fill are there already${at}: another fill ran meanwhile; run it again`;
  if (code === "23503") return `a row that ours refer to is missing${at}: was the app or tenant removed meanwhile?`;
  if (code.startsWith("23"))
    return `the tables have a rule that corewatch's rows break${at}: they are not as SuperTokens makes them`;
  if (code.startsWith("22"))
    return `a column is narrower or of another type than SuperTokens makes it${at} (SQLSTATE ${code})`;
  if (code === "3D000") return "the database named in its url does not exist";
  if (code.startsWith("28"))
    return `the database rejected the login (SQLSTATE ${code}): check user and password of its url`;
  if (/^(08|57P)/.test(code) || isConnection(code, message))
    return "the connection to the database broke, or could not be made; what was committed stays: run it again to go on";
  if (message === "Query read timeout")
    return "the database stopped answering; what was committed stays: run it again to go on";
  if (/^[0-9A-Z]{5}$/.test(code)) return `the database refused a statement${at} (SQLSTATE ${code})`;
  return "talking to the database failed: it does not answer as Postgres does";
}

function isConnection(code: string, message: string): boolean {
  return /^E[A-Z]{4,}/.test(code) || /connection|terminated|timeout expired|socket/i.test(message);
}

interface Details {
  readonly code: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;
  readonly message: string;
}

function details(error: unknown): Details {
  const fields: Readonly<Record<string, unknown>> =
    typeof error === "object" && error !== null ? Object.fromEntries(Object.entries(error)) : {};
  const text = (name: string): string | undefined => (typeof fields[name] === "string" ? fields[name] : undefined);
  return {
    code: text("code"),
    table: text("table"),
    column: text("column"),
    constraint: text("constraint"),
    message: error instanceof Error ? error.message : String(error),
  };
}
