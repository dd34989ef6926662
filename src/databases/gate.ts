/** Lets at most `limit` callers in at once; the rest wait in line. */
export class Gate {
  readonly #limit: number;
  #inside = 0;
  readonly #line: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves with the function that leaves; `undefined` when `signal` aborts first. */
  enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#inside < this.#limit) {
      this.#inside++;
      return Promise.resolve(this.#leave());
    }
    return new Promise((resolve) => {
      const admit = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve(this.#leave());
      };
      const giveUp = (): void => {
        this.#line.splice(this.#line.indexOf(admit), 1);
        resolve(undefined);
      };
      this.#line.push(admit);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #leave(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#line.shift();
      // The place goes to the next in line, so the count stays.
      if (next === undefined) this.#inside--;
      else next();
    };
  }
}
