import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CAUSES, REASONS, SEVERITIES, type Incident, type IncidentEvent } from "../../src/domain/index.ts";
import { card, replyMessage, type MessageLinks } from "../../src/notify/messages.ts";
import { mentionMarkup } from "../../src/notify/markup.ts";
import { blockErrors } from "../../src/sandbox/slack-blocks.ts";
import { core, event, incident, START } from "./support.ts";

const links: MessageLinks = {
  publicUrl: "https://watch.example.com",
  redact: (text) => text,
  notice: 7,
  mention: null,
};

const opened = incident();
const forty = Array.from({ length: 40 }, (_, n) => core(`acme-${n + 1}`));
const database = incident({
  id: "INC-13",
  scope: { kind: "database", id: "main" },
  deployment: null,
  cause: "database-down",
  severity: "critical",
  peak: "critical",
  signIn: "no",
  evidence: [
    "database main refuses connections at db.internal:5432",
    "40 of 40 cores answer that they cannot reach their database, after about 5 s each",
    "the load balancer has no healthy target",
  ],
  affected: [
    {
      target: { kind: "database", id: "main", deployment: null },
      health: "down",
      reason: "connection-refused",
      since: START,
    },
    ...forty.map((one) => ({ ...one, reason: "database-unreachable" as const })),
  ],
});

/** Only the load balancer's complaint is left of it. */
const left: Partial<Incident> = {
  signIn: "yes",
  evidence: ["acme-production/acme-2 answers from here, but the load balancer calls its target unhealthy."],
  affected: [
    {
      target: { kind: "load-balancer", id: "acme-production", deployment: "acme-production" },
      health: "degraded",
      reason: "target-unhealthy",
      since: START + 30_000,
    },
  ],
  worst: { signIn: "no", affected: [core("acme-2"), core("acme-3")], targets: 40, evidence: opened.evidence },
};

describe("what people read", () => {
  test("the first two lines of the text name the cause and what is affected", () => {
    const [headline, affected] = card(opened, [], START, links).text.split("\n");
    expect(headline).toBe(":large_orange_circle: acme-production: A core is down (INC-12, major)");
    expect(affected).toBe("Affected: acme-production/acme-2.");
  });

  test("the end tells of the worst, not of what was left last", () => {
    const over = incident({ ...left, state: "resolved", resolvedAt: START + 120_000, severity: "minor" });
    const { text } = card(over, [], START + 121_000, links);
    expect(text).toContain("major at worst");
    expect(text).toContain("Was affected: acme-production/acme-2, acme-production/acme-3 and 38 more.");
    expect(text).toContain("Users could sign in: no.");
    expect(text).toContain("refuses connections");
    expect(text).not.toContain("calls its target unhealthy");
  });

  const cases: [string, Incident, readonly IncidentEvent[], number, Partial<MessageLinks>][] = [
    ["opened", opened, [event(opened, "opened", "A core is down: acme-production/acme-2.")], START + 1_000, {}],
    [
      "updated",
      incident({
        cause: "several-cores-down",
        severity: "critical",
        signIn: "partly",
        affected: [core("acme-2"), core("acme-3", START + 60_000)],
      }),
      [event(opened, "severity-raised", "Raised to critical: acme-production/acme-3 is down too.", START + 60_000)],
      START + 61_000,
      { mention: "@oncall" },
    ],
    [
      "acknowledged",
      incident({ state: "acknowledged", acknowledgedAt: START + 120_000, acknowledgedBy: "kim" }),
      [event(opened, "acknowledged", "Acknowledged by kim.", START + 120_000)],
      START + 121_000,
      {},
    ],
    [
      "resolved",
      incident({ state: "resolved", resolvedAt: START + 754_000, peak: "critical", reopened: 1 }),
      [event(opened, "resolved", "Over: all cores answer.", START + 754_000)],
      START + 755_000,
      { mention: "@oncall" },
    ],
    [
      "silenced",
      incident({ silencedBy: "silence-3" }),
      [event(opened, "silenced", "Silenced until 10:00 by kim: release.", START + 30_000)],
      START + 31_000,
      {},
    ],
    ["recovering", incident({ ...left, healingSince: START + 60_000 }), [], START + 61_000, {}],
    [
      "resolved-after-its-aftermath",
      incident({ ...left, state: "resolved", resolvedAt: START + 120_000 }),
      [event(opened, "resolved", "Over after 2 min.", START + 120_000)],
      START + 121_000,
      {},
    ],
    ["database-with-40-cores", database, [], START + 1_000, { mention: "<!here>" }],
  ];
  test.each(cases)("a card: %s", async (name, of, events, now, over) => {
    const message = card(of, events, now, { ...links, ...over });
    expect(blockErrors(message.blocks)).toEqual([]);
    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot(`../golden/notify/${name}.json`);
  });

  test("a reply that the channel sees too names its incident", async () => {
    const over = incident({ state: "resolved", resolvedAt: START + 754_000 });
    const notice = {
      text: "Over after 12 min: all cores answer.",
      broadcast: true,
      at: START,
      because: "resolved",
    } as const;
    const message = replyMessage(over, notice, links);
    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot("../golden/notify/reply-resolved.json");
  });

  test("a reply in the thread alone is only its line", () => {
    const notice = { text: "acme-3 is down too.", broadcast: false, at: START, because: "affected-changed" } as const;
    expect(replyMessage(opened, notice, links).text).toBe("acme-3 is down too.");
  });
});

describe("text of others", () => {
  test("is escaped, mentions nobody, and keeps to one line", () => {
    const nasty = "<!channel> & <https://evil.example|click> @here\n@oncall a@b.example";
    const message = card(incident({ evidence: [nasty] }), [], START, links);
    const said = JSON.stringify(message.blocks) + message.text;
    expect(said).not.toContain("<!channel>");
    expect(said).not.toContain("<https://evil");
    expect(said).not.toMatch(/@(here|oncall)/);
    expect(said).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;");
    expect(said).toContain("a@b.example");
  });

  test("loses its secrets in every place", () => {
    const secret = "hunter2hunter2";
    const dirty = `password ${secret} here`;
    const of = incident({
      evidence: [dirty],
      acknowledgedBy: dirty,
      acknowledgedAt: START,
      state: "acknowledged",
      silencedBy: dirty,
      deployment: dirty,
      affected: [{ ...core("x"), target: { kind: "core", id: dirty, deployment: dirty } }],
    });
    const redact = (text: string): string => text.replaceAll(secret, "[secret]");
    const all = [
      card(of, [event(of, "acknowledged", dirty)], START, { ...links, redact, mention: dirty }),
      replyMessage(
        of,
        { text: dirty, broadcast: true, at: START, because: "reminded" },
        { ...links, redact, mention: dirty },
      ),
    ];
    expect(JSON.stringify(all)).toContain("[secret]");
    expect(JSON.stringify(all)).not.toContain(secret);
  });

  test("of any length and content keeps within Slack's limits", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom("&".repeat(4_000), "😀".repeat(2_000)),
    );
    const any = fc.record({
      cause: fc.constantFrom(...CAUSES),
      severity: fc.constantFrom(...SEVERITIES),
      state: fc.constantFrom("open" as const, "acknowledged" as const, "resolved" as const),
      evidence: fc.array(text, { maxLength: 12 }),
      affected: fc.array(
        fc.record({
          target: fc.record({ kind: fc.constant("core" as const), id: text, deployment: fc.constant(null) }),
          health: fc.constant("down" as const),
          reason: fc.constantFrom(...REASONS),
          since: fc.constant(START),
        }),
        { maxLength: 60 },
      ),
      deployment: fc.option(text),
      acknowledgedBy: fc.option(text),
      silencedBy: fc.option(text),
    });
    fc.assert(
      fc.property(any, text, (over, line) => {
        const of = incident({ ...over, acknowledgedAt: START, resolvedAt: START });
        const messages = [
          card(of, [event(of, "cause-changed", line)], START, { ...links, mention: line }),
          replyMessage(of, { text: line, broadcast: true, at: START, because: "reminded" }, links),
        ];
        for (const message of messages) {
          expect(blockErrors(message.blocks)).toEqual([]);
          expect(message.text.length).toBeLessThanOrEqual(3_000);
          expect(JSON.stringify(message).isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 150, seed: 20261121 },
    );
  });
});

test.each([
  ["@oncall", "@oncall"],
  ["<!here>", "<!here>"],
  ["@here", "<!here>"],
  ["channel", "<!channel>"],
  ["<@U012AB3CD>", "<@U012AB3CD>"],
  ["<!subteam^S012AB3CD>", "<!subteam^S012AB3CD>"],
  ["<https://evil.example|x>", "&lt;https://evil.example|x&gt;"],
])("the mention %s is written as %s", (configured, written) => {
  expect(mentionMarkup(configured)).toBe(written);
});
