import type { Story } from "./story.ts";
import { cardOf, cards, opened, resolved } from "./story-told.ts";

/** A handful: what a person reads at a glance. */
const HANDFUL = 5;

/** Three hundred cores die at once. */
export const storm: Story = {
  name: "storm",
  tells: "300 cores of 60 deployments die at once: Slack gets a handful of messages, and one says what happened.",
  fleet: "storm",
  cores: 300,
  async play(stage) {
    const { sandbox } = stage;
    await stage.untilCalm(14_000);
    const victims = sandbox.cores().filter((core) => core.deployment !== "acme-production");
    await sandbox.killCore(...victims.map((core) => core.id));
    const { id } = await opened(stage, "many-deployments-down", 12_000);
    await stage.untilSlack("a message for the one incident", (all) => cardOf(all, id) !== undefined, 5_000);
    await sandbox.startCore(...victims.map((core) => core.id));
    await resolved(stage, id, 16_000);
    const shown = cards(sandbox.slack.messages());
    stage.expect(`at most ${HANDFUL} messages`, shown.length <= HANDFUL, () => `${shown.length} messages`);
    stage.mark(
      `${victims.length} cores failed; Slack received ${shown.length} message${shown.length === 1 ? "" : "s"}`,
    );
  },
};
