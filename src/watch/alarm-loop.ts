import { wait } from "../domain/index.ts";
import type { Clock, Log } from "../domain/index.ts";

/** When work is done. */
export interface Rhythm {
  /** Before the first time, and after a failure, ms. */
  readonly firstMs: number;
  readonly retryMs: number;
  /** Waits until it is due again. */
  readonly next: (signal: AbortSignal) => Promise<void>;
}

/** Work that is done again and again until it is stopped; trouble is logged when it begins, changes and ends. */
export class Loop {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #trouble: string | undefined;

  /** `name`: what is done, for the log. */
  constructor(name: string, clock: Clock, log: Log) {
    this.#name = name;
    this.#clock = clock;
    this.#log = log;
  }

  /** Why it does not get on; `undefined` while it does. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Begins. What `work` throws is its trouble. */
  start(work: (signal: AbortSignal) => Promise<void>, rhythm: Rhythm): void {
    this.#running ??= this.#run(work, rhythm);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(work: (signal: AbortSignal) => Promise<void>, { firstMs, retryMs, next }: Rhythm): Promise<void> {
    const { signal } = this.#stopping;
    if (firstMs > 0) await wait(this.#clock, firstMs, signal);
    while (!signal.aborted) {
      try {
        await work(signal);
        this.#well();
        await next(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#ill(error);
        await wait(this.#clock, retryMs, signal);
      }
    }
  }

  #well(): void {
    if (this.#trouble !== undefined) this.#log.info(`${this.#name} works again`);
    this.#trouble = undefined;
  }

  #ill(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    if (trouble !== this.#trouble) this.#log.warn(`${this.#name} does not work now: ${trouble}`);
    this.#trouble = trouble;
  }
}
