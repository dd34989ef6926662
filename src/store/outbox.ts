import type { Client } from "pg";
import type { Clock, Outbox, OutboxClaim } from "../domain/index.ts";
import { Claim } from "./claim.ts";
import { run } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";
import type { Listener } from "./listener.ts";
import { outboxLock } from "./locks.ts";
import type { Clean } from "./text.ts";

/** How often a process without the claim is told that it may have become free: its holder may have been killed. */
const LOOK_AGAIN_MS = 2_000;

/** The outbox of one fleet. */
export class PostgresOutbox implements Outbox {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #listener: Listener;
  readonly #clock: Clock;
  readonly #clean: Clean;
  readonly #claims = new Set<Claim>();
  readonly #wakers = new Set<() => void>();
  #lookAgain: { clear(): void } | undefined;

  constructor(connection: Connection, fleet: FleetRow, listener: Listener, clock: Clock, clean: Clean) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#listener = listener;
    this.#clock = clock;
    this.#clean = clean;
  }

  /** A session lock on a connection of its own: it goes with the process, and every write of the claim goes through that connection, so that nobody writes after losing it. */
  async claim(): Promise<OutboxClaim | undefined> {
    const fleet = await this.#fleet.id();
    const client = await this.#connection.dedicated("outbox");
    const got = await this.#tryLock(client, fleet);
    if (!got) {
      await client.end();
      this.#wakeLater();
      return undefined;
    }
    const claim = new Claim({
      client,
      fleet,
      clean: this.#clean,
      failure: (error) => this.#connection.failure(error),
      notifyFree: () => this.#listener.notify(client, fleet, ["claim"]),
      onEnd: () => this.#claims.delete(claim),
    });
    this.#claims.add(claim);
    return claim;
  }

  async #tryLock(client: Client, fleet: number): Promise<boolean> {
    try {
      // A host that vanished without a word loses its claim after half a minute.
      await client.query("SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3");
      const { rows } = await run<{ got: boolean }>(client, `SELECT pg_try_advisory_lock(${outboxLock(fleet)}) AS got`);
      return rows[0]?.got === true;
    } catch (error) {
      await client.end();
      throw this.#connection.failure(error);
    }
  }

  onNotice(listener: () => void): { stop(): void } {
    const heard = this.#listener.add((what) => {
      if (what === "gap" || what.topics.some((topic) => topic === "notices" || topic === "claim")) listener();
    });
    this.#wakers.add(listener);
    return {
      stop: () => {
        heard.stop();
        this.#wakers.delete(listener);
      },
    };
  }

  #wakeLater(): void {
    if (this.#wakers.size === 0 || this.#lookAgain !== undefined) return;
    this.#lookAgain = this.#clock.after(LOOK_AGAIN_MS, () => {
      this.#lookAgain = undefined;
      for (const wake of this.#wakers) wake();
    });
  }

  async backlog(): Promise<{ waiting: number; oldest: number | null }> {
    const { rows } = await this.#connection.query<{ waiting: number; oldest: number | null }>(
      "SELECT count(*) AS waiting, min(at) AS oldest FROM corewatch.notice WHERE fleet = $1 AND state = 'pending'",
      [await this.#fleet.id()],
    );
    return rows[0] ?? { waiting: 0, oldest: null };
  }

  /** Gives claims back. */
  async close(): Promise<void> {
    this.#wakers.clear();
    this.#lookAgain?.clear();
    await Promise.all([...this.#claims].map((claim) => claim.release()));
  }
}
