import { expect, test } from "vitest";
import {
  CAUSE_TEXTS,
  CAUSES,
  formatDuration,
  listSome,
  nameTarget,
  REASON_TEXTS,
  REASONS,
} from "../../src/domain/index.ts";

test("a duration has two units at most and is never negative", () => {
  const cases: [number, string][] = [
    [-5, "0 ms"],
    [Number.NaN, "0 ms"],
    [850, "850 ms"],
    [12_999, "12 s"],
    [12 * 60_000, "12 min"],
    [3 * 3_600_000 + 5 * 60_000, "3 h 5 min"],
    [24 * 3_600_000, "1 d"],
    [52 * 3_600_000, "2 d 4 h"],
  ];
  for (const [ms, text] of cases) expect(formatDuration(ms)).toBe(text);
});

test("a list names some and counts the rest", () => {
  expect(listSome([], 3)).toBe("");
  expect(listSome(["a"], 3)).toBe("a");
  expect(listSome(["a", "b", "c"], 3)).toBe("a, b and c");
  expect(listSome(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
  expect(listSome(["a", "b"], 2, 40)).toBe("a, b and 38 more");
});

test("what a cause means says nothing that the evidence says of each incident: whether users can sign in", () => {
  const ofSignIn = new Set(["all-cores-down", "sign-in-broken", "many-deployments-down"]);
  for (const cause of CAUSES.filter((one) => !ofSignIn.has(one)))
    expect(`${cause}: ${CAUSE_TEXTS[cause].meaning}`).not.toMatch(/users (can|cannot|may|will)\b.*\bsign/i);
});

test("a target is named by its kind, unless it is a core", () => {
  expect(nameTarget({ kind: "core", id: "acme/acme-1" })).toBe("acme/acme-1");
  expect(nameTarget({ kind: "load-balancer", id: "acme" })).toBe("load balancer acme");
  expect(nameTarget({ kind: "database", id: "main" })).toBe("database main");
});

test("every cause says what it means and where to look, and every reason reads after a name", () => {
  for (const cause of CAUSES) {
    const { title, meaning, lookAt } = CAUSE_TEXTS[cause];
    expect(title).toMatch(/^[A-Zc].*[^.]$/);
    for (const text of [meaning, lookAt]) expect(text).toMatch(/^.{20,}\.$/);
  }
  for (const reason of REASONS) expect(REASON_TEXTS[reason]).toMatch(/^[a-z].*[^.]$/);
});
