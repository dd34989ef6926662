import type { Clock, Log, Messenger, Notice, OutboxClaim } from "../domain/index.ts";
import { StoreUnavailable } from "../domain/index.ts";
import { Courier, type Attempt } from "./courier.ts";
import type { FallbackTeller } from "./fallback-teller.ts";
import type { ChannelState } from "./channel.ts";
import { Lane } from "./lane.ts";
import { backoffMs, Bucket, EDIT_PACE } from "./pace.ts";
import type { Receipts } from "./receipts.ts";
import { Wake } from "./wake.ts";

/** Longest time without a look at the outbox, in case a wake-up was lost on the way. */
export const SAFETY_MS = 30_000;
/** Notices looked at in one go. Cards are folded and incidents grouped: thousands are never waiting in one place. */
const LIMIT = 2_000;
/** Longest pause between looks at a store that is out of reach. */
export const MAX_STORE_PAUSE_MS = 15_000;
/** Longest wait for requests in flight when stopping. */
const STOP_MS = 10_000;

/** What a session needs. */
export interface SessionWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly wall: () => number;
  readonly random: () => number;
  readonly messenger: () => Messenger | undefined;
  readonly redact: (text: string) => string;
  readonly publicUrl: () => string | undefined;
  readonly receipts: Receipts;
  readonly fallback: FallbackTeller;
  readonly onState: (state: ChannelState) => void;
}

/** Delivering while one claim is held: looks at the outbox when woken, hands the due notices to their channels' lanes. */
export class Session {
  readonly #claim: OutboxClaim;
  readonly #world: SessionWorld;
  readonly #courier: Courier;
  readonly #edits: Bucket;
  readonly #lanes = new Map<string, Lane>();
  readonly #wake: Wake;
  /** Epoch ms until which a notice was postponed here: an answer of the outbox may be older than that. */
  readonly #notBefore = new Map<number, number>();
  #stopping = false;
  delivered = 0;

  constructor(claim: OutboxClaim, wake: Wake, world: SessionWorld) {
    this.#claim = claim;
    this.#wake = wake;
    this.#world = world;
    this.#courier = new Courier(claim, world.clock, { publicUrl: world.publicUrl(), redact: world.redact });
    this.#edits = new Bucket(EDIT_PACE, world.clock.monotonic());
  }

  /** Channels that were written to, as they fare now. */
  states(): ChannelState[] {
    return [...this.#lanes.values()]
      .map((lane) => lane.state)
      .filter((state) => this.#messengerOf(state.channel) !== undefined);
  }

  /**
   * Delivers until the claim is lost, {@link end} is called, or, with a deadline (monotonic ms), nothing is left to do
   * before it. While the store is out of reach and the claim may still be held, it waits.
   */
  async run(deadline: number | undefined): Promise<void> {
    const { clock, log } = this.#world;
    let failures = 0;
    while (!this.#stopping && !this.#claim.lost) {
      const left = deadline === undefined ? Infinity : deadline - clock.monotonic();
      if (left <= 0) return;
      let wait: number;
      try {
        wait = await this.#look();
        failures = 0;
        if (deadline !== undefined && this.#idleUntil(deadline) && wait >= Math.min(left, SAFETY_MS)) return;
      } catch (error) {
        if (!isStoreTrouble(error)) throw error;
        wait = Math.min(MAX_STORE_PAUSE_MS, backoffMs(++failures, this.#world.random));
        log.warn("the outbox is out of reach", { error: this.#world.redact(String(error)), againInMs: wait });
      }
      await this.#wake.wait(clock, Math.min(wait, left));
    }
  }

  /** Hands out what is due; ms until the next look. */
  async #look(): Promise<number> {
    await this.#world.receipts.save(this.#claim);
    // One moment for the whole look: what falls due while the outbox answers is neither offered yet nor past.
    const asked = this.#world.wall();
    this.#offer(await this.#claim.due(asked, LIMIT), asked);
    const next = await this.#claim.nextDue();
    // What was due is in its lane, which has its own timers; of the rest those postponed here are known.
    const later = [next ?? 0, ...this.#notBefore.values()].filter((at) => at > asked);
    const now = this.#world.wall();
    return Math.min(SAFETY_MS, ...later.map((at) => Math.max(0, at - now)));
  }

  #idleUntil(deadline: number): boolean {
    return [...this.#lanes.values()].every((lane) => !lane.busyBefore(deadline));
  }

  /** No further request is begun. */
  end(): void {
    this.#stopping = true;
    this.#wake.set();
  }

  /** Lets requests in flight finish, within a bound. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const lanes = Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
    let timer: { clear(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#world.clock.after(STOP_MS, resolve);
    });
    await Promise.race([lanes, late]);
    timer?.clear();
  }

  #offer(due: readonly Notice[], asked: number): void {
    for (const [id, until] of this.#notBefore) if (until <= asked) this.#notBefore.delete(id);
    const byChannel = new Map<string, Notice[]>([...this.#lanes.keys()].map((channel) => [channel, []]));
    for (const notice of due) {
      if (this.#world.receipts.has(notice.id) || this.#notBefore.has(notice.id)) continue;
      const list = byChannel.get(notice.channel);
      if (list === undefined) byChannel.set(notice.channel, [notice]);
      else list.push(notice);
    }
    for (const [channel, notices] of byChannel) this.#lane(channel).offer(notices);
  }

  #lane(channel: string): Lane {
    const known = this.#lanes.get(channel);
    if (known !== undefined) return known;
    const { clock, log, wall, random, fallback, onState } = this.#world;
    const lane = new Lane(channel, {
      clock,
      log,
      wall,
      random,
      messenger: () => this.#messengerOf(channel),
      onState,
      edits: this.#edits,
      isEdit: (notice) => this.#courier.isEdit(notice),
      deliver: (notice, through) => this.#deliver(notice, through),
      arrived: (notice, attempt) => this.#arrived(notice, attempt),
      drop: (notice, error) => this.#settle(notice, "failed", null, error),
      postpone: (notice, delayMs, error) => this.#postpone(notice, delayMs, error),
      fallbackFrom: (notice, state) => fallback.from(notice, state, this.#messengerOf(channel) !== undefined),
      fallBack: (notice, state) => this.#fallBack(notice, state),
      onPause: () => this.#wake.set(),
    });
    this.#lanes.set(channel, lane);
    return lane;
  }

  /** Notices without a channel are for the fallback route alone. */
  #messengerOf(channel: string): Messenger | undefined {
    return channel === "" ? undefined : this.#world.messenger();
  }

  async #deliver(notice: Notice, messenger: Messenger): Promise<Attempt> {
    const attempt = await this.#courier.deliver(notice, messenger).catch((error: unknown): Attempt => {
      if (isStoreTrouble(error)) throw error;
      // A fault of ours in one notice must not hold up the others.
      this.#world.log.error("delivering a notice failed", { notice: notice.id, error: String(error) });
      return { kind: "later", error: "internal error", retryAfterMs: undefined, looks: notice.attempts + 1 };
    });
    // Kept before anything else can happen: from here on it must not be sent again.
    if (attempt.kind === "sent") this.#world.receipts.keep(notice, attempt.receipt, attempt.post, this.#world.wall());
    return attempt;
  }

  async #arrived(notice: Notice, attempt: Attempt & { kind: "sent" }): Promise<void> {
    this.delivered++;
    this.#world.log.info("notice delivered", {
      notice: notice.id,
      incident: notice.incident,
      channel: notice.channel,
      kind: notice.kind,
      because: notice.because,
      ts: attempt.receipt,
      latencyMs: Math.max(0, this.#world.wall() - notice.at),
    });
    try {
      await this.#world.receipts.save(this.#claim);
    } catch (error) {
      // The receipt is kept in memory and written with the next look at the outbox.
      this.#world.log.warn("the receipt of a notice waits for the store", { notice: notice.id, error: String(error) });
    }
    // The outbox gives an incident's notices one by one.
    this.#wake.set();
  }

  async #fallBack(notice: Notice, state: ChannelState): Promise<"settled" | "postponed"> {
    const story = await this.#claim.incident(notice.incident);
    if (story === undefined) {
      await this.#settle(notice, "failed", null, "the incident is not in the store");
      return "settled";
    }
    const slack = this.#messengerOf(notice.channel) !== undefined;
    const decision = await this.#world.fallback.tell(notice, story, this.#courier.textOf(notice, story), state, slack);
    if (decision.kind === "settle") {
      await this.#settle(notice, decision.state, decision.receipt, decision.error);
      return "settled";
    }
    await this.#postpone(notice, decision.delayMs, decision.error);
    return "postponed";
  }

  async #settle(notice: Notice, state: "fallback" | "failed", receipt: string | null, error: string): Promise<void> {
    await this.#claim.settle(notice.id, this.#world.wall(), state, receipt, this.#world.redact(error));
    this.#wake.set();
    if (state === "failed")
      this.#world.log.error("a notice cannot be delivered", {
        notice: notice.id,
        incident: notice.incident,
        channel: notice.channel,
        error,
      });
  }

  async #postpone(notice: Notice, delayMs: number, error: string): Promise<void> {
    const now = this.#world.wall();
    this.#notBefore.set(notice.id, now + delayMs);
    this.#world.log.warn("a notice has to wait", {
      notice: notice.id,
      incident: notice.incident,
      channel: notice.channel,
      delayMs,
      error,
    });
    try {
      await this.#claim.postpone(notice.id, now, now + delayMs, this.#world.redact(error));
    } catch (fault) {
      this.#notBefore.delete(notice.id);
      throw fault;
    }
    this.#wake.set();
  }
}

/** Whether the trouble is the store's and passes. */
export function isStoreTrouble(error: unknown): boolean {
  return error instanceof StoreUnavailable;
}
