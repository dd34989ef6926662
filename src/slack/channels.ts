import type { SlackClient } from "./client.ts";

const PAGE = 1000;
/** 20,000 channels: looking further would use up the method's own limit of 20 calls a minute. */
const MAX_PAGES = 20;

/** Names of channels and their ids: configured as `#ops`, asked for as `C0123`. */
export interface Channels {
  /** The id, when it is one already or was learnt. */
  known(channel: string): string | undefined;
  learn(channel: string, id: string): void;
  forget(channel: string): void;
  /** The id; asks Slack when it is not known. */
  resolve(
    channel: string,
  ): Promise<
    { readonly ok: true; readonly id: string } | { readonly ok: false; readonly error: string; retryAfterMs?: number }
  >;
}

/** Channels as `client` sees them. */
export function createChannels(client: SlackClient): Channels {
  const ids = new Map<string, string>();
  const known = (channel: string): string | undefined =>
    /^[CGD][A-Z0-9]{5,}$/.test(channel) ? channel : ids.get(channel);
  return {
    known,
    learn: (channel, id) => void ids.set(channel, id),
    forget: (channel) => void ids.delete(channel),
    async resolve(channel) {
      const id = known(channel);
      if (id !== undefined) return { ok: true, id };
      const name = channel.replace(/^#/, "");
      let cursor = "";
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer = await client.call("conversations.list", {
          types: "public_channel,private_channel",
          limit: PAGE,
          ...(cursor === "" ? {} : { cursor }),
        });
        if (!answer.ok) return answer;
        for (const entry of entriesOf(answer.body["channels"])) {
          if (entry.name !== name) continue;
          ids.set(channel, entry.id);
          return { ok: true, id: entry.id };
        }
        cursor = cursorOf(answer.body["response_metadata"]);
        if (cursor === "") break;
      }
      return { ok: false, error: "channel_not_found" };
    },
  };
}

function entriesOf(channels: unknown): { id: string; name: string }[] {
  if (!Array.isArray(channels)) return [];
  return (channels as unknown[]).flatMap((entry) =>
    typeof entry === "object" && entry !== null && "id" in entry && "name" in entry
      ? [{ id: String(entry.id), name: String(entry.name) }]
      : [],
  );
}

function cursorOf(meta: unknown): string {
  return typeof meta === "object" && meta !== null && "next_cursor" in meta && typeof meta.next_cursor === "string"
    ? meta.next_cursor
    : "";
}
