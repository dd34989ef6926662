import fc from "fast-check";
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
  return { target, check: "hello", health, reason, detail: "", measures: {}, slot, at: slot + 5, durationMs: 1, latenessMs: 0 };
}

/** Judges `udud?` and so on, 10 s apart. */
function play(letters: string, settings = SETTINGS, from?: SeriesState): Judgement[] {
  const judgements: Judgement[] = [];
  let state = from;
  for (const [index, letter] of [...letters].entries()) {
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
console.info(`fast-check seed ${seed}`);

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
        let state: SeriesState | undefined;
        for (const [index, { state: next }] of play(all, settings).entries()) {
          if (all[index] === "?" && state !== undefined) expect(next).toBe(state);
          state = next;
        }
        const without = play(all.replaceAll("?", ""), settings).at(-1)?.state;
        const settled = play(all, settings).at(-1)?.state;
        if (without !== undefined) {
          expect({ ...settled, since: 0, slot: 0 }).toEqual({ ...without, since: 0, slot: 0 });
        }
      }),
      { seed },
    );
  });

  test("never turns bad on fewer failures than asked for, and only on a bad observation", () => {
    fc.assert(
      fc.property(letters, thresholds, (all, settings) => {
        let bads: boolean[] = [];
        for (const [index, { turned }] of play(all, settings).entries()) {
          const letter = all[index];
          if (letter !== "?") bads = [...bads, letter !== "u"].slice(-Math.max(settings.window, settings.failures));
          if (turned === "bad") {
            expect(bads.at(-1)).toBe(true);
            expect(bads.filter(Boolean).length).toBeGreaterThanOrEqual(settings.failures);
          }
          if (turned !== null) bads = [];
        }
      }),
      { seed },
    );
  });

  test("a settled state is up, or the health of the newest bad observation, and what changed is a new object", () => {
    fc.assert(
      fc.property(letters, thresholds, (all, settings) => {
        let before: SeriesState | undefined;
        let newestBad: Health = "unknown";
        for (const [index, { state, changed }] of play(all, settings).entries()) {
          const health = HEALTH[all[index] ?? "?"] ?? "unknown";
          if (health === "down" || health === "degraded") newestBad = health;
          if (state.health !== "up" && state.health !== "unknown") expect(state.health).toBe(newestBad);
          if (before !== undefined) expect(changed).toBe(state !== before);
          expect(state.recent.length).toBeLessThanOrEqual(Math.max(settings.window, settings.failures));
          before = state;
        }
      }),
      { seed },
    );
  });
});
