import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge } from "../../checks/judge.ts";
import type { Judgement } from "../../checks/judge.ts";
import type { Health, Observation, Reason, SeriesState } from "../../src/domain/index.ts";

const START = Date.parse("2026-11-21T08:00:00Z");
const SETTINGS = { failures: 2, successes: 2, window: 5 };
const REASON: Record<Health, Reason> = { up: "ok", degraded: "slow", down: "timeout", unknown: "internal-error" };
const HEALTH: Record<string, Health> = { u: "up", g: "degraded", d: "down", "?": "unknown" };

function observation(health: Health, slot: number, reason: Reason = REASON[health]): Observation {
  const target = { kind: "core", id: "acme/acme-1", deployment: "acme" } as const;
  return {
    target,
    check: "hello",
    health,
    reason,
    detail: "",
    measures: {},
    slot,
    at: slot + 5,
    durationMs: 1,
    latenessMs: 0,
  };
}

/** Judges `udud?` and so on, 10 s apart. */
function play(letters: string, settings = SETTINGS, from?: SeriesState): Judgement[] {
  const judgements: Judgement[] = [];
  let state = from;
  for (const [index, letter] of letters.split("").entries()) {
    const judgement = judge(state, observation(HEALTH[letter] ?? "unknown", START + index * 10_000), settings);
    state = judgement.state;
    judgements.push(judgement);
  }
  return judgements;
}

const turns = (letters: string, settings = SETTINGS): string =>
  play(letters, settings)
    .map(({ turned }) => (turned === "bad" ? "B" : turned === "good" ? "G" : "."))
    .join("");

const letters = fc.array(fc.constantFrom("u", "g", "d", "?"), { maxLength: 60 }).map((all) => all.join(""));
const thresholds = fc.record({
  failures: fc.integer({ min: 1, max: 5 }),
  successes: fc.integer({ min: 1, max: 5 }),
  window: fc.integer({ min: 1, max: 10 }),
});
const seed = Date.now() % 2 ** 31;
process.stdout.write(`fast-check seed ${seed}\n`);

describe("the judge", () => {
  test("turns a series bad at the second failure and good at the second success", () => {
    expect(turns("uudduu")).toBe("...B.G");
  });

  test("keeps one and the same object while a target is steadily up, so that nothing is written", () => {
    const [first, ...rest] = play("uuuuuuu");
    expect(first?.changed).toBe(true);
    expect(rest.every(({ changed, state }) => !changed && state === first?.state)).toBe(true);
  });

  test("keeps one and the same object while a target is steadily down for one reason", () => {
    const all = play("udddddd");
    expect(all.slice(3).every(({ changed, state }) => !changed && state === all[2]?.state)).toBe(true);
  });

  test("finds one bad node in five behind a load balancer, that consecutive counting never does", () => {
    const everyFifth = "uuuud".repeat(6);
    expect(turns(everyFifth, { failures: 2, successes: 6, window: 10 }).indexOf("B")).toBe(9);
    expect(turns(everyFifth, { failures: 2, successes: 2, window: 2 })).not.toContain("B");
  });

  test("keeps a flapping series bad until enough good ones come in a row", () => {
    expect(turns("dduduuuu")).toBe(".B...G..");
  });

  test("moves between degraded and down while bad as a change of state that is no turn", () => {
    const all = play("ddgg");
    expect(all.map(({ state }) => state.health)).toEqual(["unknown", "down", "degraded", "degraded"]);
    expect(all[2]).toMatchObject({ changed: true, turned: null, state: { since: START + 20_005, reason: "slow" } });
  });

  test("tells the first failure, so that the other witnesses are asked, and only the first", () => {
    expect(play("uududdd").map(({ firstBad }) => firstBad)).toEqual([false, false, true, false, false, false, false]);
  });

  test("ignores a slot it has judged already", () => {
    const [, bad] = play("ud");
    const again = judge(bad?.state, observation("down", START + 10_000), SETTINGS);
    expect(again).toMatchObject({ changed: false, turned: null });
    expect(again.state).toBe(bad?.state);
  });

  test("accepts slots of a clock that was set back by more than ten minutes, and no others from the past", () => {
    const [, bad] = play("ud");
    expect(judge(bad?.state, observation("down", START + 10_000 - 9 * 60_000), SETTINGS).changed).toBe(false);
    expect(judge(bad?.state, observation("down", START + 10_000 - 11 * 60_000), SETTINGS).turned).toBe("bad");
  });

  test("settles a series that was never seen as up with its first good observation", () => {
    expect(play("?u").map(({ state }) => state.health)).toEqual(["unknown", "up"]);
  });

  test("unknown changes nothing, wherever it comes", () => {
    fc.assert(
      fc.property(letters, thresholds, (all, settings) => {
        const states = play(all, settings).map(({ state }) => state);
        const disturbed = states.filter(
          (state, index) => index > 0 && all[index] === "?" && state !== states[index - 1],
        );
        expect(disturbed).toEqual([]);
        const without = play(all.replaceAll("?", ""), settings).at(-1)?.state;
        const timeless = (state: SeriesState | undefined): unknown => ({ ...state, since: 0, slot: 0 });
        expect(timeless(without === undefined ? undefined : states.at(-1))).toEqual(timeless(without));
      }),
      { seed },
    );
  });

  test("never turns bad on fewer failures than asked for, and only on a bad observation", () => {
    fc.assert(
      fc.property(letters, thresholds, (all, settings) => {
        let bads: boolean[] = [];
        const tooSoon: number[] = [];
        for (const [index, { turned }] of play(all, settings).entries()) {
          if (all[index] !== "?")
            bads = [...bads, all[index] !== "u"].slice(-Math.max(settings.window, settings.failures));
          const enough = bads.at(-1) === true && bads.filter(Boolean).length >= settings.failures;
          if (turned === "bad" && !enough) tooSoon.push(index);
          if (turned !== null) bads = [];
        }
        expect(tooSoon).toEqual([]);
      }),
      { seed },
    );
  });

  test("a bad state has the health of the newest bad observation, and only what changed is a new object", () => {
    fc.assert(
      fc.property(letters, thresholds, (all, settings) => {
        let before: SeriesState | undefined;
        let newestBad: Health = "unknown";
        const wrong: string[] = [];
        for (const [index, { state, changed }] of play(all, settings).entries()) {
          const health = HEALTH[all[index] ?? "?"] ?? "unknown";
          if (health === "down" || health === "degraded") newestBad = health;
          if (state.health !== "up" && state.health !== "unknown" && state.health !== newestBad)
            wrong.push(`health at ${index}`);
          if (before !== undefined && changed !== (state !== before)) wrong.push(`object at ${index}`);
          if (state.recent.length > Math.max(settings.window, settings.failures)) wrong.push(`memory at ${index}`);
          before = state;
        }
        expect(wrong).toEqual([]);
      }),
      { seed },
    );
  });
});
