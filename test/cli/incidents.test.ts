import { describe, expect, test } from "vitest";
import type { Incident } from "../../src/domain/index.ts";
import { Rig } from "./support.ts";

/** An open incident of its own scope. */
function incident(more: Partial<Incident> & { readonly id: string }): Incident {
  return {
    scope: { kind: "deployment", id: more.id },
    state: "open",
    deployment: null,
    cause: "core-down",
    severity: "major",
    peak: "major",
    signIn: "yes",
    evidence: [],
    affected: [],
    openedAt: 0,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    reopened: 0,
    silencedBy: null,
    told: true,
    remindedAt: null,
    escalated: 0,
    mergedInto: null,
    version: 0,
    ...more,
  };
}

describe("incidents silence", () => {
  const silence = (rig: Rig, ...args: string[]) =>
    rig.run("incidents", "silence", "--for", "1h", "--reason", "moving", "--by", "Ada", ...args);

  test.each([
    ["--cause", "core-donw", "core-down"],
    ["--deployment", "acmee", "acme"],
    ["--target", "acme/acme1", "acme/acme-1"],
    ["--check", "helo", "hello"],
  ])("of %s %s is refused, with the name that was probably meant", async (option, typo, near) => {
    const rig = new Rig();
    const refused = await silence(rig, option, typo);
    expect([refused.code, refused.err]).toEqual([64, expect.stringContaining(`did you mean ${near}?`)]);
    expect(await rig.store.silences(0)).toEqual([]);
  });

  test("of names that begin so is kept, where there is one", async () => {
    const rig = new Rig();
    expect((await silence(rig, "--target", "acme/*", "--deployment", "ac*", "--cause", "core-*")).code).toBe(0);
    expect(await rig.store.silences(0)).toMatchObject([
      { match: { target: "acme/*", deployment: "ac*", cause: "core-*" }, by: "Ada", reason: "moving" },
    ]);
    expect((await silence(rig, "--target", "nobody/*")).code).toBe(64);
  });

  test("keeps what people say on one line, and short", async () => {
    const rig = new Rig();
    const args = ["--deployment", "acme", "--by", "Ada\nLovelace\u0007 "];
    expect((await silence(rig, ...args, "--reason", "a\r\n  b")).code).toBe(0);
    expect(await rig.store.silences(0)).toMatchObject([{ by: "Ada Lovelace", reason: "a b" }]);
    for (const wrong of [
      ["--reason", "x".repeat(301)],
      ["--reason", " \n "],
      ["--by", "x".repeat(101)],
    ]) {
      expect((await silence(rig, ...args, ...wrong)).code).toBe(64);
    }
  });

  test("says what to silence", async () => {
    const refused = await silence(new Rig());
    expect([refused.code, refused.err]).toEqual([64, expect.stringMatching(/--deployment, --check, --target/)]);
  });
});

test("an acknowledgement is by whoever is at the command line, unless it says otherwise", async () => {
  const rig = new Rig();
  await rig.store.decide([], 0, () => ({
    states: [],
    incidents: [incident({ id: "INC-1" })],
    events: [],
    notices: [],
  }));
  rig.env["USER"] = "grace";
  expect((await rig.run("incidents", "ack", "INC-1", "--by", "\n")).code).toBe(64);
  expect((await rig.run("incidents", "ack", "INC-1")).out).toBe("INC-1 acknowledged by grace\n");
});

test("open incidents come first, however many were resolved since", async () => {
  const rig = new Rig();
  const at = rig.clock.now();
  const resolved = Array.from({ length: 60 }, (_, n) =>
    incident({ id: `INC-${n + 2}`, state: "resolved", openedAt: at + n, resolvedAt: at + n + 1 }),
  );
  const open = incident({ id: "INC-1", openedAt: at - 1 });
  await rig.store.decide([], 0, () => ({ states: [], incidents: [open, ...resolved], events: [], notices: [] }));
  const listed = await rig.run("incidents", "--format", "json");
  const ids = (JSON.parse(listed.out) as { id: string }[]).map((one) => one.id);
  expect([ids.length, ids[0], ids[1]]).toEqual([50, "INC-1", "INC-61"]);
  expect(new Set(ids).size).toBe(50);
});
