import type { Service } from "../domain/index.ts";

/** Services that start in order and stop in reverse; when one cannot start, those before it are stopped. */
export class Services implements Service {
  readonly #all: readonly Service[];
  readonly #started: Service[] = [];
  #stopping: Promise<void> | undefined;

  constructor(all: readonly Service[]) {
    this.#all = all;
  }

  async start(): Promise<void> {
    try {
      for (const one of this.#all) {
        await one.start();
        this.#started.push(one);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops each, whatever becomes of the others. @throws the first failure, after all were stopped. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let one = this.#started.pop(); one !== undefined; one = this.#started.pop()) {
      try {
        await one.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
