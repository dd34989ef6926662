import { describe, expect, it } from "vitest";
import { createKeySets } from "../../checks/key-sets.ts";

const MINUTE = 60_000;
const NOW = Date.parse("2026-11-21T08:00:00Z");

describe("the key sets of a deployment", () => {
  it("agree on what a strict majority serves", () => {
    const sets = createKeySets();
    expect(sets.consensus("acme")).toBeUndefined();
    sets.record("acme", "1", ["a", "b"], NOW);
    sets.record("acme", "2", ["x"], NOW);
    expect(sets.consensus("acme")).toBeUndefined();
    sets.record("acme", "3", ["b", "a"], NOW);
    expect(sets.consensus("acme")).toEqual(new Set(["a", "b"]));
    expect(sets.consensus("other")).toBeUndefined();
  });

  it("follow a rotation, core by core", () => {
    const sets = createKeySets();
    for (const core of ["1", "2", "3"]) sets.record("acme", core, ["a", "b"], NOW);
    for (const core of ["1", "2", "3"]) sets.record("acme", core, ["b", "c"], NOW + MINUTE);
    expect(sets.consensus("acme")).toEqual(new Set(["b", "c"]));
    expect(sets.recordedAt("acme", "1")).toBe(NOW + MINUTE);
  });

  it("do not let a stranger on a lone core's port become the deployment, until it has stayed for half an hour", () => {
    const sets = createKeySets();
    sets.record("acme", "1", ["a"], NOW);
    sets.record("acme", "1", ["x"], NOW + MINUTE);
    expect(sets.consensus("acme")).toEqual(new Set(["a"]));
    expect(sets.recordedAt("acme", "1")).toBeUndefined();
    sets.record("acme", "1", ["x"], NOW + 31 * MINUTE);
    expect(sets.consensus("acme")).toEqual(new Set(["x"]));
    expect(sets.recordedAt("acme", "1")).toBe(NOW + 31 * MINUTE);
  });

  it("take new keys at once when two cores show them: the database was made anew", () => {
    const sets = createKeySets();
    for (const core of ["1", "2", "3"]) sets.record("acme", core, ["a"], NOW);
    sets.record("acme", "1", ["x"], NOW + 1);
    expect(sets.consensus("acme")).toEqual(new Set(["a"]));
    sets.record("acme", "2", ["x"], NOW + 2);
    expect(sets.consensus("acme")).toEqual(new Set(["x"]));
  });

  it("forget the vote of a core that was not seen for an hour", () => {
    const sets = createKeySets();
    sets.record("acme", "old", ["a"], NOW);
    sets.record("acme", "new", ["x"], NOW + 61 * MINUTE);
    expect(sets.consensus("acme")).toEqual(new Set(["x"]));
  });

  it("count a core that shows none as seen, but not as known", () => {
    const sets = createKeySets();
    sets.record("acme", "1", ["a"], NOW);
    sets.record("acme", "1", [], NOW + 1);
    expect(sets.recordedAt("acme", "1")).toBeUndefined();
    expect(sets.consensus("acme")).toEqual(new Set(["a"]));
  });

  it("come back from what was saved, also from nonsense", () => {
    const sets = createKeySets();
    sets.record("acme", "1", ["a"], NOW);
    const again = createKeySets(JSON.parse(JSON.stringify(sets.dump())));
    expect(again.consensus("acme")).toEqual(new Set(["a"]));
    expect(again.recordedAt("acme", "1")).toBe(NOW);
    for (const saved of [null, "x", { deployments: { acme: { 1: { accepted: "a" }, 2: null }, b: 3 } }]) {
      expect(createKeySets(saved).consensus("acme")).toBeUndefined();
    }
  });
});
