import type { Clock, Log, Store } from "../domain/index.ts";
import type { Retention } from "./fleet-row.ts";
import { PostgresStore } from "./postgres-store.ts";

export { AlreadyWatched, lockDaemon } from "./local-lock.ts";

/** How a store is opened. */
export interface StoreOptions {
  /** Address of the Postgres (14 or newer), credentials included; never shown. Not through a transaction pooler. */
  readonly url: string;
  /** Name of the fleet: several may share one database. */
  readonly fleet: string;
  /** How long things are kept; without it what the store has, at first 24 h, 7 days and 400 days. */
  readonly retention?: Retention;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes secrets out of every text before it is written. */
  readonly redact: (text: string) => string;
}

/** Opens the store of one fleet. Connects at the first call; `migrate` comes before any other. */
export async function openStore(options: StoreOptions): Promise<Store> {
  return new PostgresStore(options);
}
