import type { SendResult } from "../domain/index.ts";

/** What a failed call means: `payload` is the message's own fault, the others are {@link SendResult}'s kinds. */
export type SlackErrorKind = "payload" | "channel-dead" | "message-gone" | "retry";

const INVITE = "invite the app to the channel (/invite @corewatch), then run `corewatch slack test`";
const TOKEN = "install the app again and set the new bot token";

/** Errors of the channel or the token: nothing will arrive until a person mends it. The sentence says how. */
const DEAD: Readonly<Record<string, string>> = {
  channel_not_found: `Slack does not know the channel, or it is private and the app is not in it: correct slack.channel, or ${INVITE}`,
  not_in_channel: `the app is not in the channel: ${INVITE}`,
  is_archived: "the channel is archived: unarchive it or name another in slack.channel",
  is_inactive: "the channel is frozen, archived or deleted: name another in slack.channel",
  invalid_channel: "Slack does not accept the channel's name or id: correct slack.channel",
  messages_tab_disabled:
    "the app's messages tab is switched off: name a channel rather than the app's own conversation",
  restricted_action: "a workspace rule keeps the app from posting there: ask an admin, or name another channel",
  restricted_action_read_only_channel: "the channel is read-only for the app: ask an admin, or name another channel",
  restricted_action_thread_only_channel: "the channel takes thread replies only: name another channel",
  restricted_action_non_threadable_channel: "the channel takes no thread replies: name another channel",
  restricted_action_thread_locked: "the thread is locked: ask an admin to unlock it",
  no_permission: "the token may not post there: install the app again with the scopes of `corewatch slack manifest`",
  missing_scope: "the token lacks a scope: update the app from `corewatch slack manifest` and install it again",
  not_allowed_token_type: "the token is of the wrong kind: use the bot token that begins with xoxb-",
  not_authed: `no token reached Slack: ${TOKEN}`,
  invalid_auth: `Slack does not accept the token: ${TOKEN}`,
  account_inactive: `the token's app or user is switched off: ${TOKEN}`,
  token_revoked: `the token was revoked: ${TOKEN}`,
  token_expired: `the token has expired: ${TOKEN}`,
  access_denied: "the workspace refuses the app: ask an admin to approve it",
  org_login_required: "the workspace is being moved to an organisation: ask an admin",
  ekm_access_denied: "the organisation's key management suspended posting: ask an admin",
  team_access_not_granted: "the organisation did not grant the app this workspace: ask an admin",
  team_not_found: `Slack does not know the token's workspace: ${TOKEN}`,
  enterprise_is_restricted: "the organisation does not allow this call: ask an admin",
  two_factor_setup_required: "the workspace demands two-factor login of the app's owner: set it up",
  accesslimited: "the workspace limits access: ask an admin",
};

/** Errors of the payload: the same text goes without blocks. */
const PAYLOAD: ReadonlySet<string> = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "block_mismatch",
  "msg_too_long",
  "msg_blocks_too_long",
  "no_text",
  "invalid_attachments",
  "attachment_payload_limit_exceeded",
  "too_many_attachments",
  "cannot_parse_attachment",
  "invalid_metadata_format",
  "invalid_metadata_schema",
  "metadata_too_large",
  "metadata_must_be_sent_from_app",
  "invalid_arguments",
  "invalid_array_arg",
  "markdown_text_conflict",
  "restricted_action_mentions_disabled",
]);

/** Errors of one message or thread that is not there (any more), or can no longer be edited. */
const GONE: ReadonlySet<string> = new Set([
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
  "thread_not_found",
  "cannot_reply_to_message",
]);

/** Errors after which Slack may still have done what was asked; every other named error says that it did not. */
const DOUBTFUL: ReadonlySet<string> = new Set([
  "internal_error",
  "fatal_error",
  "request_timeout",
  "service_unavailable",
  "unreadable-answer",
]);

/** Sorts Slack's error names. A name nobody has heard of is `retry`: the fallback route covers it when it lasts. */
export function kindOfError(error: string): SlackErrorKind {
  if (Object.hasOwn(DEAD, error)) return "channel-dead";
  if (PAYLOAD.has(error)) return "payload";
  if (GONE.has(error)) return "message-gone";
  return "retry";
}

/** One sentence on what the error means and what to do, or `undefined` when the name says all there is. */
export function explainError(error: string): string | undefined {
  return Object.hasOwn(DEAD, error) ? DEAD[error] : undefined;
}

/** Whether Slack may have done what was asked although it answered `error`. */
export function isDoubtful(error: string): boolean {
  return DOUBTFUL.has(error);
}

/** A failed call, as data. */
export interface SlackFailure {
  readonly ok: false;
  /** Short closed name: Slack's own, or `rate-limited`, `timeout`, `network`, `http-503`, `unreadable-answer`. */
  readonly error: string;
  readonly retryAfterMs?: number;
  readonly notTaken: boolean;
  /** Scope that was missing, as Slack named it. */
  readonly needed?: string;
}

/** A failed call as the loop sees it. A payload error that is left over here also failed as plain text. */
export function toSendResult(failure: SlackFailure): SendResult {
  const kind = kindOfError(failure.error);
  const detail = explainError(failure.error);
  return {
    ok: false,
    kind: kind === "payload" ? "retry" : kind,
    error: failure.error,
    notTaken: failure.notTaken,
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    ...(detail === undefined
      ? {}
      : { detail: failure.needed === undefined ? detail : `${detail} (${failure.needed})` }),
  };
}
