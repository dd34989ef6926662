import { wait } from "../domain/index.ts";
import type { Clock, Log } from "../domain/index.ts";

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

  /** Begins; `work` resolves with how long to wait, ms. What it throws is its trouble, and it is done again after `retryMs`. */
  start(work: (signal: AbortSignal) => Promise<number>, firstMs: number, retryMs: number): void {
    this.#running ??= this.#run(work, firstMs, retryMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(work: (signal: AbortSignal) => Promise<number>, firstMs: number, retryMs: number): Promise<void> {
    const { signal } = this.#stopping;
    let ms = firstMs;
    for (;;) {
      if (ms > 0) await wait(this.#clock, ms, signal);
      if (signal.aborted) return;
      try {
        ms = await work(signal);
        this.#well();
      } catch (error) {
        if (signal.aborted) return;
        ms = retryMs;
        this.#ill(error);
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
