import { REGION } from "./fleets-network.ts";
import type { SlackMessage } from "./slack-server.ts";
import { StoryFailed } from "./story.ts";
import type { Stage, Story } from "./story.ts";
import { cardOf, cards, opened, resolved, told } from "./story-told.ts";

const VICTIM = "sandbox-production/acme-2";
const ALARM = "sandbox-production ELB UnHealthyHostCount";
const LOOK_MS = 50;

/** A core dies and comes back, with CloudWatch looking on. */
export const coreDown: Story = {
  name: "core-down",
  tells:
    "One of three cores dies: one Slack message names it and the cause, its thread holds the CloudWatch alarm's evidence too, and it is edited when the core is back.",
  fleet: "sandbox",
  cores: 4,
  alarms: true,
  async play(stage) {
    const { sandbox } = stage;
    await stage.untilCalm(12_000);
    await untilAlarm(stage, "OK", 6_000);
    await sandbox.killCore(VICTIM);
    const { id } = await opened(stage, "core-down", 12_000);
    const messages = await stage.untilSlack(
      "a message for the incident that names the core",
      (all) => told(cardOf(all, id)).includes("acme-2"),
      5_000,
    );
    stage.expect("one message in all", cards(messages).length === 1, () => `${cards(messages).length} messages`);
    await untilAlarm(stage, "ALARM", 10_000);
    await stage.untilSlack(
      "the one thread holds the core's evidence and the alarm's",
      (all) => [/acme-2 refuses connections/, new RegExp(ALARM)].every((one) => one.test(thread(all, id))),
      5_000,
    );
    await sandbox.startCore(VICTIM);
    await resolved(stage, id, 18_000, ["sandbox-production/acme-2"]);
    const shown = cards(sandbox.slack.messages());
    stage.expect("still one message", shown.length === 1, () => `${shown.length} messages`);
  },
};

/** All that the incident's message and the replies to it say. */
function thread(messages: readonly SlackMessage[], id: string): string {
  const card = cardOf(messages, id);
  return [card, ...messages.filter((one) => one.threadTs === card?.ts)].map(told).join("\n");
}

/** Waits until CloudWatch has the alarm in this state. */
async function untilAlarm(stage: Stage, state: string, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    const now = stage.sandbox.alarms.cloudwatch.region(REGION).alarms.get(ALARM)?.state;
    if (now === state) return stage.mark(`CloudWatch alarm "${ALARM}" is in ${state}`);
    if (performance.now() > end)
      throw new StoryFailed(`expected alarm "${ALARM}" in ${state}; came: ${now ?? "there is no such alarm"}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
