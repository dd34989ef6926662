import type { Message, Messenger, Post, SendResult } from "../../src/domain/index.ts";

/** One message in the chat of a test. */
export interface ChatMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | undefined;
  readonly broadcast: boolean;
  readonly metadata: Message["metadata"];
  text: string;
  edits: number;
  /** Monotonic ms when it came. */
  readonly at: number;
}

/** A chat in memory, for tests in which a fake clock tells the time. */
export class Chat implements Messenger {
  readonly messages: ChatMessage[] = [];
  readonly calls: {
    readonly verb: "post" | "edit" | "reply" | "find";
    readonly channel: string;
    readonly at: number;
  }[] = [];
  /** Asked before each call; what it gives is the answer. `taken`: the message was accepted all the same. */
  trouble: (
    verb: "post" | "edit" | "reply" | "find",
    channel: string,
  ) => (SendResult & { ok: false; taken?: boolean }) | undefined = () => undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async post(channel: string, message: Message): Promise<SendResult> {
    return this.#say("post", channel, message, undefined, false);
  }

  async reply(post: Post, message: Message, broadcast: boolean): Promise<SendResult> {
    return this.#say("reply", post.channel, message, post.ts, broadcast);
  }

  async edit(post: Post, message: Message): Promise<SendResult> {
    const trouble = this.#called("edit", post.channel);
    if (trouble !== undefined) return trouble;
    const found = this.messages.find((one) => one.ts === post.ts);
    if (found === undefined) return { ok: false, kind: "message-gone", error: "message_not_found", notTaken: true };
    found.text = message.text;
    found.edits++;
    return { ok: true, channelId: `id-of-${post.channel}`, ts: post.ts };
  }

  async find(
    channel: string,
    wanted: Message["metadata"],
    thread: Post | undefined,
  ): Promise<Awaited<ReturnType<Messenger["find"]>>> {
    const trouble = this.#called("find", channel);
    if (trouble !== undefined) return trouble;
    const found = this.messages.find(
      (one) =>
        one.channel === channel &&
        one.thread === thread?.ts &&
        one.metadata.incident === wanted.incident &&
        one.metadata.kind === wanted.kind &&
        (wanted.kind === "card" || one.metadata.notice === wanted.notice),
    );
    return { ok: true, found: found === undefined ? undefined : { channelId: `id-of-${channel}`, ts: found.ts } };
  }

  cards(): ChatMessage[] {
    return this.messages.filter((one) => one.thread === undefined);
  }

  replies(): ChatMessage[] {
    return this.messages.filter((one) => one.thread !== undefined);
  }

  count(verb: "post" | "edit" | "reply" | "find"): number {
    return this.calls.filter((call) => call.verb === verb).length;
  }

  #called(
    verb: "post" | "edit" | "reply" | "find",
    channel: string,
  ): (SendResult & { ok: false; taken?: boolean }) | undefined {
    this.calls.push({ verb, channel, at: this.#now() });
    return this.trouble(verb, channel);
  }

  #say(
    verb: "post" | "reply",
    channel: string,
    message: Message,
    thread: string | undefined,
    broadcast: boolean,
  ): SendResult {
    const trouble = this.#called(verb, channel);
    if (trouble !== undefined && trouble.taken !== true) return trouble;
    const ts = `${this.messages.length + 1}.000`;
    const { text, metadata } = message;
    this.messages.push({ channel, ts, thread, broadcast, metadata, text, edits: 0, at: this.#now() });
    return trouble ?? { ok: true, channelId: `id-of-${channel}`, ts };
  }
}
