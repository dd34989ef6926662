import type { Story } from "./story.ts";
import { cardOf, cards, opened, resolved } from "./story-told.ts";

/** The database stops under all cores. */
export const databaseDown: Story = {
  name: "database-down",
  tells:
    "The database stops and every core fails with it: that is one incident, the database's, and one Slack message.",
  fleet: "sandbox",
  cores: 4,
  async play(stage) {
    const { sandbox } = stage;
    await stage.untilCalm(12_000);
    await sandbox.stopDatabase();
    const { id } = await opened(stage, "database-down", 12_000);
    await stage.untilSlack("a message for the incident", (all) => cardOf(all, id) !== undefined, 5_000);
    const affected = await stage.untilIncident(
      "the cores are told as affected by the database",
      (all) => all.some((one) => one.id === id && one.affected.some(({ target }) => target.kind === "core")),
      22_000,
    );
    const open = affected.filter((one) => one.state !== "resolved");
    stage.expect("one open incident", open.length === 1, () => open.map((one) => `${one.id} ${one.cause}`).join(", "));
    await sandbox.startDatabase();
    await resolved(stage, id, 15_000);
    const shown = cards(sandbox.slack.messages());
    stage.expect("one message in all", shown.length === 1, () => shown.map((card) => card.text).join(" | "));
  },
};
