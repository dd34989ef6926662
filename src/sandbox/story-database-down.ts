import type { Story } from "./story.ts";
import { cardOf, cards, opened, resolved, stays } from "./story-told.ts";

/** How long the outage goes on once every core was seen to fail. */
const HOLD_MS = 2_000;

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
    const cores = sandbox.cores().map((core) => core.id);
    // A core answers 500 only after 5 s, and two of them settle it.
    await stage.untilIncident(
      "it affects every core",
      (all) => {
        const hit = all.find((one) => one.id === id)?.worst?.affected.map(({ target }) => target.id);
        return cores.every((core) => hit?.includes(core) === true);
      },
      22_000,
    );
    stage.mark(`all ${cores.length} cores fail with it`);
    await stays(stage, id, HOLD_MS);
    await sandbox.startDatabase();
    await resolved(stage, id, 15_000, ["database main", ...cores, "Users could sign in: no."]);
    const shown = cards(sandbox.slack.messages());
    stage.expect("one message in all", shown.length === 1, () => shown.map((card) => card.text).join(" | "));
  },
};
