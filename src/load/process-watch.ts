import type { Clock, GeneratorHealth, Timer } from "../domain/index.ts";

/** How often memory and clocks are looked at, ms. */
const LOOK_MS = 500;

/** Watches the process during a stage: its memory, and the wall clock against the monotonic one. */
export class ProcessWatch {
  readonly #clock: Clock;
  readonly #beganAt: number;
  readonly #offset: number;
  #timer: Timer | undefined;
  #memoryBytes = 0;
  #clockStepMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAt = clock.monotonic();
    this.#offset = this.#apart();
    this.#look();
  }

  /** Milliseconds since it began. */
  get elapsedMs(): number {
    return this.#clock.monotonic() - this.#beganAt;
  }

  /** Ends the watch. A step of the clock that was taken back in between shows too. */
  end(): Pick<GeneratorHealth, "memoryBytes" | "clockStepMs"> {
    this.#look();
    this.#timer?.clear();
    return { memoryBytes: this.#memoryBytes, clockStepMs: this.#clockStepMs };
  }

  #apart(): number {
    return this.#clock.now() - this.#clock.monotonic();
  }

  #look(): void {
    this.#timer?.clear();
    this.#memoryBytes = Math.max(this.#memoryBytes, process.memoryUsage.rss());
    const step = this.#apart() - this.#offset;
    if (Math.abs(step) > Math.abs(this.#clockStepMs)) this.#clockStepMs = step;
    this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }
}
