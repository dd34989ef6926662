import type { Story } from "./story.ts";
import { cardOf, cards, opened, resolved, stays } from "./story-told.ts";

/** A handful: what a person reads at a glance. */
const HANDFUL = 5;
/** How long the storm goes on once every core was seen to fail. */
const HOLD_MS = 2_000;

/** Three hundred cores die at once. */
export const storm: Story = {
  name: "storm",
  tells: "300 cores of 60 deployments die at once: Slack gets a handful of messages, and one says what happened.",
  fleet: "storm",
  cores: 300,
  async play(stage) {
    const { sandbox } = stage;
    await stage.untilCalm(14_000);
    const victims = sandbox.cores().filter((core) => core.deployment !== "sandbox-production");
    await sandbox.killCore(...victims.map((core) => core.id));
    const { id } = await opened(stage, "many-deployments-down", 12_000);
    await stage.untilSlack("a message for the one incident", (all) => cardOf(all, id) !== undefined, 5_000);
    await stage.untilStates(
      `all ${victims.length} are settled down`,
      (states) => {
        const down = new Set(states.filter(({ health }) => health === "down").map(({ key }) => key));
        return victims.every((core) => down.has(`core:${core.id}:hello`));
      },
      15_000,
    );
    const [seen] = await stage.untilIncident(
      "the one incident knows that nobody of them can sign in",
      (all) => all.some((one) => one.id === id && one.worst?.signIn === "no"),
      3_000,
    );
    stage.expect("major, as in development", seen?.severity === "major", () => seen?.severity ?? "none");
    await stays(stage, id, HOLD_MS);
    await sandbox.startCore(...victims.map((core) => core.id));
    await resolved(stage, id, 16_000, ["major at worst", "Users could sign in: no."]);
    const shown = cards(sandbox.slack.messages());
    const [, more = "0"] = /^Was affected: .* and (\d+) more\.$/m.exec(cardOf(shown, id)?.text ?? "") ?? [];
    stage.expect("all of them counted in the end", Number(more) >= victims.length - 10, () => `${more} more`);
    stage.expect(`at most ${HANDFUL} messages`, shown.length <= HANDFUL, () => `${shown.length} messages`);
    stage.mark(
      `${victims.length} cores failed; Slack received ${shown.length} message${shown.length === 1 ? "" : "s"}`,
    );
  },
};
