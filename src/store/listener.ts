import { randomBytes } from "node:crypto";
import type { Client } from "pg";
import { wait } from "../domain/index.ts";
import type { Clock, Log } from "../domain/index.ts";
import { run } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { FleetRow } from "./fleet-row.ts";

/** A beat as it is told. */
export interface Beat {
  readonly id: string;
  readonly at: number;
  readonly ok: boolean;
  readonly message: string;
}

/** What can be told: `claim` when the outbox claim was given back, `notices` when some were committed. */
type Heard = { own: boolean; topics: readonly string[]; beat: Beat | undefined };

const RETRY_MS = { first: 100, most: 5_000 };
/** How often a quiet connection is tried: one that hangs says nothing by itself. */
const TRY_EVERY_MS = 20_000;

/**
 * LISTEN for one fleet, on a connection of its own that is opened by the first who listens and opened again whenever it
 * breaks. What was said meanwhile is lost, so after each reconnection `onGap` stands for all of it.
 */
export class Listener {
  readonly #connection: Connection;
  readonly #fleet: FleetRow;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Tells our own notifications from those of others. */
  readonly #origin = randomBytes(6).toString("hex");
  readonly #listeners = new Set<(heard: Heard | "gap") => void>();
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(connection: Connection, fleet: FleetRow, clock: Clock, log: Log) {
    this.#connection = connection;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#log = log;
  }

  /** Calls `listener` with everything that is told from soon on, and with "gap" when something may have been missed. */
  add(listener: (heard: Heard | "gap") => void): { stop(): void } {
    this.#listeners.add(listener);
    if (!this.#stop.signal.aborted) this.#loop ??= this.#listen();
    return { stop: () => void this.#listeners.delete(listener) };
  }

  /** Tells `topics` when the transaction of `client` commits. */
  async notify(
    client: Parameters<typeof run>[0],
    fleet: number,
    topics: readonly string[],
    beat?: Beat,
  ): Promise<void> {
    if (topics.length === 0) return;
    const payload = JSON.stringify({ origin: this.#origin, topics, beat });
    await run(client, NOTIFY, [channelOf(fleet), payload]);
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stop;
    let pause = RETRY_MS.first;
    let before = false;
    while (!signal.aborted) {
      let client: Client | undefined;
      try {
        const fleet = await this.#fleet.id();
        client = await this.#connection.dedicated("listen");
        const ended = new AbortController();
        client.on("end", () => ended.abort());
        client.on("notification", (message) => this.#hear(message.payload ?? ""));
        await client.query(`LISTEN ${channelOf(fleet)}`);
        pause = RETRY_MS.first;
        // Whatever was committed before LISTEN took hold.
        this.#tell("gap");
        before = true;
        const either = AbortSignal.any([signal, ended.signal]);
        while (!either.aborted) {
          await wait(this.#clock, TRY_EVERY_MS, either);
          if (!either.aborted) await client.query("SELECT 1");
        }
      } catch (error) {
        if (before)
          this.#log.debug("listening to the store broke off", { error: this.#connection.failure(error).message });
      } finally {
        await client?.end();
      }
      await wait(this.#clock, pause, signal);
      pause = Math.min(pause * 2, RETRY_MS.most);
    }
  }

  #hear(payload: string): void {
    const parsed: { origin?: string; topics?: string[]; beat?: Beat } = JSON.parse(payload);
    this.#tell({ own: parsed.origin === this.#origin, topics: parsed.topics ?? [], beat: parsed.beat });
  }

  #tell(heard: Heard | "gap"): void {
    for (const listener of this.#listeners) listener(heard);
  }

  /** Ends the connection; nobody is called any more. */
  async close(): Promise<void> {
    this.#listeners.clear();
    this.#stop.abort();
    await this.#loop;
  }
}

const NOTIFY = { name: "notify", text: "SELECT pg_notify($1, $2)" };

function channelOf(fleet: number): string {
  return `corewatch_${fleet}`;
}
