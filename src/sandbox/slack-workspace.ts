import type { Clock } from "../domain/index.ts";
import {
  agree,
  contentOf,
  describe,
  pageOf,
  refuse,
  tooMany,
  wire,
  type SlackMessage,
  type SlackReply,
} from "./slack-wire.ts";

/** How the workspace is set up. */
export interface WorkspaceOptions {
  readonly clock: Clock;
  /** Channels that exist; any name is taken when empty. */
  readonly channels: readonly string[];
  /** Scopes of the bot token. */
  readonly scopes: readonly string[];
  /** Answers 429 to more than about one message a second in a channel. */
  readonly limitRate: boolean;
}

const BURST = 5;
const MAX_MESSAGES = 10_000;

/** Channels, messages and the methods of the Web API that act on them. */
export class Workspace {
  readonly #options: WorkspaceOptions;
  readonly #ids = new Map<string, string>();
  readonly #messages: SlackMessage[] = [];
  readonly #tokens = new Map<string, { tokens: number; at: number }>();
  readonly #listeners = new Set<() => void>();
  #lastTs = 0;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
    for (const channel of options.channels) this.#id(channel);
  }

  /** Every message, oldest first. */
  messages(): readonly SlackMessage[] {
    return this.#messages;
  }

  /** Calls back after every change. */
  onChange(listener: () => void): { stop(): void } {
    this.#listeners.add(listener);
    return { stop: () => void this.#listeners.delete(listener) };
  }

  /** Answers one method call. */
  call(method: string, args: Readonly<Record<string, string>>): SlackReply {
    const scope = SCOPE_OF[method];
    if (scope === undefined) return refuse("unknown_method");
    if (scope !== "" && !this.#options.scopes.some((granted) => scope.split("|").includes(granted)))
      return {
        body: {
          ok: false,
          error: "missing_scope",
          needed: scope.split("|")[0],
          provided: this.#options.scopes.join(","),
        },
      };
    switch (method) {
      case "chat.postMessage":
        return this.#post(args);
      case "chat.update":
        return this.#update(args);
      case "chat.getPermalink":
        return this.#permalink(args);
      case "conversations.history":
        return this.#history(args, (message) => message.threadTs === null || message.broadcast, true);
      case "conversations.replies":
        return this.#replies(args);
      case "conversations.list":
        return this.#list(args);
      case "conversations.info": {
        const channel = this.#channel(args["channel"]);
        return channel === undefined ? refuse("channel_not_found") : agree({ channel: describe(channel) });
      }
      default:
        return agree({
          url: "https://sandbox.slack.example/",
          team: "Sandbox",
          user: "corewatch",
          team_id: "T0SANDBOX",
          user_id: "U0COREWATCH",
          bot_id: "B0COREWATCH",
        });
    }
  }

  #post(args: Readonly<Record<string, string>>): SlackReply {
    const channel = this.#channel(args["channel"]);
    if (channel === undefined) return refuse("channel_not_found");
    const content = contentOf(args);
    if ("error" in content) return refuse(content.error, content.messages);
    const parent = args["thread_ts"];
    if (parent !== undefined && this.#at(channel.id, parent) === undefined) return refuse("thread_not_found");
    if (this.#options.limitRate && !this.#take(channel.id)) return tooMany(1);
    const message: SlackMessage = {
      channel: channel.name,
      channelId: channel.id,
      ts: this.#newTs(),
      threadTs: parent ?? null,
      broadcast: parent !== undefined && args["reply_broadcast"] === "true",
      receivedAt: this.#options.clock.now(),
      editedAt: null,
      edits: 0,
      ...content,
    };
    this.#messages.push(message);
    if (this.#messages.length > MAX_MESSAGES) this.#messages.shift();
    this.#changed();
    return agree({ channel: channel.id, ts: message.ts, message: wire(message, false) });
  }

  #update(args: Readonly<Record<string, string>>): SlackReply {
    const channel = this.#channel(args["channel"]);
    if (channel === undefined) return refuse("channel_not_found");
    const before = this.#at(channel.id, args["ts"]);
    if (before === undefined) return refuse("message_not_found");
    const content = contentOf(args);
    if ("error" in content) return refuse(content.error, content.messages);
    const after = { ...before, ...content, edits: before.edits + 1, editedAt: this.#options.clock.now() };
    this.#messages[this.#messages.indexOf(before)] = after;
    this.#changed();
    return agree({ channel: channel.id, ts: after.ts, text: after.text, message: wire(after, false) });
  }

  #replies(args: Readonly<Record<string, string>>): SlackReply {
    const { ts } = args;
    const channel = this.#channel(args["channel"]);
    if (channel === undefined) return refuse("channel_not_found");
    if (this.#at(channel.id, ts) === undefined) return refuse("thread_not_found");
    return this.#history(args, (message) => message.threadTs === ts || message.ts === ts, false);
  }

  #history(
    args: Readonly<Record<string, string>>,
    belongs: (message: SlackMessage) => boolean,
    newestFirst: boolean,
  ): SlackReply {
    const channel = this.#channel(args["channel"]);
    if (channel === undefined) return refuse("channel_not_found");
    const oldest = Number(args["oldest"] ?? 0);
    const all = this.#messages.filter(
      (one) => one.channelId === channel.id && belongs(one) && Number(one.ts) >= oldest,
    );
    if (newestFirst) all.reverse();
    const page = pageOf(all, args, 100);
    const metadata = args["include_all_metadata"] === "true";
    return agree({
      messages: page.items.map((message) => wire(message, metadata)),
      has_more: page.next !== "",
      response_metadata: { next_cursor: page.next },
    });
  }

  #list(args: Readonly<Record<string, string>>): SlackReply {
    const page = pageOf(
      [...this.#ids].map(([name, id]) => ({ name, id })),
      args,
      100,
    );
    return agree({ channels: page.items.map(describe), response_metadata: { next_cursor: page.next } });
  }

  #permalink(args: Readonly<Record<string, string>>): SlackReply {
    const channel = this.#channel(args["channel"]);
    if (channel === undefined) return refuse("channel_not_found");
    const message = this.#at(channel.id, args["message_ts"]);
    if (message === undefined) return refuse("message_not_found");
    const permalink = `https://sandbox.slack.example/archives/${channel.id}/p${message.ts.replace(".", "")}`;
    return agree({ channel: channel.id, permalink });
  }

  #channel(asked: string | undefined): { name: string; id: string } | undefined {
    if (asked === undefined || asked === "") return undefined;
    for (const [name, id] of this.#ids) if (id === asked || name === asked || name === `#${asked}`) return { name, id };
    if (this.#options.channels.length > 0 || /^[CGD][A-Z0-9]{5,}$/.test(asked)) return undefined;
    const name = asked.startsWith("#") ? asked : `#${asked}`;
    return { name, id: this.#id(name) };
  }

  #id(name: string): string {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = `C0SANDBOX${String(this.#ids.size + 1).padStart(2, "0")}`;
    this.#ids.set(name, id);
    return id;
  }

  #at(channelId: string, ts: string | undefined): SlackMessage | undefined {
    return this.#messages.find((message) => message.channelId === channelId && message.ts === ts);
  }

  #newTs(): string {
    this.#lastTs = Math.max(this.#lastTs + 1, this.#options.clock.now() * 1000);
    return (this.#lastTs / 1_000_000).toFixed(6);
  }

  #take(channel: string): boolean {
    const now = this.#options.clock.monotonic();
    const held = this.#tokens.get(channel) ?? { tokens: BURST, at: now };
    const tokens = Math.min(BURST, held.tokens + (now - held.at) / 1000);
    this.#tokens.set(channel, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Scopes that allow a method, any of them; empty: none needed. */
const SCOPE_OF: Readonly<Record<string, string>> = {
  "auth.test": "",
  "chat.postMessage": "chat:write",
  "chat.update": "chat:write",
  "chat.getPermalink": "",
  "conversations.history": "channels:history|groups:history",
  "conversations.replies": "channels:history|groups:history",
  "conversations.list": "channels:read|groups:read",
  "conversations.info": "channels:read|groups:read",
};
