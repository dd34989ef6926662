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

/** Keeps them for the next process. `dump` is what the key sets gave. @throws StoreUnavailable */
export function saveKeySets(store: FactStore, dump: unknown): Promise<void> {
  return store.putFact(KEY_SETS, dump);
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
      await saveKeySets(store, dump);
      this.#saved = text;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) log.error("key sets could not be saved", { error });
    }
  }
}

const EXPECTED = "heartbeats-expected-since";
/** How often a daemon notes that it takes beats, and after how long without a note nobody does, ms. */
const NOTE_MS = 60_000;
const NOTE_HOLDS_MS = 3 * NOTE_MS;

/** What a daemon notes: when, and since when it has expected each heartbeat. Epoch ms. */
interface Expected {
  readonly at: number;
  readonly since: Readonly<Record<string, number>>;
}

/**
 * What the store knows of beats now, for a look from outside the daemon. Silence counts against a worker only for as
 * long as a daemon has been there to hear it: with none, beats cannot be taken. @throws StoreUnavailable
 */
export async function readBeats(store: Pick<BeatStore, "beats"> & FactStore, now: number): Promise<BeatReader> {
  const [beats, noted] = await Promise.all([store.beats(), store.getFact(EXPECTED)]);
  const last = new Map(beats.map((one) => [one.id, one]));
  const since = isExpected(noted) && now - noted.at <= NOTE_HOLDS_MS ? noted.since : {};
  return { since: now, last: (id) => last.get(id), expectedSince: (id) => Math.min(now, since[id] ?? now) };
}

function isExpected(fact: unknown): fact is Expected {
  if (typeof fact !== "object" || fact === null || !("at" in fact) || !("since" in fact)) return false;
  const { at, since } = fact;
  if (typeof at !== "number" || typeof since !== "object" || since === null) return false;
  return Object.values(since).every((one) => typeof one === "number");
}

/** What {@link Beats} needs. */
export interface BeatsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: BeatStore & FactStore;
}

/** Beats as the store tells them, held in memory for the heartbeat check. */
export class Beats implements BeatReader, Service {
  readonly since: number;
  readonly #options: BeatsOptions;
  readonly #last = new Map<string, { readonly at: number; readonly ok: boolean; readonly message: string }>();
  /** When each heartbeat was first asked for. */
  readonly #expected = new Map<string, number>();
  #listening: { stop(): void } | undefined;
  #timer: Timer | undefined;
  #noting: Timer | undefined;
  #stopped = false;

  constructor(options: BeatsOptions) {
    this.#options = options;
    this.since = options.clock.now();
  }

  last(id: string): { readonly at: number; readonly ok: boolean; readonly message: string } | undefined {
    return this.#last.get(id);
  }

  expectedSince(id: string): number {
    const known = this.#expected.get(id);
    if (known !== undefined) return known;
    const now = this.#options.clock.now();
    this.#expected.set(id, now);
    return now;
  }

  async start(): Promise<void> {
    // The first note soon: what looks from outside goes by it.
    this.#noteAfter(RETRY_MS);
    this.#listening = this.#options.store.onBeat((beat) => this.#take(beat));
    await this.#load();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    this.#noting?.clear();
    this.#listening?.stop();
    this.#listening = undefined;
  }

  #take({ id, at, ok, message }: { id: string; at: number; ok: boolean; message: string }): void {
    if (at >= (this.#last.get(id)?.at ?? -Infinity)) this.#last.set(id, { at, ok, message });
  }

  #noteAfter(ms: number): void {
    if (this.#stopped) return;
    this.#noting = this.#options.clock.after(ms, () => void this.#note().then(() => this.#noteAfter(NOTE_MS)));
  }

  async #note(): Promise<void> {
    if (this.#expected.size === 0) return;
    const { clock, log, store } = this.#options;
    const noted: Expected = { at: clock.now(), since: Object.fromEntries(this.#expected) };
    try {
      await store.putFact(EXPECTED, noted);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) log.error("which heartbeats are expected could not be kept", { error });
    }
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
