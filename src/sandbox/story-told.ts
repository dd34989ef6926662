import type { Cause, Incident } from "../domain/index.ts";
import type { SlackMessage } from "./slack-server.ts";
import { StoryFailed } from "./story.ts";
import type { Stage } from "./story.ts";

/** Messages of their own: what a channel shows without opening a thread, edits not counted. */
export function cards(messages: readonly SlackMessage[]): SlackMessage[] {
  return messages.filter((message) => message.threadTs === null);
}

/** The card of an incident, by what corewatch keeps with its messages. */
export function cardOf(messages: readonly SlackMessage[], incident: string): SlackMessage | undefined {
  const name = new RegExp(`\\b${incident}\\b`);
  return cards(messages).find((message) => name.test(told(message)));
}

/** A line in the card's thread that the channel shows too. */
export function broadcasts(messages: readonly SlackMessage[], card: SlackMessage): SlackMessage[] {
  return messages.filter((message) => message.threadTs === card.ts && message.broadcast);
}

/** Everything that a message says, blocks and metadata too; nothing when there is none. */
export function told(message: SlackMessage | undefined): string {
  if (message === undefined) return "";
  return [message.text, JSON.stringify(message.blocks), JSON.stringify(message.metadata)].join("\n");
}

/** The one open incident of this cause; waits for it. */
export async function opened(stage: Stage, cause: Cause, withinMs: number): Promise<Incident> {
  const isIt = (incident: Incident): boolean => incident.state !== "resolved" && incident.cause === cause;
  const incidents = await stage.untilIncident(`${cause} is open`, (all) => all.some(isIt), withinMs);
  const found = incidents.find(isIt);
  if (found === undefined) throw new StoryFailed(`expected an incident ${cause}; came: none`);
  return found;
}

/** Sees the incident stay the only open one for `forMs`, and its card the only one. */
export async function stays(stage: Stage, id: string, forMs: number): Promise<void> {
  await stage.steady(
    `${id} stays the one open incident`,
    (incidents) => {
      const open = incidents.filter((one) => one.state !== "resolved");
      return open.length === 1 && open[0]?.id === id && cards(stage.sandbox.slack.messages()).length === 1;
    },
    forMs,
  );
}

/**
 * Waits until the incident is resolved, its card says so by an edit, and its thread tells the channel; the card then still
 * has to say all of `tells`: what it was about, when nothing of that is left.
 */
export async function resolved(
  stage: Stage,
  id: string,
  withinMs: number,
  tells: readonly string[] = [],
): Promise<void> {
  const end = performance.now() + withinMs;
  await stage.untilIncident(
    `${id} is resolved`,
    (all) => all.some((one) => one.id === id && one.state === "resolved"),
    withinMs,
  );
  const left = Math.max(3_000, end - performance.now());
  await stage.untilSlack(
    `the card of ${id} was edited to resolved, and the channel was told in its thread`,
    (messages) => {
      const card = cardOf(messages, id);
      return (
        card !== undefined &&
        card.edits > 0 &&
        /resolved/i.test(told(card)) &&
        broadcasts(messages, card).some((reply) => /resolved|over/i.test(told(reply)))
      );
    },
    left,
  );
  const text = cardOf(stage.sandbox.slack.messages(), id)?.text ?? "";
  for (const word of tells) {
    stage.expect(`the resolved message to say "${word}"`, text.includes(word), () => text.replace(/\s+/g, " "));
  }
}
