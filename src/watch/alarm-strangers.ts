import type { Clock, Log } from "../domain/index.ts";

/** So long after it was last seen a stranger is named, ms: longer than most queues hide a message that was not taken. */
const NAMED_MS = 15 * 60_000;
/** Strangers that are remembered at most: their topics' names come from outside. */
const MAX_NAMED = 20;

/** What is in queues of ours and is not for us. It is left there, so that it comes again: it is logged once, and named while it lasts. */
export class Strangers {
  readonly #clock: Clock;
  readonly #log: Log;
  /** Monotonic ms of the last time, by sentence. */
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** One more message; `topicArn`: `null` where the message does not say. */
  note(queueArn: string, topicArn: string | null): void {
    const what =
      topicArn === null
        ? "messages that are no alarm's"
        : `messages of ${topicArn.slice(0, 300)}, which is not the fleet's`;
    const sentence = `queue ${queueArn} holds ${what}: they are left in it; give alarms a queue of their own`;
    const current = this.#current();
    if (current.length >= MAX_NAMED && !current.includes(sentence)) return;
    if (!current.includes(sentence)) this.#log.warn(sentence);
    this.#seen.set(sentence, this.#clock.monotonic());
  }

  /** One sentence for each of late. */
  troubles(): string[] {
    return this.#current();
  }

  #current(): string[] {
    const since = this.#clock.monotonic() - NAMED_MS;
    for (const [sentence, at] of this.#seen) if (at < since) this.#seen.delete(sentence);
    return [...this.#seen.keys()];
  }
}
