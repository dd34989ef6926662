import type { Diagnosis, Fleet } from "../domain/index.ts";

/** How one Slack channel fares, as the delivery tells it. */
export interface ChannelTrouble {
  readonly channel: string;
  readonly dead: boolean;
  readonly error: string | null;
}

const MAX_SENTENCES = 6;

/** A new configuration was refused; the one before stays in force. `sentences` are its errors, already redacted. */
export function configurationRejected(fleet: Fleet, sentences: readonly string[]): Diagnosis {
  const more = sentences.length - MAX_SENTENCES;
  return {
    scope: { kind: "configuration", id: fleet.name },
    deployment: null,
    cause: "configuration-rejected",
    severity: "minor",
    signIn: "unknown",
    evidence: [
      ...sentences.slice(0, MAX_SENTENCES),
      ...(more > 0 ? [`${more} more: "corewatch config check" lists them.`] : []),
    ],
    affected: [],
  };
}

/** Channels that take no messages until a person mends them; `undefined` when every channel does. */
export function noticesUndelivered(fleet: Fleet, channels: Iterable<ChannelTrouble>): Diagnosis | undefined {
  const dead = [...channels].filter((one) => one.dead);
  if (dead.length === 0) return undefined;
  return {
    scope: { kind: "notices", id: fleet.name },
    deployment: null,
    cause: "notices-undelivered",
    severity: "major",
    signIn: "unknown",
    evidence: dead
      .slice(0, MAX_SENTENCES)
      .map((one) => `Slack channel ${one.channel} takes no messages: ${one.error ?? "no reason was given"}.`),
    affected: [],
  };
}
