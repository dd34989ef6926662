import type { Clock, NetFailure, Timer } from "../domain/index.ts";
import { Fault } from "./fault.ts";
import type { Stage } from "./fault.ts";

/** Why an attempt has to end now. */
export type StopReason = "deadline" | "cancelled";

/** What it means that time is up, by what was waited for. */
const LATE: Readonly<Record<Stage, readonly [NetFailure, string]>> = {
  dns: ["dns-failure", "was not looked up by DNS"],
  connect: ["connect-timeout", "did not accept the connection"],
  tls: ["timeout", "did not finish the TLS handshake"],
  exchange: ["timeout", "did not answer in full"],
};

/**
 * The end of one attempt: its own deadline, or the caller's signal. Whoever waits at the moment is told through
 * {@link Stop.listen}; there is one listener at a time, since an attempt does one thing at a time.
 */
export class Stop {
  readonly #clock: Clock;
  readonly #started: number;
  readonly #timeoutMs: number;
  readonly #timer: Timer;
  readonly #signal: AbortSignal;
  #reason: StopReason | undefined;
  #listener: ((fault: Fault) => void) | undefined;
  /** Where the attempt is: names what was waited for when the deadline comes. */
  stage: Stage = "connect";
  /** What is waited for, for the sentence: `10.0.1.11:3567`. */
  peer = "";

  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal) {
    this.#clock = clock;
    this.#started = clock.monotonic();
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#timer = clock.after(timeoutMs, () => this.#end("deadline"));
    if (signal.aborted) this.#reason = reasonOf(signal);
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#end(reasonOf(this.#signal));

  /** Milliseconds since the attempt began. */
  elapsed(): number {
    return this.#clock.monotonic() - this.#started;
  }

  /** Calls `listener` when the attempt has to end, instead of the one before. @throws Fault when it already has. */
  listen(listener: ((fault: Fault) => void) | undefined): void {
    this.#listener = listener;
    if (listener !== undefined && this.#reason !== undefined) throw this.#fault(this.#reason);
  }

  /** `work`, or a rejection with a {@link Fault} when the attempt ends first. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      work.then(resolve, reject);
      this.listen(reject);
    });
  }

  /** Calls the attempt off from outside: the prober is closing. */
  cancel(): void {
    this.#end("cancelled");
  }

  /** Frees timer and signal; nothing is called afterwards. */
  release(): void {
    this.#timer.clear();
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#listener = undefined;
  }

  #end(reason: StopReason): void {
    this.#reason ??= reason;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.(this.#fault(this.#reason));
  }

  #fault(reason: StopReason): Fault {
    if (reason === "cancelled") return new Fault("cancelled", "the probe was called off");
    const [failure, what] = LATE[this.stage];
    return new Fault(failure, `${this.peer} ${what} within ${Math.round(this.#timeoutMs) / 1000} s`);
  }
}

/** A signal that aborts because time is up is a deadline; anything else calls the probe off. */
function reasonOf(signal: AbortSignal): StopReason {
  const reason: unknown = signal.reason;
  return reason instanceof Error && reason.name === "TimeoutError" ? "deadline" : "cancelled";
}
