import {
  type Clock,
  type Housekeeping,
  type Log,
  type Service,
  StoreUnavailable,
  type Timer,
} from "../domain/index.ts";

/** How often minutes are rolled up, partitions made and old data dropped. */
const EVERY_MS = 60_000;
const FIRST_MS = 5_000;

/** Runs the store's housekeeping once a minute; a run that fails is tried again a minute later. */
export class Housekeeper implements Service {
  readonly #options: { readonly clock: Clock; readonly log: Log; readonly housekeeping: Housekeeping };
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly housekeeping: Housekeeping }) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#arm(FIRST_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    await this.#running;
  }

  #arm(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => {
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        this.#arm(EVERY_MS);
      });
    });
  }

  async #run(): Promise<void> {
    const { clock, log, housekeeping } = this.#options;
    try {
      await housekeeping.run(clock.now());
    } catch (error) {
      // The watcher tells of a store that is out of reach; this only has to come again.
      if (error instanceof StoreUnavailable) log.debug("housekeeping waits for the store", { error });
      else log.error("housekeeping failed: it is tried again in a minute", { error });
    }
  }
}
