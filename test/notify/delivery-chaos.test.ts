import { expect, test } from "vitest";
import type { Incident } from "../../src/domain/index.ts";
import { seededRandom } from "../../src/notify/pace.ts";
import type { ClaimCall } from "../fakes/outbox.ts";
import { dead, failing, limited, setUp } from "./delivery-setup.ts";
import { cardDraft, incident, replyDraft } from "./support.ts";

const CALLS: readonly ClaimCall[] = ["due", "begin", "sent", "postpone", "settle", "post", "incident"];

function fail(): never {
  throw new Error("there is nothing to pick from");
}

/** Whatever Slack, the store and processes do in between: in the end every incident has one card that says how it stands, and every line of its thread once. */
test.each(Array.from({ length: 60 }, (_, n) => n + 1))("nothing is lost or told twice, seed %i", async (seed) => {
  const random = seededRandom(seed * 7919);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] ?? fail();
  const { clock, outbox, chat, deliver } = setUp();
  const incidents: Incident[] = [];
  const channelOf = (of: Incident): string => (Number(of.id.slice(4)) % 2 === 0 ? "#ops" : "#leads");
  const change = (of: Incident, how: "acknowledged" | "resolved"): void => {
    const next: Incident =
      how === "resolved"
        ? { ...of, state: "resolved", resolvedAt: clock.now() }
        : { ...of, state: "acknowledged", acknowledgedAt: clock.now(), acknowledgedBy: "kim" };
    incidents[incidents.indexOf(of)] = next;
    const draft = { because: how, at: clock.now(), channel: channelOf(of) };
    outbox.commit(next, [cardDraft(next, draft), replyDraft(next, draft)]);
  };
  const steps: readonly (() => Promise<void> | void)[] = [
    () => {
      const fresh = incident({ id: `INC-${incidents.length + 1}`, openedAt: clock.now() });
      incidents.push(fresh);
      outbox.commit(fresh, [cardDraft(fresh, { channel: channelOf(fresh), at: clock.now() })]);
    },
    () => {
      const open = incidents.filter((one) => one.state === "open");
      if (open.length > 0) change(pick(open), pick(["acknowledged", "resolved"]));
    },
    () => {
      const verbs = pick([["post"], ["reply"], ["edit"], ["find"], ["post", "reply", "edit", "find"]]);
      const answer = pick([
        limited(5),
        failing("http-500"),
        { ...failing("timeout"), taken: true },
        { ...failing("refused"), notTaken: true },
        dead,
      ]);
      chat.trouble = (verb) => (verbs.includes(verb) && !(verb === "find" && answer === dead) ? answer : undefined);
    },
    () => void (chat.trouble = () => undefined),
    async () => {
      outbox.kill();
      await deliver({ track: false }).start();
    },
    () => void (outbox.killAt = { call: pick(CALLS), when: pick(["before", "after"]) }),
    () => outbox.loseClaim(),
    () => void (outbox.unavailable = random() < 0.5),
  ];
  await deliver({ track: false }).start();
  for (let n = 0; n < 40; n++) {
    await pick(steps)();
    await clock.advance(random() < 0.7 ? random() * 2_000 : random() * 60_000);
  }
  chat.trouble = () => undefined;
  outbox.unavailable = false;
  outbox.killAt = undefined;
  outbox.kill();
  await deliver({ track: false }).start();
  await clock.advance(20 * 60_000);

  expect(outbox.rows.filter((row) => row.state === "pending")).toEqual([]);
  for (const one of incidents) {
    // An incident that was over when only the fallback could be told has its story there.
    if (outbox.rows.some((row) => row.incident === one.id && row.state === "fallback")) continue;
    const cards = chat.cards().filter((card) => card.metadata.incident === one.id);
    expect(cards).toHaveLength(1);
    expect(cards[0]?.text).toContain(one.state === "resolved" ? "Resolved" : one.id);
  }
  const replies = outbox.rows.filter((row) => row.kind === "reply" && row.state === "sent");
  const told = chat.replies().map((reply) => reply.metadata.notice);
  expect(told.toSorted((a, b) => a - b)).toEqual(replies.map((row) => row.id));
});
