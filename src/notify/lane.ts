import type { Messenger, Notice } from "../domain/index.ts";
import { StoreUnavailable } from "../domain/index.ts";
import { DEAD_PAUSE_MS, type ChannelState, type LaneWorld } from "./channel.ts";
import { backoffMs, Bucket, POST_PACE } from "./pace.ts";
import { Wake } from "./wake.ts";

/** Pause when the store does not answer between the steps of a delivery. */
const STORE_PAUSE_MS = 1_000;

/**
 * One channel's line of notices. Works them off one at a time at the channel's pace, posts before edits, an incident's
 * replies after its card; pauses when the channel fails. Lanes never wait for each other.
 */
export class Lane {
  readonly #world: LaneWorld;
  readonly #posts: Bucket;
  readonly #wake = new Wake();
  #list: Notice[] = [];
  /** Begun, and the outbox does not know yet what came of it: it offers nothing for this incident until it does. */
  #held: Notice | undefined;
  /** Incidents whose card was postponed: their replies wait for it. */
  readonly #cardless = new Set<string>();
  #running: Promise<void> | undefined;
  #stopped = false;
  #failures = 0;
  #pausedUntil = 0;
  #state: ChannelState;
  #messenger: Messenger | undefined;

  constructor(channel: string, world: LaneWorld) {
    this.#world = world;
    this.#posts = new Bucket(POST_PACE, world.clock.monotonic());
    this.#messenger = world.messenger();
    this.#state = { channel, dead: false, failingSince: null, error: null };
  }

  get state(): ChannelState {
    return this.#state;
  }

  /** Whether it has something to do before `deadline` (monotonic ms). */
  busyBefore(deadline: number): boolean {
    return this.#running !== undefined && (this.#held !== undefined || this.#pausedUntil < deadline);
  }

  /** The channel's due notices, in the outbox's order; takes the place of what was offered before. */
  offer(notices: readonly Notice[]): void {
    const held = this.#held;
    this.#list = held === undefined || notices.some((one) => one.id === held.id) ? [...notices] : [held, ...notices];
    for (const notice of notices) if (notice.kind === "card") this.#awaitCard(notice.incident, false);
    if (this.#messenger !== this.#world.messenger()) this.#changed();
    this.#wake.set();
    if (this.#list.length > 0 && !this.#stopped) this.#running ??= this.#run();
  }

  /** Lets the request in flight finish and takes no further one. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.set();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped && this.#list.length > 0) {
        try {
          await this.#step();
        } catch (error) {
          await this.#trouble(error);
        }
      }
    } finally {
      this.#running = undefined;
      this.#world.onPause();
    }
  }

  async #step(): Promise<void> {
    if (await this.#fallBack()) return;
    const { clock } = this.#world;
    const paused = this.#pausedUntil - clock.monotonic();
    if (paused > 0) return this.#rest(Math.min(paused, this.#untilFallback()));
    const choice = await this.#choose();
    if (typeof choice === "number") return this.#rest(choice);
    const messenger = this.#world.messenger();
    if (messenger === undefined) return this.#unconfigured();
    await this.#attempt(choice, messenger);
  }

  async #attempt(notice: Notice, messenger: Messenger): Promise<void> {
    this.#held = notice;
    const attempt = await this.#world.deliver(notice, messenger);
    switch (attempt.kind) {
      case "sent":
        this.#leave(notice, false);
        this.#failures = 0;
        this.#tell({ dead: false, failingSince: null, error: null });
        return this.#world.arrived(notice, attempt);
      case "void":
        await this.#surely(() => this.#world.drop(notice, attempt.error));
        return this.#leave(notice, false);
      case "later": {
        const delay = attempt.retryAfterMs ?? backoffMs(attempt.looks, this.#world.random);
        await this.#surely(() => this.#world.postpone(notice, delay, attempt.error));
        return this.#leave(notice, true);
      }
      case "retry":
        return this.#failed(notice, attempt.error, attempt.retryAfterMs);
      case "dead":
        return this.#dead(notice, attempt.error);
    }
  }

  async #failed(notice: Notice, error: string, retryAfterMs: number | undefined): Promise<void> {
    this.#failures++;
    const delay = retryAfterMs ?? backoffMs(this.#failures, this.#world.random);
    this.#pause(delay);
    this.#tell({ dead: false, failingSince: this.#state.failingSince ?? this.#world.wall(), error });
    if (this.#world.fallbackFrom(notice, this.#state) <= this.#world.wall()) return this.#fallBackWith(notice);
    await this.#surely(() => this.#world.postpone(notice, delay, error));
    this.#leave(notice, true);
  }

  /** No chat is configured for these notices: that is as it was wished, so nobody is alarmed. */
  #unconfigured(): void {
    this.#pause(DEAD_PAUSE_MS);
    this.#state = { ...this.#state, dead: true, failingSince: this.#world.wall(), error: "Slack is not configured" };
  }

  async #dead(notice: Notice, error: string): Promise<void> {
    this.#failures++;
    this.#pause(DEAD_PAUSE_MS);
    this.#world.log.error("the channel takes no messages until somebody mends it", {
      channel: this.#state.channel,
      incident: notice.incident,
      error,
    });
    this.#tell({ dead: true, failingSince: this.#state.failingSince ?? this.#world.wall(), error });
    await this.#fallBackWith(notice);
  }

  /** Tells by the second route whatever waited long enough; `true` when it did something. */
  async #fallBack(): Promise<boolean> {
    if (this.#state.failingSince === null) return false;
    const resting = this.#pausedUntil > this.#world.clock.monotonic();
    const now = this.#world.wall();
    // While the channel may be tried it is, except by replies that cannot go before their postponed card.
    const overdue = this.#list.find(
      (notice) =>
        (resting || (notice.kind === "reply" && this.#cardless.has(notice.incident))) &&
        this.#world.fallbackFrom(notice, this.#state) <= now,
    );
    if (overdue === undefined) return false;
    await this.#fallBackWith(overdue);
    return true;
  }

  async #fallBackWith(notice: Notice): Promise<void> {
    let outcome: "settled" | "postponed" = "postponed";
    await this.#surely(async () => {
      outcome = await this.#world.fallBack(notice, this.#state);
    });
    this.#leave(notice, outcome === "postponed");
  }

  /** Repeats `write` until the store has it: the outbox holds the incident's next notice back until it knows. */
  async #surely(write: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      try {
        return await write();
      } catch (error) {
        await this.#trouble(error);
      }
    }
  }

  async #trouble(error: unknown): Promise<void> {
    if (!(error instanceof StoreUnavailable))
      this.#world.log.error("delivering a notice failed", { channel: this.#state.channel, error: String(error) });
    this.#world.onPause();
    await this.#rest(STORE_PAUSE_MS);
  }

  /** The next notice that may go now, or how many ms until one may. */
  async #choose(): Promise<Notice | number> {
    if (this.#held !== undefined) return this.#held;
    const now = this.#world.clock.monotonic();
    const seen = new Set<string>();
    const ready: { notice: Notice; rank: number }[] = [];
    let wait = Infinity;
    // An offer may put another list in its place meanwhile; this one is then merely old.
    for (const notice of this.#list) {
      const blocked = notice.kind === "reply" && (seen.has(notice.incident) || this.#cardless.has(notice.incident));
      if (notice.kind === "card") seen.add(notice.incident);
      if (blocked) continue;
      const edit = await this.#world.isEdit(notice);
      const pause = (edit ? this.#world.edits : this.#posts).waitMs(now);
      if (pause > 0) wait = Math.min(wait, pause);
      else ready.push({ notice, rank: edit ? 2 : notice.kind === "card" ? 0 : 1 });
      // A card that starts an incident's message goes before everything: nothing further down can beat it.
      if (ready.at(-1)?.rank === 0) break;
    }
    const best = ready.sort((a, b) => a.rank - b.rank)[0];
    // Only replies whose card was postponed: the offer that brings it back wakes the lane.
    if (best === undefined) return Math.min(wait, this.#untilFallback());
    if (!this.#list.includes(best.notice)) return 0;
    (best.rank === 2 ? this.#world.edits : this.#posts).take(now);
    return best.notice;
  }

  /** Ms until the first waiting notice falls to the second route. */
  #untilFallback(): number {
    if (this.#state.failingSince === null) return Infinity;
    const first = Math.min(...this.#list.map((notice) => this.#world.fallbackFrom(notice, this.#state)));
    return Math.max(1, first - this.#world.wall());
  }

  #awaitCard(incident: string, awaited: boolean): void {
    if (awaited) this.#cardless.add(incident);
    else this.#cardless.delete(incident);
  }

  /** Another messenger (a reloaded configuration): what was wrong with the last one is no longer known to be. */
  #changed(): void {
    this.#messenger = this.#world.messenger();
    this.#pausedUntil = 0;
    this.#failures = 0;
    if (this.#state.dead) this.#tell({ dead: false, failingSince: null, error: null });
  }

  /** Its fate is written. `comesBack`: it was postponed, and its incident's replies wait for it when it is a card. */
  #leave(notice: Notice, comesBack: boolean): void {
    if (this.#held?.id === notice.id) this.#held = undefined;
    this.#list = this.#list.filter((other) => other.id !== notice.id);
    if (notice.kind === "card") this.#awaitCard(notice.incident, comesBack);
  }

  #pause(ms: number): void {
    this.#pausedUntil = this.#world.clock.monotonic() + ms;
    this.#world.onPause();
  }

  async #rest(ms: number): Promise<void> {
    if (ms > 0) await this.#wake.wait(this.#world.clock, ms);
  }

  #tell(next: Omit<ChannelState, "channel">): void {
    const before = this.#state;
    this.#state = { channel: before.channel, ...next };
    if (before.dead !== next.dead || before.failingSince !== next.failingSince || before.error !== next.error)
      this.#world.onState(this.#state);
  }
}
