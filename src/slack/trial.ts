import type { Clock, Log, Message, Post, Secret, SendResult } from "../domain/index.ts";
import { createSlackClient } from "./client.ts";
import { explainError } from "./errors.ts";
import { SCOPES } from "./manifest.ts";
import { isRecord, messengerOver } from "./messenger.ts";

/** One step of `corewatch slack test`. */
export interface TrialStep {
  readonly name: "token" | "scopes" | "post" | "edit" | "reply" | "find";
  readonly outcome: "pass" | "fail" | "skipped";
  /** Milliseconds. */
  readonly ms: number;
  /** One sentence: what was found, or what to do. */
  readonly detail: string;
}

/** What `corewatch slack test` found. `ok`: messages will arrive. */
export interface SlackTrial {
  readonly ok: boolean;
  readonly channel: string;
  readonly team: string | null;
  readonly missingScopes: readonly string[];
  readonly steps: readonly TrialStep[];
}

/** What {@link testSlack} needs. */
export interface TrialOptions {
  readonly token: Secret;
  readonly apiUrl?: string | undefined;
  readonly channel: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
}

/**
 * Goes the way of every message once: token, scopes, one message posted, edited, answered in its thread and found again.
 * A scope that is only needed after a crash fails its own step and not the whole. Never throws.
 */
export async function testSlack(options: TrialOptions): Promise<SlackTrial> {
  const { channel, clock } = options;
  const client = createSlackClient(options);
  const messenger = messengerOver(client, options);
  const steps: TrialStep[] = [];
  const since = clock.now();
  let began = clock.monotonic();
  const step = (name: TrialStep["name"], outcome: TrialStep["outcome"], detail: string): void => {
    steps.push({ name, outcome, ms: Math.round(clock.monotonic() - began), detail });
    began = clock.monotonic();
  };
  const result = (team: string | null, missingScopes: readonly string[]): SlackTrial => ({
    ok: steps.every((one) => one.outcome === "pass" || one.name === "scopes" || one.name === "find"),
    channel,
    team,
    missingScopes,
    steps,
  });

  const identity = await client.call("auth.test", {});
  if (!identity.ok) {
    step("token", "fail", sentenceOf(identity.error, explainError(identity.error)));
    return result(null, []);
  }
  const team = typeof identity.body["team"] === "string" ? identity.body["team"] : null;
  step("token", "pass", `the token is the bot's of ${team ?? "a workspace"}`);

  const granted = scopesOf(identity.body);
  const missing = granted === undefined ? [] : SCOPES.filter((scope) => !granted.includes(scope.name));
  if (granted === undefined) step("scopes", "skipped", "Slack did not name the token's scopes");
  else if (missing.length === 0) step("scopes", "pass", granted.join(", "));
  else step("scopes", "fail", missing.map((scope) => `${scope.name} is missing: ${scope.why}`).join("; "));
  const missingNames = missing.map((scope) => scope.name);

  const posted = await messenger.post(channel, trialMessage("card", "corewatch: this message was posted"));
  step("post", posted.ok ? "pass" : "fail", describe(posted, `posted in ${channel}`));
  if (!posted.ok) return result(team, missingNames);
  const post: Post = { incident: TRIAL, channel, channelId: posted.channelId, ts: posted.ts };
  const edited = await messenger.edit(post, trialMessage("card", "corewatch: this message was posted and edited"));
  step("edit", edited.ok ? "pass" : "fail", describe(edited, "edited in place"));
  const replied = await messenger.reply(post, trialMessage("reply", "and answered in its thread"), false);
  step("reply", replied.ok ? "pass" : "fail", describe(replied, "answered in its thread"));
  const wanted = trialMessage("reply", "").metadata;
  const found = await messenger.find(channel, wanted, post, since - 60_000);
  if (!found.ok)
    step("find", "fail", `${sentenceOf(found.error, found.detail)}; after a crash a message may be repeated`);
  else if (found.found === undefined) step("find", "fail", "the message's metadata was not kept");
  else step("find", "pass", "found again by its metadata");
  return result(team, missingNames);
}

const TRIAL = "slack-test";

function trialMessage(kind: "card" | "reply", text: string): Message {
  return {
    text,
    blocks: [{ type: "section", text: { type: "mrkdwn", text } }],
    metadata: { incident: TRIAL, notice: 0, kind },
  };
}

function describe(result: SendResult, good: string): string {
  return result.ok ? good : sentenceOf(result.error, result.detail);
}

function sentenceOf(error: string, detail: string | undefined): string {
  return detail === undefined ? error : `${error}: ${detail}`;
}

/** Scopes from the answer's x-oauth-scopes header; `undefined` when there was none. */
function scopesOf(body: Readonly<Record<string, unknown>>): string[] | undefined {
  const meta = body["response_metadata"];
  if (!isRecord(meta) || !Array.isArray(meta["scopes"])) return undefined;
  return meta["scopes"].filter((scope): scope is string => typeof scope === "string");
}
