import type {
  Clock,
  Incident,
  IncidentEvent,
  Message,
  Messenger,
  Notice,
  OutboxClaim,
  Post,
  SendResult,
} from "../domain/index.ts";
import { card, replyMessage, type MessageLinks } from "./messages.ts";

/** What came of one attempt to bring a notice to the chat. */
export type Attempt =
  /** It is there: `sent` is still to be written. */
  | { readonly kind: "sent"; readonly receipt: string; readonly post: Post | undefined }
  /** Nothing to tell: the incident is gone from the store. */
  | { readonly kind: "void"; readonly error: string }
  /** The channel fails in passing. */
  | { readonly kind: "retry"; readonly error: string; readonly retryAfterMs: number | undefined }
  /** Only this notice has to wait: whether it is there already could not be looked up. */
  | Later
  | { readonly kind: "dead"; readonly error: string };

/** A look-up failed, for the `looks`-th time in a row. */
export interface Later {
  readonly kind: "later";
  readonly error: string;
  readonly retryAfterMs: number | undefined;
  readonly looks: number;
}

/** How likely it is that a message is there without a receipt. */
type Suspicion = "none" | "weak" | "strong";

/** An incident with its timeline. */
export interface Story {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
}

/** Clocks of this host and Slack's may differ by this much. */
const SKEW_MS = 5 * 60_000;
/** After so many look-ups that cannot succeed (a missing scope), at-least-once beats silence. */
const MAX_BLIND_LOOKS = 5;
/**
 * Errors of a look-up after which a post cannot repeat anything: it meets the same error, and tells that the channel is
 * dead at once.
 */
const POST_TELLS: ReadonlySet<string> = new Set([
  "channel_not_found",
  "is_archived",
  "not_authed",
  "invalid_auth",
  "account_inactive",
  "token_revoked",
  "token_expired",
]);
const MAX_REMEMBERED = 5_000;

/**
 * Brings single notices to the chat while one claim is held. It remembers where cards stand and which messages may have
 * arrived without a receipt; these are looked up before anything is sent again.
 */
export class Courier {
  readonly #claim: OutboxClaim;
  readonly #clock: Clock;
  readonly #links: Pick<MessageLinks, "publicUrl" | "redact">;
  /** When the claim was taken: older incidents may have been told by another process. */
  readonly #since: number;
  /** `null`: surely none; nobody else posts while the claim is held. */
  readonly #posts = new Map<string, Post | null>();
  /** Messages that were sent without a receipt: `true` may have arrived, `false` surely did not. */
  readonly #doubts = new Map<string, boolean>();
  /** Look-ups in a row that failed. */
  readonly #failedLooks = new Map<string, number>();

  constructor(claim: OutboxClaim, clock: Clock, links: Pick<MessageLinks, "publicUrl" | "redact">) {
    this.#claim = claim;
    this.#clock = clock;
    this.#links = links;
    this.#since = clock.now();
  }

  /** Whether `notice` will be an edit of a message that stands; else it makes a new one. */
  async isEdit(notice: Notice): Promise<boolean> {
    return notice.kind === "card" && (await this.#standing(notice)) !== undefined;
  }

  /** The text that a second route carries. */
  textOf(notice: Notice, story: Story): string {
    return this.#render(notice, story).text;
  }

  /** One attempt. @throws StoreUnavailable, before anything was sent */
  async deliver(notice: Notice, messenger: Messenger): Promise<Attempt> {
    const story = await this.#claim.incident(notice.incident);
    if (story === undefined) return { kind: "void", error: "the incident is not in the store" };
    const place = await this.#placeCard(notice, story, messenger);
    if (place.kind !== "placed") return place;
    if (notice.kind === "card") return { kind: "sent", receipt: place.post.ts, post: place.post };
    return this.#reply(notice, story, place, messenger);
  }

  /** The card of the notice's incident: for a card notice brought up to date, for a reply merely there. */
  async #placeCard(
    notice: Notice,
    story: Story,
    messenger: Messenger,
  ): Promise<Attempt | { kind: "placed"; post: Post; fresh: boolean }> {
    const message = this.#renderCard(notice, story);
    let post = await this.#standing(notice);
    let fresh = false;
    if (post === undefined) {
      const found = await this.#lookFor(cardKey(notice), this.#suspectsCard(notice, story), () =>
        messenger.find(
          notice.channel,
          message.metadata,
          undefined,
          Math.min(story.incident.openedAt, notice.at) - SKEW_MS,
        ),
      );
      if (found.kind === "later") return found;
      post = found.at === undefined ? undefined : { ...found.at, incident: notice.incident, channel: notice.channel };
      fresh = post !== undefined;
    }
    if (post !== undefined && (notice.kind === "card" || fresh)) {
      await this.#claim.begin(notice.id, this.#clock.now());
      const edited = await messenger.edit(post, message);
      if (edited.ok) return this.#placed(notice, { ...post, ts: edited.ts }, fresh);
      if (edited.kind !== "message-gone") return failed(edited);
      remember(this.#posts, cardKey(notice), null);
      post = undefined;
    }
    return post === undefined ? this.#postCard(notice, message, messenger) : { kind: "placed", post, fresh };
  }

  async #postCard(
    notice: Notice,
    message: Message,
    messenger: Messenger,
  ): Promise<Attempt | { kind: "placed"; post: Post; fresh: boolean }> {
    await this.#claim.begin(notice.id, this.#clock.now());
    const posted = await messenger.post(notice.channel, message);
    if (!posted.ok) return this.#doubted(cardKey(notice), posted);
    const post = { incident: notice.incident, channel: notice.channel, channelId: posted.channelId, ts: posted.ts };
    return this.#placed(notice, post, true);
  }

  async #reply(
    notice: Notice,
    story: Story,
    place: { readonly post: Post; readonly fresh: boolean },
    messenger: Messenger,
  ): Promise<Attempt> {
    const message = this.#render(notice, story);
    let { post, fresh } = place;
    const key = replyKey(notice);
    const found = await this.#lookFor(key, notice.begun ? "strong" : "none", () =>
      messenger.find(notice.channel, message.metadata, post, notice.at - SKEW_MS),
    );
    if (found.kind === "later") return found;
    if (found.at !== undefined) return { kind: "sent", receipt: found.at.ts, post: fresh ? post : undefined };
    await this.#claim.begin(notice.id, this.#clock.now());
    let sent = await messenger.reply(post, message, notice.broadcast);
    if (!sent.ok && sent.kind === "message-gone") {
      // Its card was deleted: a new one takes the thread on.
      const anew = await this.#postCard(notice, this.#renderCard(notice, story), messenger);
      if (anew.kind !== "placed") return anew;
      post = anew.post;
      fresh = true;
      sent = await messenger.reply(post, message, notice.broadcast);
    }
    if (!sent.ok) return this.#doubted(key, sent);
    this.#doubts.delete(key);
    return { kind: "sent", receipt: sent.ts, post: fresh ? post : undefined };
  }

  /** Looks for a message where there is reason to think that it arrived. */
  async #lookFor(
    key: string,
    suspicion: Suspicion,
    find: () => ReturnType<Messenger["find"]>,
  ): Promise<{ kind: "looked"; at: { channelId: string; ts: string } | undefined } | Later> {
    const doubt = this.#doubts.get(key);
    const reason: Suspicion = doubt === undefined ? suspicion : doubt ? "strong" : "none";
    if (reason === "none") return { kind: "looked", at: undefined };
    const result = await find();
    if (result.ok) {
      this.#failedLooks.delete(key);
      if (result.found === undefined) remember(this.#doubts, key, false);
      else this.#doubts.delete(key);
      return { kind: "looked", at: result.found };
    }
    if (POST_TELLS.has(result.error)) return { kind: "looked", at: undefined };
    const looks = (this.#failedLooks.get(key) ?? 0) + 1;
    remember(this.#failedLooks, key, looks);
    // An error with an explanation is one that only a person can mend; passing ones are waited out.
    const blind = result.detail !== undefined || result.error === "history-too-long";
    if (blind && (reason === "weak" || looks >= MAX_BLIND_LOOKS)) return { kind: "looked", at: undefined };
    return { kind: "later", error: `looking for it: ${result.error}`, retryAfterMs: result.retryAfterMs, looks };
  }

  /**
   * A begun notice may have arrived. So may, though the outbox hands that on, an older card that was folded into this
   * one, where the incident is older than this process's claim.
   */
  #suspectsCard(notice: Notice, story: Story): Suspicion {
    if (notice.begun) return "strong";
    return notice.because !== "opened" && story.incident.openedAt < this.#since ? "weak" : "none";
  }

  async #standing(notice: Notice): Promise<Post | undefined> {
    const key = cardKey(notice);
    const known = this.#posts.get(key);
    if (known !== undefined) return known ?? undefined;
    const stored = await this.#claim.post(notice.incident, notice.channel);
    remember(this.#posts, key, stored ?? null);
    return stored;
  }

  #placed(notice: Notice, post: Post, fresh: boolean): { kind: "placed"; post: Post; fresh: boolean } {
    remember(this.#posts, cardKey(notice), post);
    this.#doubts.delete(cardKey(notice));
    return { kind: "placed", post, fresh };
  }

  #doubted(key: string, result: SendResult & { ok: false }): Attempt {
    remember(this.#doubts, key, result.notTaken !== true && result.kind === "retry");
    return failed(result);
  }

  #render(notice: Notice, story: Story): Message {
    if (notice.kind === "card") return this.#renderCard(notice, story);
    return replyMessage(story.incident, notice, { ...this.#links, notice: notice.id, mention: notice.mention });
  }

  #renderCard(notice: Notice, story: Story): Message {
    const mention = notice.kind === "card" ? notice.mention : null;
    return card(story.incident, story.events, this.#clock.now(), { ...this.#links, notice: notice.id, mention });
  }
}

function cardKey(notice: Notice): string {
  return `card ${notice.incident} ${notice.channel}`;
}

function replyKey(notice: Notice): string {
  return `reply ${notice.id}`;
}

function failed(result: SendResult & { ok: false }): Attempt {
  if (result.kind === "channel-dead")
    return { kind: "dead", error: result.detail === undefined ? result.error : `${result.error}: ${result.detail}` };
  return { kind: "retry", error: result.error, retryAfterMs: result.retryAfterMs };
}

/** Keeps the newest entries only: what is forgotten is asked of the store or of Slack again. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
