import { StoreUnavailable } from "../domain/index.ts";
import type { BeatReader, BeatStore, Clock, FactStore, Log, Service, Timer } from "../domain/index.ts";

const KEY_SETS = "key-sets";
/** Key sets change when keys rotate; losing a minute of that at a crash costs one sweep. */
const SAVE_MS = 60_000;
const RETRY_MS = 5_000;

/** What `createKeySets` takes: the key sets that an earlier process saw. @throws StoreUnavailable */
export function loadKeySets(store: FactStore): Promise<unknown> {
  return store.getFact(KEY_SETS);
}

/** What {@link KeySetSaver} needs. */
export interface KeySetSaverOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: FactStore;
  readonly keySets: { dump(): unknown };
}

/** Keeps the key sets in the store: when they changed, and at most once a minute. */
export class KeySetSaver implements Service {
  readonly #options: KeySetSaverOptions;
  #timer: Timer | undefined;
  #saved = "";
  #stopped = false;

  constructor(options: KeySetSaverOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#saved = JSON.stringify(this.#options.keySets.dump());
    this.#arm();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.clear();
    if (this.#timer !== undefined) await this.#save();
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(SAVE_MS, () => void this.#save().then(() => this.#arm()));
  }

  async #save(): Promise<void> {
    const { store, keySets, log } = this.#options;
    const dump = keySets.dump();
    const text = JSON.stringify(dump);
    if (text === this.#saved) return;
    try {
      await store.putFact(KEY_SETS, dump);
      this.#saved = text;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) log.error("key sets could not be saved", { error });
    }
  }
}

/** What {@link Beats} needs. */
export interface BeatsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: BeatStore;
}

/** Beats as the store tells them, held in memory for the heartbeat check. */
export class Beats implements BeatReader, Service {
  readonly since: number;
  readonly #options: BeatsOptions;
  readonly #last = new Map<string, { readonly at: number; readonly ok: boolean; readonly message: string }>();
  #listening: { stop(): void } | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: BeatsOptions) {
    this.#options = options;
    this.since = options.clock.now();
  }

  last(id: string): { readonly at: number; readonly ok: boolean; readonly message: string } | undefined {
    return this.#last.get(id);
  }

  async start(): Promise<void> {
    this.#listening = this.#options.store.onBeat((beat) => this.#take(beat));
    await this.#load();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    this.#listening?.stop();
    this.#listening = undefined;
  }

  #take({ id, at, ok, message }: { id: string; at: number; ok: boolean; message: string }): void {
    if (at >= (this.#last.get(id)?.at ?? -Infinity)) this.#last.set(id, { at, ok, message });
  }

  async #load(): Promise<void> {
    if (this.#stopped) return;
    try {
      for (const beat of await this.#options.store.beats()) this.#take(beat);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.#options.log.error("beats could not be read", { error });
      this.#timer = this.#options.clock.after(RETRY_MS, () => void this.#load());
    }
  }
}
