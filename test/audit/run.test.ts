import { expect, test } from "vitest";
import type { Answer, Rule } from "../../src/audit/rule.ts";
import { fail, pass } from "../../src/audit/rule.ts";
import { runAudit } from "../../src/audit/run.ts";
import type { Deployment, Waiver } from "../../src/domain/index.ts";
import { deployment, fleet } from "../checks/small-fleet.ts";
import { contextOf, DAY_MS, NOW } from "./contexts.ts";

function rule(id: string, check: () => Answer | Promise<Answer>, more: Partial<Rule> = {}): Rule {
  return {
    id,
    title: `title of ${id}`,
    seed: `seed of ${id}`,
    applies: () => true,
    check: async () => check(),
    ...more,
  };
}

const failing = rule("failing", () => fail("this", "that", "do it"));

function run(rules: readonly Rule[], deployments: readonly Deployment[], signal = new AbortController().signal) {
  const progress: string[] = [];
  const result = runAudit({
    fleet: fleet({ deployments }),
    deployments,
    rules,
    contextOf: () => contextOf(),
    parallel: 3,
    onProgress: (done, of) => void progress.push(`${done}/${of}`),
    redact: (text) => text.replaceAll("hunter2", "[redacted]"),
    signal,
  });
  return { result, progress };
}

const waiving = (...waive: readonly Waiver[]): Deployment => deployment({ audit: { expect: {}, waive } });
const waiver = (until: number, of = "failing"): Waiver => ({ rule: of, reason: "it moves", until });

test("a failing rule is waived until its day, with reason and end, and fails from that day on", async () => {
  const before = await run([failing], [waiving(waiver(NOW + 1))]).result;
  expect(before.findings).toMatchObject([
    { outcome: "waived", fix: "do it", waiver: { reason: "it moves", until: new Date(NOW + 1).toISOString() } },
  ]);
  expect(before.summary).toEqual({ pass: 0, fail: 0, unknown: 0, waived: 1 });
  const after = await run([failing], [waiving(waiver(NOW))]).result;
  expect(after.findings[0]).toMatchObject({ outcome: "fail" });
  expect(after.findings[0]).not.toHaveProperty("waiver");
});

test("of several waivers of a rule the one that still counts is taken", async () => {
  const { findings } = await run([failing], [waiving(waiver(NOW - DAY_MS), waiver(NOW + DAY_MS))]).result;
  expect(findings[0]).toMatchObject({ outcome: "waived", waiver: { until: new Date(NOW + DAY_MS).toISOString() } });
});

test("a waiver changes neither a pass nor what could not be told", async () => {
  const passing = rule("passing", () => pass("this", "this"));
  const unread = rule("unread", () => Promise.reject(new Error("AWS is away")));
  const { findings } = await run(
    [passing, unread],
    [waiving(waiver(NOW + DAY_MS, "passing"), waiver(NOW + DAY_MS, "unread"))],
  ).result;
  expect(findings.map(({ outcome }) => outcome)).toEqual(["pass", "unknown"]);
});

test("what throws is unknown, says why without secrets, and spoils nothing else", async () => {
  const unread = rule("unread", () => Promise.reject(new Error("the password hunter2 was refused")));
  const { findings, summary } = await run([unread, failing], [deployment()]).result;
  expect(findings[0]).toMatchObject({
    outcome: "unknown",
    expected: "title of unread",
    actual: "could not be read: the password [redacted] was refused",
  });
  expect(summary).toEqual({ pass: 0, fail: 1, unknown: 1, waived: 0 });
});

test("findings stand in the order of deployments and rules, whichever was read first", async () => {
  const late = rule("late", async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    return pass("this", "this");
  });
  const only = rule("only-b", () => pass("this", "this"), { applies: ({ id }) => id === "b" });
  const { result, progress } = run(
    [late, failing, only],
    ["a", "b", "c", "d"].map((id) => deployment({ id })),
  );
  const { findings } = await result;
  expect(findings.map((one) => `${one.subject} ${one.rule}`)).toEqual([
    "a late",
    "a failing",
    "b late",
    "b failing",
    "b only-b",
    "c late",
    "c failing",
    "d late",
    "d failing",
  ]);
  expect(progress).toEqual(["1/4", "2/4", "3/4", "4/4"]);
});

test("an audit that is called off gives no result, not half of one", async () => {
  const off = new AbortController();
  const waits = rule("waits", () => {
    off.abort(new Error("called off"));
    throw new Error("cut");
  });
  await expect(run([waits], [deployment()], off.signal).result).rejects.toThrow("cut");
});
