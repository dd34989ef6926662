import type { Story } from "./story.ts";
import { cardOf, cards, opened, resolved, told } from "./story-told.ts";

const VICTIM = "acme-production/acme-2";

/** A core dies and comes back. */
export const coreDown: Story = {
  name: "core-down",
  tells: "One of three cores dies: one Slack message names it and the cause, and is edited when the core is back.",
  fleet: "sandbox",
  cores: 4,
  async play(stage) {
    const { sandbox } = stage;
    await stage.untilCalm(12_000);
    await sandbox.killCore(VICTIM);
    const { id } = await opened(stage, "core-down", 12_000);
    const messages = await stage.untilSlack(
      "a message for the incident that names the core",
      (all) => told(cardOf(all, id)).includes("acme-2"),
      5_000,
    );
    stage.expect("one message in all", cards(messages).length === 1, () => `${cards(messages).length} messages`);
    await sandbox.startCore(VICTIM);
    await resolved(stage, id, 15_000);
    const shown = cards(sandbox.slack.messages());
    stage.expect("still one message", shown.length === 1, () => `${shown.length} messages`);
  },
};
