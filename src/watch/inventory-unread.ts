import type { Clock, Log } from "../domain/index.ts";

/** Deployments whose last read failed: why, and since when. Each is logged when that begins, changes and ends. */
export class Unread {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #failures = new Map<string, { readonly since: number; readonly why: string }>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#failures.size;
  }

  /** A read failed; `kept`: how many cores are known from before. */
  failed(deployment: string, why: string, kept: number): void {
    const before = this.#failures.get(deployment);
    this.#failures.set(deployment, { since: before?.since ?? this.#clock.now(), why });
    if (before?.why !== why)
      this.#log.warn(`the inventory of ${deployment} is stale: ${why}; its ${kept} known cores stay`);
  }

  /** A read was complete. */
  read(deployment: string): void {
    if (this.#failures.delete(deployment)) this.#log.info(`the inventory of ${deployment} is read again`);
  }

  /** One a deployment. */
  sentences(): string[] {
    return [...this.#failures].map(
      ([id, { since, why }]) => `${id} since ${new Date(since).toISOString().slice(0, 19)}Z: ${why}`,
    );
  }
}
