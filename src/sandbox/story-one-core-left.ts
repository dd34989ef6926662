import type { Story } from "./story.ts";
import { cardOf, cards, opened, resolved, told } from "./story-told.ts";

const FIRST = "sandbox-production/acme-1";
const SECOND = "sandbox-production/acme-2";

/** Core after core dies until one is left. */
export const oneCoreLeft: Story = {
  name: "one-core-left",
  tells:
    "Two of three cores die one after the other: the message of the first becomes critical, and the app still works.",
  fleet: "sandbox",
  cores: 4,
  async play(stage) {
    const { sandbox } = stage;
    await stage.untilCalm(12_000);
    await sandbox.killCore(FIRST);
    const { id } = await opened(stage, "core-down", 12_000);
    await sandbox.killCore(SECOND);
    const worse = await opened(stage, "one-core-left", 12_000);
    stage.expect("the same incident, grown", worse.id === id, () => `${worse.id} beside ${id}`);
    stage.expect("critical", worse.severity === "critical", () => worse.severity);
    stage.expect("people can still sign in, or it is not known", worse.signIn !== "no", () => worse.signIn);
    await stage.untilSlack(
      "the card is critical, and the rise was told to the channel",
      (all) => {
        const card = cardOf(all, id);
        const rise = all.some((one) => one.threadTs === card?.ts && one.broadcast);
        return card !== undefined && card.edits > 0 && /critical/i.test(told(card)) && rise;
      },
      6_000,
    );
    await sandbox.startCore(FIRST, SECOND);
    await resolved(stage, id, 15_000, [FIRST, SECOND, "critical at worst"]);
    const shown = cards(sandbox.slack.messages());
    stage.expect("one message in all", shown.length === 1, () => shown.map((card) => card.text).join(" | "));
  },
};
