import type { Clock, Log, Message, Messenger, Post, Secret, SendResult } from "../domain/index.ts";
import { createChannels } from "./channels.ts";
import { createSlackClient, type SlackAnswer, type SlackClient } from "./client.ts";
import { explainError, kindOfError, toSendResult } from "./errors.ts";

/** Type of the metadata that every message of ours carries. */
export const METADATA_EVENT = "corewatch_incident";

/** Longest text sent without blocks: Slack cuts at 40,000 and advises 4,000; mentions and links grow when Slack expands them. */
const MAX_PLAIN_TEXT = 3_500;
const HISTORY_PAGE = 100;
/** A channel with more than this many messages since the incident began is not searched further. */
const MAX_HISTORY_PAGES = 20;

/** What {@link createMessenger} needs. */
export interface MessengerOptions {
  readonly token: Secret;
  /** Base of the Web API; Slack's own unless set. */
  readonly apiUrl?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes secrets out of every text that leaves. */
  readonly redact: (text: string) => string;
  /** Time for one call; 10 s unless set. */
  readonly timeoutMs?: number | undefined;
  /** Loads the SDK at once: for the daemon, whose first message must not wait for it. */
  readonly warm?: boolean | undefined;
}

/** Slack as the {@link Messenger}: one call per message, a rejected payload once more as plain text, nothing retried. */
export function createMessenger(options: MessengerOptions): Messenger {
  const client = createSlackClient(options);
  if (options.warm === true) client.warm();
  return messengerOver(client, options);
}

/** The same over an open client. */
export function messengerOver(client: SlackClient, options: Omit<MessengerOptions, "token">): Messenger {
  const { clock, log, redact } = options;
  const channels = createChannels(client);

  async function send(
    method: "chat.postMessage" | "chat.update",
    to: Record<string, unknown>,
    message: Message,
  ): Promise<SendResult> {
    const started = clock.monotonic();
    let answer = await client.call(method, { ...to, ...payloadOf(message, redact) });
    if (!answer.ok && kindOfError(answer.error) === "payload") {
      log.warn("Slack rejected a message, sending it as plain text", {
        error: answer.error,
        incident: message.metadata.incident,
      });
      answer = await client.call(method, { ...to, ...plainOf(message, redact, answer.error) });
    }
    log.debug("Slack call", { method, ok: answer.ok, ms: Math.round(clock.monotonic() - started) });
    if (!answer.ok) return toSendResult(answer);
    const { channel, ts } = answer.body;
    if (typeof channel !== "string" || typeof ts !== "string")
      return { ok: false, kind: "retry", error: "unreadable-answer" };
    return { ok: true, channelId: channel, ts };
  }

  return {
    async post(channel, message) {
      const sent = await send("chat.postMessage", { channel: channels.known(channel) ?? channel }, message);
      if (sent.ok) channels.learn(channel, sent.channelId);
      else if (sent.kind === "channel-dead") channels.forget(channel);
      return sent;
    },
    edit: (post, message) => send("chat.update", { channel: post.channelId, ts: post.ts }, message),
    reply: (post, message, broadcast) =>
      send(
        "chat.postMessage",
        { channel: post.channelId, thread_ts: post.ts, ...(broadcast ? { reply_broadcast: true } : {}) },
        message,
      ),
    async find(channel, wanted, thread, oldest) {
      const place =
        thread === undefined ? await channels.resolve(channel) : { ok: true as const, id: thread.channelId };
      if (!place.ok) return unfound(place.error, place.retryAfterMs);
      let cursor = "";
      for (let page = 0; page < MAX_HISTORY_PAGES; page++) {
        const answer = await history(client, place.id, thread, oldest, cursor);
        if (!answer.ok) {
          // No thread there means no reply in it.
          if (thread !== undefined && kindOfError(answer.error) === "message-gone")
            return { ok: true, found: undefined };
          return unfound(answer.error, answer.retryAfterMs);
        }
        const ts = tsOfWanted(answer.body["messages"], wanted);
        if (ts !== undefined) return { ok: true, found: { channelId: place.id, ts } };
        cursor = nextCursor(answer.body);
        if (cursor === "") return { ok: true, found: undefined };
      }
      return { ok: false, error: "history-too-long" };
    },
  };
}

function history(
  client: SlackClient,
  channel: string,
  thread: Post | undefined,
  oldest: number,
  cursor: string,
): Promise<SlackAnswer> {
  return client.call(thread === undefined ? "conversations.history" : "conversations.replies", {
    channel,
    ...(thread === undefined ? {} : { ts: thread.ts }),
    oldest: (Math.max(0, oldest) / 1000).toFixed(6),
    inclusive: true,
    include_all_metadata: true,
    limit: HISTORY_PAGE,
    ...(cursor === "" ? {} : { cursor }),
  });
}

/** A card is the incident's only one in its channel; a reply is known by its notice. */
function tsOfWanted(messages: unknown, wanted: Message["metadata"]): string | undefined {
  if (!Array.isArray(messages)) return undefined;
  for (const message of messages as unknown[]) {
    if (!isRecord(message) || typeof message["ts"] !== "string") continue;
    const { metadata } = message;
    if (!isRecord(metadata) || metadata["event_type"] !== METADATA_EVENT) continue;
    const payload = metadata["event_payload"];
    if (!isRecord(payload) || payload["incident"] !== wanted.incident || payload["kind"] !== wanted.kind) continue;
    if (wanted.kind === "card" || Number(payload["notice"]) === wanted.notice) return message["ts"];
  }
  return undefined;
}

/** Slack's cursor of the next page, or the empty text at the end. */
export function nextCursor(body: Readonly<Record<string, unknown>>): string {
  const meta = body["response_metadata"];
  return isRecord(meta) && typeof meta["next_cursor"] === "string" ? meta["next_cursor"] : "";
}

/** Whether `value` is a plain object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unfound(error: string, retryAfterMs: number | undefined): Awaited<ReturnType<Messenger["find"]>> {
  const detail = explainError(error);
  return {
    ok: false,
    error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(detail === undefined ? {} : { detail }),
  };
}

function payloadOf(message: Message, redact: (text: string) => string): Record<string, unknown> {
  return {
    text: bounded(redact(message.text)),
    // An edit without blocks keeps the old ones: an empty list takes them away.
    blocks: redactDeep(message.blocks, redact),
    // Group handles (@oncall) become mentions only with this; the texts of others are written so that none is made.
    link_names: true,
    unfurl_links: false,
    unfurl_media: false,
    metadata: metadataOf(message),
  };
}

function plainOf(message: Message, redact: (text: string) => string, error: string): Record<string, unknown> {
  const plain = { ...payloadOf(message, redact), blocks: [] };
  return error.includes("metadata") ? { ...plain, metadata: undefined } : plain;
}

function metadataOf(message: Message): Record<string, unknown> {
  return { event_type: METADATA_EVENT, event_payload: { ...message.metadata } };
}

function bounded(text: string): string {
  return text.length <= MAX_PLAIN_TEXT ? text : `${text.slice(0, MAX_PLAIN_TEXT - 1)}…`;
}

/** Blocks with secrets taken out of every text in them. */
function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)]));
}
