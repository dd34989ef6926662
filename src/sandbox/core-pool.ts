import { DatabaseError, Pool } from "pg";
import type { PoolClient } from "pg";
import { DatabaseUnavailable } from "./core-storage.ts";
import type { DatabaseWaits } from "./core-options.ts";

/** A connection that lay idle this long is validated before it is lent (HikariCP's alive-bypass window). */
const VALIDATE_AFTER_MS = 500;
/** How often lost connections are replaced. */
const REFILL_EVERY_MS = 5_000;
/** Pause between tries to connect within one wait. */
const RETRY_MS = 100;

type Lent = PoolClient & { idleSince?: number };

/**
 * A connection pool that waits as a core's pool does: whoever asks while the database is down waits the whole
 * connection timeout before being refused, and all connections are held open when it is up.
 */
export class CorePool {
  readonly #pool: Pool;
  readonly #waits: DatabaseWaits;
  readonly #size: number;
  readonly #place: string;
  readonly #refill: NodeJS.Timeout;
  #closed = false;

  constructor(url: string, size: number, waits: DatabaseWaits) {
    const { hostname, port, pathname, username } = new URL(url);
    this.#place = `jdbc:postgresql://${hostname}:${port}${pathname} (host ${hostname}, port ${port}, user ${username}, database ${pathname.slice(1)})`;
    this.#waits = waits;
    this.#size = size;
    this.#pool = new Pool({
      connectionString: url,
      max: size,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: waits.connectMs,
      query_timeout: waits.queryMs,
      application_name: "supertokens",
    });
    // A connection lost while idle is taken out of the pool by it; the next caller learns of the database's state.
    this.#pool.on("error", () => undefined);
    // Lost while lent, with no query under way: the borrower learns of it by its next query, as of any other loss.
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
    this.#refill = setInterval(() => void this.#fill(), REFILL_EVERY_MS).unref();
  }

  /** Opens every connection; for start-up. @throws DatabaseUnavailable when the database cannot be reached now. */
  async open(): Promise<void> {
    try {
      const clients = await Promise.all(Array.from({ length: this.#size }, () => this.#pool.connect()));
      for (const client of clients) this.#giveBack(client);
    } catch (error) {
      throw this.#unavailable(0, error);
    }
  }

  /** Runs `work` with a connection. @throws DatabaseUnavailable after the connection timeout. */
  async run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#borrow();
    try {
      const result = await work(client);
      this.#giveBack(client);
      return result;
    } catch (error) {
      if (error instanceof DatabaseError && !error.code?.startsWith("57P")) {
        this.#giveBack(client);
        throw error;
      }
      client.release(true);
      throw this.#unavailable(this.#waits.queryMs, error);
    }
  }

  /** Runs `work` in a transaction. */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.run(async (client) => {
      await client.query("begin");
      try {
        const result = await work(client);
        await client.query("commit");
        return result;
      } catch (error) {
        if (error instanceof DatabaseError) await client.query("rollback");
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#refill);
    await within(this.#pool.end(), 2_000);
  }

  async #borrow(): Promise<Lent> {
    const start = performance.now();
    const left = (): number => this.#waits.connectMs - (performance.now() - start);
    let cause: unknown;
    while (!this.#closed && left() > 0) {
      try {
        const client = await this.#connect(left());
        if (await this.#isAlive(client, left())) return client;
        client.release(true);
      } catch (error) {
        cause = error;
        await new Promise((resolve) => setTimeout(resolve, Math.max(1, Math.min(RETRY_MS, left()))));
      }
    }
    throw this.#unavailable(performance.now() - start, cause);
  }

  async #connect(ms: number): Promise<Lent> {
    const asked: Promise<Lent> = this.#pool.connect();
    const client = await within(asked, ms);
    if (client !== undefined) return client;
    // The connection may still come; nobody waits for it any more.
    void asked.then(
      (late) => late.release(true),
      () => undefined,
    );
    throw new Error("no connection in time");
  }

  async #isAlive(client: Lent, ms: number): Promise<boolean> {
    if (performance.now() - (client.idleSince ?? performance.now()) < VALIDATE_AFTER_MS) return true;
    const asked = client.query("select 1").then(
      () => true,
      () => false,
    );
    return (await within(asked, Math.max(1, ms))) ?? false;
  }

  #giveBack(client: Lent): void {
    client.idleSince = performance.now();
    client.release();
  }

  async #fill(): Promise<void> {
    const missing = this.#size - this.#pool.totalCount;
    if (this.#closed || missing <= 0) return;
    const opened = await Promise.allSettled(Array.from({ length: missing }, () => this.#pool.connect()));
    for (const result of opened) if (result.status === "fulfilled") this.#giveBack(result.value);
  }

  #unavailable(ms: number, cause: unknown): DatabaseUnavailable {
    const why = cause instanceof Error ? cause.message : "not answering";
    return new DatabaseUnavailable(
      `Connection is not available, request timed out after ${Math.round(ms)}ms: ${this.#place}: ${why}`,
      { cause },
    );
  }
}

/** The promise's value, or `undefined` after `ms`. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(1, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
