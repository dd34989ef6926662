import type { WireResult } from "../domain/index.ts";

/** What a request is on: a connection, or the line in front of those that are being made. */
export interface Holder {
  giveUp(result: WireResult): void;
}

/** A request in flight. */
export interface Flight {
  holder: Holder;
  readonly deadline: number;
  before: Flight | undefined;
  after: Flight | undefined;
}

/**
 * Requests in flight in the order of sending. All have the same time limit, so the first is the first to run out, and one timer is
 * enough for all.
 */
export class Flights {
  #first: Flight | undefined;
  #last: Flight | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** When the first one runs out; `undefined` when none is in flight. */
  get nextDeadline(): number | undefined {
    return this.#first?.deadline;
  }

  /** Deadlines must not fall. */
  add(holder: Holder, deadline: number): Flight {
    const flight: Flight = { holder, deadline, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = flight;
    else this.#last.after = flight;
    this.#last = flight;
    this.#count++;
    return flight;
  }

  remove(flight: Flight): void {
    if (flight.before === undefined) this.#first = flight.after;
    else flight.before.after = flight.after;
    if (flight.after === undefined) this.#last = flight.before;
    else flight.after.before = flight.before;
    this.#count--;
  }

  /** Those whose deadline has come by `now`; whoever asks removes them. */
  until(now: number): Flight[] {
    const over: Flight[] = [];
    for (let flight = this.#first; flight !== undefined && flight.deadline <= now; flight = flight.after) {
      over.push(flight);
    }
    return over;
  }
}
