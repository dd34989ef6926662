import { Client, Pool, types } from "pg";
import type { ClientConfig, PoolClient, QueryResult, QueryResultRow } from "pg";
import type { Log } from "../domain/index.ts";
import { errorText } from "./errors.ts";
import { isUnavailable, storeError } from "./unavailable.ts";

/** How the database is reached. */
export interface ConnectionOptions {
  readonly url: string;
  readonly log: Log;
  readonly redact: (text: string) => string;
}

const CONNECT_MS = 5_000;
const STATEMENT_MS = 5_000;
/** Longer than the server's own limit: this is for a server that does not answer at all. */
const ANSWER_MS = 7_000;

/** One statement: text with $1…, and a name when it is worth being prepared. */
export interface Statement {
  readonly text: string;
  readonly name?: string;
}

/**
 * All connections of one store: three for queries, one that appends, and single ones for LISTEN and the outbox claim.
 * Every error that means "out of reach" comes out as StoreUnavailable. Connections that broke are replaced at the next call.
 */
export class Connection {
  /** What errors call the store. */
  readonly kind: string;
  readonly redact: (text: string) => string;
  readonly #config: ClientConfig;
  readonly #pool: Pool;
  readonly #appends: Pool;
  readonly #log: Log;

  constructor(options: ConnectionOptions) {
    this.redact = options.redact;
    this.#log = options.log;
    this.kind = /@%2F/i.test(options.url) ? "the embedded store" : "the Postgres store";
    this.#config = {
      connectionString: options.url,
      application_name: "corewatch",
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: ANSWER_MS,
      idle_in_transaction_session_timeout: 15_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      types: {
        // Ids and epoch milliseconds stay far below 2^53.
        getTypeParser: (oid: Parameters<typeof types.getTypeParser>[0], format?: "text" | "binary") =>
          oid === types.builtins.INT8 && format !== "binary" ? Number : types.getTypeParser(oid, format),
      },
    };
    this.#pool = this.#makePool(3);
    // What is lost in a power cut is at most the last second of observations, which say nothing that is still true by
    // then; decisions wait for the disk.
    this.#appends = this.#makePool(1, "-c synchronous_commit=off");
  }

  #makePool(max: number, options?: string): Pool {
    const pool = new Pool({
      ...this.#config,
      ...(options === undefined ? {} : { options }),
      max,
      idleTimeoutMillis: 60_000,
    });
    // An idle connection broke; the next call opens another.
    pool.on("error", (error) => this.#log.debug("a connection to the store broke", { error: errorText(error) }));
    // One that breaks while it is lent: its query fails, or the next one does; without a listener the process would end.
    pool.on("connect", (client) =>
      client.on("error", (error) =>
        this.#log.debug("a connection to the store broke at work", { error: errorText(error) }),
      ),
    );
    return pool;
  }

  /** Runs one statement. @throws StoreUnavailable */
  async query<Row extends QueryResultRow>(
    statement: string | Statement,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return this.#guard(() => run<Row>(this.#pool, statement, values));
  }

  /** Runs one statement on the connection whose commits do not wait for the disk. @throws StoreUnavailable */
  async append(statement: Statement, values: readonly unknown[]): Promise<void> {
    await this.#guard(() => run(this.#appends, statement, values));
  }

  /**
   * Runs `work` in one transaction (READ COMMITTED) and commits; what it throws rolls it back.
   * @param opening statements without parameters that go with BEGIN in one round trip.
   * @throws StoreUnavailable
   */
  async transaction<T>(work: (client: PoolClient) => Promise<T>, opening = ""): Promise<T> {
    return this.#guard(async () => {
      const client = await this.#pool.connect();
      let failure: unknown;
      try {
        await client.query(`BEGIN; ${opening}`);
        const result = await work(client);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        failure = error;
        if (!isUnavailable(error)) {
          await client.query("ROLLBACK").then(
            () => (failure = undefined),
            (second: unknown) => this.#log.debug("a rollback failed", { error: errorText(second) }),
          );
        }
        throw error;
      } finally {
        client.release(failure !== undefined);
      }
    });
  }

  /** A connection of its own, for LISTEN, session locks and COPY; the caller ends it. @throws StoreUnavailable */
  async dedicated(
    name: string,
    limits: Pick<ClientConfig, "statement_timeout" | "query_timeout"> = {},
  ): Promise<Client> {
    const client = new Client({ ...this.#config, ...limits, application_name: `corewatch ${name}` });
    client.on("error", (error) => this.#log.debug(`the ${name} connection broke`, { error: errorText(error) }));
    return this.#guard(async () => {
      try {
        await client.connect();
        return client;
      } catch (error) {
        await client.end();
        throw error;
      }
    });
  }

  /** `error` as callers see it. */
  failure(error: unknown): Error {
    return storeError(error, this.kind, this.redact);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Ends every pooled connection; running calls finish first. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#appends.end()]);
  }
}

/** Runs a statement on whatever takes one. */
export function run<Row extends QueryResultRow>(
  client: Pick<Client, "query"> | Pick<Pool, "query">,
  statement: string | Statement,
  values: readonly unknown[] = [],
): Promise<QueryResult<Row>> {
  const config = typeof statement === "string" ? { text: statement } : statement;
  return client.query<Row>({ ...config, values: [...values] });
}
