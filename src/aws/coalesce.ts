import type { Clock } from "../domain/index.ts";

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Lets callers that ask the same thing in the same moment share one answer: those who come while it is on its way, and those
 * who come within `freshMs` after it. A failure is told to those who waited for it, and not kept. The work is called off when
 * nobody waits for it any more.
 */
export class Coalescer<T> {
  readonly #clock: Clock;
  readonly #freshMs: number;
  readonly #flights = new Map<string, Flight<T>>();
  readonly #answers = new Map<string, { readonly at: number; readonly answer: T }>();

  constructor(clock: Clock, freshMs: number) {
    this.#clock = clock;
    this.#freshMs = freshMs;
  }

  /** The answer for `key`; `cancelled()` is thrown when `signal` aborts first. */
  ask(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>, cancelled: () => Error): Promise<T> {
    if (signal.aborted) return Promise.reject(cancelled());
    this.#forgetOld();
    const known = this.#answers.get(key);
    if (known !== undefined) return Promise.resolve(known.answer);
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiting++;
    return new Promise((resolve, reject) => {
      let left = false;
      const leave = (): void => {
        if (left) return;
        left = true;
        signal.removeEventListener("abort", giveUp);
        if (--flight.waiting === 0) this.#end(key, flight);
      };
      const giveUp = (): void => {
        leave();
        reject(cancelled());
      };
      signal.addEventListener("abort", giveUp, { once: true });
      flight.answer.then(resolve, reject).finally(leave);
    });
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    const answer = work(stop.signal).then((answer) => {
      this.#answers.set(key, { at: this.#clock.monotonic(), answer });
      return answer;
    });
    const flight: Flight<T> = { answer, stop, waiting: 0 };
    this.#flights.set(key, flight);
    const gone = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    answer.then(gone, gone);
    return flight;
  }

  /** Nobody waits any more: a newcomer starts anew rather than joining what was called off. */
  #end(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.stop.abort();
  }

  #forgetOld(): void {
    const now = this.#clock.monotonic();
    for (const [key, { at }] of this.#answers) if (now - at >= this.#freshMs) this.#answers.delete(key);
  }
}
