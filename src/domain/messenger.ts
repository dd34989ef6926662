import type { Incident, IncidentEvent } from "./incident.ts";
import type { Post } from "./store.ts";

/** What happened to one send. `retry`: worth trying again (the loop owns back-off); `channel-dead`: nothing will arrive there until a person mends it. */
export type SendResult =
  | { readonly ok: true; readonly channelId: string; readonly ts: string }
  | {
      readonly ok: false;
      readonly kind: "retry" | "channel-dead" | "message-gone";
      /** Closed short name for logs and metrics: `rate-limited`, `timeout`, `channel_not_found` … */
      readonly error: string;
      /** Slack's Retry-After in ms, when it gave one. */
      readonly retryAfterMs?: number;
      /** `true`: the chat surely did not take the message, so that sending again cannot repeat it. */
      readonly notTaken?: boolean;
      /** One sentence for people: what is wrong and what to do. Free of secrets. */
      readonly detail?: string;
    };

/** A message as people see it; `text` is the notification and the fallback for blocks. */
export interface Message {
  readonly text: string;
  /** Slack Block Kit blocks; opaque to the loop. */
  readonly blocks: readonly unknown[];
  /** Kept with the message, to find it again: `corewatch_incident` with these fields. */
  readonly metadata: { readonly incident: string; readonly notice: number; readonly kind: "card" | "reply" };
}

/** The chat: Slack behind it. Never throws. A rejected payload is sent again as plain text inside the adapter. */
export interface Messenger {
  post(channel: string, message: Message): Promise<SendResult>;
  edit(post: Post, message: Message): Promise<SendResult>;
  reply(post: Post, message: Message, broadcast: boolean): Promise<SendResult>;
  /** Looks for a message of ours by its metadata, since `oldest` (epoch ms): the card by incident, a reply by notice. `undefined`: surely not there. */
  find(
    channel: string,
    wanted: Message["metadata"],
    thread: Post | undefined,
    oldest: number,
  ): Promise<
    | { ok: true; found: { channelId: string; ts: string } | undefined }
    | { ok: false; error: string; retryAfterMs?: number; detail?: string }
  >;
}

/** The second route: a signed JSON webhook. Never throws. */
export interface FallbackRoute {
  send(payload: {
    notice: number;
    because: string;
    text: string;
    incident: Incident;
    events: readonly IncidentEvent[];
  }): Promise<{ ok: true; receipt: string } | { ok: false; retry: boolean; error: string }>;
}
