import type { Clock, FallbackRoute, Log, Messenger, Outbox, OutboxClaim, Service } from "../domain/index.ts";
import { FallbackTeller } from "./fallback-teller.ts";
import type { ChannelState } from "./channel.ts";
import { backoffMs, seededRandom } from "./pace.ts";
import { Receipts } from "./receipts.ts";
import { isStoreTrouble, MAX_STORE_PAUSE_MS, SAFETY_MS, Session } from "./session.ts";
import { Wake } from "./wake.ts";

export type { ChannelState } from "./channel.ts";

/** What {@link Delivery} needs. Functions are asked again each time, so that a reload takes effect. */
export interface DeliveryOptions {
  readonly outbox: Outbox;
  /** The chat; the same object until the configuration changes. `undefined`: none is configured. */
  readonly messengerFor: () => Messenger | undefined;
  readonly fallback: FallbackRoute | undefined | (() => FallbackRoute | undefined);
  /** How long a channel may fail in passing before the fallback is taken. */
  readonly fallbackAfterMs: number | (() => number);
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  /** Told whenever a channel begins to fail, dies or is well again. */
  readonly onState: (state: ChannelState) => void;
  /** Address of this corewatch for links in messages. */
  readonly publicUrl?: () => string | undefined;
  /** Seed of the jitter; the clock's unless set. */
  readonly seed?: number;
}

/** What one {@link Delivery.drainFor} came to. */
export interface Drained {
  /** `false`: another process holds the claim, and delivers. */
  readonly claimed: boolean;
  readonly delivered: number;
  readonly waiting: number;
}

/**
 * Drains the outbox into the chat: at least once, at most one message for one incident and channel. It sleeps until it
 * is told of a notice, or the next postponed one falls due. While another process holds the claim it stands by.
 */
export class Delivery implements Service {
  readonly #options: DeliveryOptions;
  readonly #wake = new Wake();
  readonly #receipts = new Receipts();
  readonly #fallback: FallbackTeller;
  readonly #random: () => number;
  readonly #wallAnchor: number;
  readonly #monoAnchor: number;
  #session: Session | undefined;
  #subscription: { stop(): void } | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;

  constructor(options: DeliveryOptions) {
    const { clock, log, fallback, fallbackAfterMs } = options;
    this.#options = options;
    this.#random = seededRandom(options.seed ?? clock.now());
    this.#wallAnchor = clock.now();
    this.#monoAnchor = clock.monotonic();
    this.#fallback = new FallbackTeller({
      route: () => (typeof fallback === "function" ? fallback() : fallback),
      afterMs: () => (typeof fallbackAfterMs === "function" ? fallbackAfterMs() : fallbackAfterMs),
      clock,
      log,
      random: this.#random,
    });
  }

  /** Whether this process holds the claim, how its channels fare, and why the fallback failed last (`null`: it did not). */
  stats(): { claimed: boolean; channels: ChannelState[]; fallbackError: string | null } {
    const session = this.#session;
    return { claimed: session !== undefined, channels: session?.states() ?? [], fallbackError: this.#fallback.error };
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) throw new Error("the delivery was started already");
    this.#subscribe();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#session?.end();
    this.#wake.set();
    await this.#running;
    this.#unsubscribe();
  }

  /** Looks at the outbox now: after a reload, so that a mended channel need not wait. */
  nudge(): void {
    this.#wake.set();
  }

  /** For one-shot commands: delivers what is due for `ms` at most, then releases the claim. @throws StoreUnavailable */
  async drainFor(ms: number): Promise<Drained> {
    if (this.#running !== undefined) throw new Error("a running delivery drains by itself");
    const { outbox, clock } = this.#options;
    const deadline = clock.monotonic() + ms;
    this.#subscribe();
    try {
      const claim = await outbox.claim();
      const delivered = claim === undefined ? 0 : await this.#hold(claim, deadline);
      return { claimed: claim !== undefined, delivered, waiting: (await outbox.backlog()).waiting };
    } finally {
      this.#unsubscribe();
    }
  }

  async #run(): Promise<void> {
    const { outbox, clock, log } = this.#options;
    let failures = 0;
    while (!this.#stopping) {
      let pause = SAFETY_MS;
      try {
        const claim = await outbox.claim();
        failures = 0;
        if (claim !== undefined) {
          await this.#hold(claim, undefined);
          // The claim was lost: not at once again, in case it is lost as soon as it is had.
          pause = 1_000;
        }
      } catch (error) {
        failures++;
        pause = Math.min(MAX_STORE_PAUSE_MS, backoffMs(failures, this.#random));
        const fields = { error: this.#options.redact(String(error)), againInMs: pause };
        if (isStoreTrouble(error)) log.warn("the outbox is out of reach", fields);
        else log.error("delivering notices failed", fields);
      }
      if (!this.#stopping) await this.#wake.wait(clock, pause);
    }
  }

  /** Delivers under `claim` and releases it; how many notices arrived. */
  async #hold(claim: OutboxClaim, deadline: number | undefined): Promise<number> {
    const { clock, log, messengerFor, redact, onState, publicUrl } = this.#options;
    const session = new Session(claim, this.#wake, {
      clock,
      log,
      wall: () => this.#wall(),
      random: this.#random,
      messenger: messengerFor,
      redact,
      publicUrl: () => publicUrl?.(),
      receipts: this.#receipts,
      fallback: this.#fallback,
      onState,
    });
    this.#session = session;
    // It may have been stopped while the claim was on its way: then only the release is left to do.
    if (this.#stopping) session.end();
    try {
      await session.run(deadline);
    } finally {
      await session.stop();
      this.#session = undefined;
      if (!claim.lost) await this.#release(claim);
    }
    return session.delivered;
  }

  async #release(claim: OutboxClaim): Promise<void> {
    try {
      try {
        await this.#receipts.save(claim);
      } finally {
        await claim.release();
      }
    } catch (error) {
      // A claim that cannot be released ends with its connection; begun notices are looked up by whoever is next.
      this.#options.log.warn("the outbox's claim could not be released", {
        error: this.#options.redact(String(error)),
      });
    }
  }

  /** The wall clock, except that it does not step back: a postponed notice must not wait for the hour to come again. */
  #wall(): number {
    const { clock } = this.#options;
    return Math.max(clock.now(), this.#wallAnchor + Math.floor(clock.monotonic() - this.#monoAnchor));
  }

  #subscribe(): void {
    this.#subscription = this.#options.outbox.onNotice(() => this.#wake.set());
  }

  #unsubscribe(): void {
    this.#subscription?.stop();
    this.#subscription = undefined;
  }
}
