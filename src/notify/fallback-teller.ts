import type { Clock, FallbackRoute, Log, Notice } from "../domain/index.ts";
import type { Story } from "./courier.ts";
import { DEAD_PAUSE_MS, type ChannelState } from "./channel.ts";
import { backoffMs } from "./pace.ts";

/** What becomes of the notice in its channel once the second route was tried. */
export type Decision =
  | {
      readonly kind: "settle";
      readonly state: "fallback" | "failed";
      readonly receipt: string | null;
      readonly error: string;
    }
  /** `delayMs` 0: it waits for its channel alone. */
  | { readonly kind: "postpone"; readonly delayMs: number; readonly error: string };

const MAX_REMEMBERED = 10_000;

/**
 * The second route's rules. A dead channel takes it at once, one that fails in passing after `afterMs`; each notice goes
 * it once. In a dead channel a reply is done with that; a card waits on, tried every five minutes, so that a mended
 * channel shows how things stand, unless its incident is over. Without a second route everything waits.
 */
export class FallbackTeller {
  readonly #route: () => FallbackRoute | undefined;
  readonly #afterMs: () => number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #told = new Map<number, string>();
  #failures = 0;
  #error: string | null = null;

  constructor(options: {
    readonly route: () => FallbackRoute | undefined;
    readonly afterMs: () => number;
    readonly clock: Clock;
    readonly log: Log;
    readonly random: () => number;
  }) {
    this.#route = options.route;
    this.#afterMs = options.afterMs;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#random = options.random;
  }

  /** Why the route's last request failed, or `null`. */
  get error(): string | null {
    return this.#error;
  }

  /** Epoch ms from which `notice` is this route's to tell in a channel that fares so. `slack`: whether there is a chat at all. */
  from(notice: Notice, state: ChannelState, slack: boolean): number {
    if (this.#told.has(notice.id)) return Infinity;
    if (state.dead) return this.#route() === undefined && slack ? Infinity : -Infinity;
    if (state.failingSince === null || this.#route() === undefined) return Infinity;
    return Math.min(state.failingSince, notice.failingSince ?? Infinity) + this.#afterMs();
  }

  /** Tells it, unless it was told. `slack`: whether there is a chat that may take it one day. Never throws. */
  async tell(notice: Notice, story: Story, text: string, state: ChannelState, slack: boolean): Promise<Decision> {
    const why = state.error ?? "the channel fails";
    const route = this.#route();
    if (route === undefined) {
      if (slack) return { kind: "postpone", delayMs: 0, error: why };
      return { kind: "settle", state: "failed", receipt: null, error: "neither Slack nor a fallback is configured" };
    }
    const receipt = this.#told.get(notice.id) ?? (await this.#send(route, notice, story, text));
    if (typeof receipt !== "string") {
      const again = receipt.retry ? backoffMs(this.#failures, this.#random) : DEAD_PAUSE_MS;
      return { kind: "postpone", delayMs: again, error: `${why}; the fallback failed: ${receipt.error}` };
    }
    const done = state.dead && (notice.kind === "reply" || story.incident.state === "resolved" || !slack);
    if (done) return { kind: "settle", state: "fallback", receipt, error: why };
    return { kind: "postpone", delayMs: 0, error: `${why}; told by the fallback` };
  }

  async #send(
    route: FallbackRoute,
    notice: Notice,
    story: Story,
    text: string,
  ): Promise<string | { readonly retry: boolean; readonly error: string }> {
    const started = this.#clock.monotonic();
    const sent = await route.send({
      notice: notice.id,
      because: notice.because,
      text,
      incident: story.incident,
      events: story.events,
    });
    if (!sent.ok) {
      this.#failures++;
      this.#error = sent.error;
      this.#log.error("the fallback route failed", { notice: notice.id, incident: notice.incident, error: sent.error });
      return sent;
    }
    this.#failures = 0;
    this.#error = null;
    this.#told.set(notice.id, sent.receipt);
    if (this.#told.size > MAX_REMEMBERED) this.#told.delete(this.#told.keys().next().value ?? 0);
    this.#log.warn("told by the fallback route", {
      notice: notice.id,
      incident: notice.incident,
      receipt: sent.receipt,
      ms: Math.round(this.#clock.monotonic() - started),
    });
    return sent.receipt;
  }
}
