import { blockErrors } from "./slack-blocks.ts";

const MAX_TEXT = 40_000;

/** One message that the simulated Slack took. */
export interface SlackMessage {
  /** Name with `#`. */
  readonly channel: string;
  readonly channelId: string;
  readonly ts: string;
  /** Thread that it answers in, or `null`. */
  readonly threadTs: string | null;
  /** A reply that the channel shows too. */
  readonly broadcast: boolean;
  /** Epoch ms. */
  readonly receivedAt: number;
  readonly editedAt: number | null;
  readonly edits: number;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly metadata: { readonly event_type: string; readonly event_payload: Record<string, unknown> } | null;
}

/** An answer of the Web API: the JSON, and the status and headers where they differ from the usual. */
export interface SlackReply {
  readonly body: Record<string, unknown>;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer that Slack gives to too many calls. */
export function tooMany(seconds: number): SlackReply {
  return { status: 429, headers: { "retry-after": String(seconds) }, body: { ok: false, error: "ratelimited" } };
}

/** A refusal by name. */
export function refuse(error: string, messages: readonly string[] = []): SlackReply {
  return { body: { ok: false, error, ...(messages.length === 0 ? {} : { response_metadata: { messages } }) } };
}

/** A good answer. */
export function agree(body: Record<string, unknown>): SlackReply {
  return { body: { ok: true, ...body } };
}

/** A channel as the Web API shows it. */
export function describe(channel: { name: string; id: string }): Record<string, unknown> {
  return {
    id: channel.id,
    name: channel.name.replace(/^#/, ""),
    is_channel: true,
    is_archived: false,
    is_member: true,
  };
}

type Content = Pick<SlackMessage, "text" | "blocks" | "metadata">;

/** What a call wants said, or why Slack would refuse it. */
export function contentOf(args: Readonly<Record<string, string>>): Content | { error: string; messages: string[] } {
  const text = args["text"] ?? "";
  const blocks: unknown = parsed(args["blocks"]) ?? [];
  const errors = blockErrors(blocks);
  if (errors.length > 0 || !Array.isArray(blocks)) return { error: "invalid_blocks", messages: errors };
  if (text.length > MAX_TEXT) return { error: "msg_too_long", messages: [] };
  if (text === "" && blocks.length === 0) return { error: "no_text", messages: [] };
  const metadata = parsed(args["metadata"]);
  return { text, blocks, metadata: isMetadata(metadata) ? metadata : null };
}

function isMetadata(value: unknown): value is NonNullable<SlackMessage["metadata"]> {
  return (
    typeof value === "object" &&
    value !== null &&
    "event_type" in value &&
    typeof value.event_type === "string" &&
    "event_payload" in value &&
    typeof value.event_payload === "object"
  );
}

/** JSON of an argument; `undefined` when there is none, the text itself when it is none. */
function parsed(value: string | undefined): unknown {
  if (value === undefined || value === "") return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** A message as the Web API shows it. */
export function wire(message: SlackMessage, metadata: boolean): Record<string, unknown> {
  return {
    type: "message",
    bot_id: "B0COREWATCH",
    user: "U0COREWATCH",
    ts: message.ts,
    text: message.text,
    blocks: message.blocks,
    ...(message.broadcast ? { subtype: "thread_broadcast" } : {}),
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(message.editedAt === null ? {} : { edited: { user: "U0COREWATCH", ts: (message.editedAt / 1000).toFixed(6) } }),
    ...(metadata && message.metadata !== null ? { metadata: message.metadata } : {}),
  };
}

/** One page of `items`, after the cursor. */
export function pageOf<T>(
  items: readonly T[],
  args: Readonly<Record<string, string>>,
  fallback: number,
): { items: T[]; next: string } {
  const limit = Math.min(1000, Math.max(1, Number(args["limit"] ?? fallback) || fallback));
  const start = Number(Buffer.from(args["cursor"] ?? "", "base64url").toString() || 0) || 0;
  const end = start + limit;
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(String(end)).toString("base64url") : "",
  };
}
