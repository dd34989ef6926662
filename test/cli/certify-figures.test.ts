import { describe, expect, it } from "vitest";
import { LiveFigures } from "../../src/cli/certify-figures.ts";
import type { LiveState } from "../../src/cli/certify-live.ts";
import { RecordBuffer } from "../../loadtests/shots.ts";
import { type RunHead, SHOT_OUTCOMES } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";

const OK = SHOT_OUTCOMES.indexOf("ok");

const stage = (kind: "sustained" | "survival", durationMs: number) => ({
  kind,
  arrivals: { kind: "constant" as const, rate: 100, durationMs },
  levels: [],
  levelMs: 0,
});

const STAGES = [stage("sustained", 10_000), stage("survival", 30_000)];
// Of a head only its plan and its cores are looked at.
const HEAD = { plan: { name: "quick", stages: STAGES }, cores: ["acme-1", "acme-2"] } as unknown as RunHead;

function rig() {
  const clock = new FakeClock();
  const seen: LiveState[] = [];
  const figures = new LiveFigures(HEAD, clock, (state) => seen.push(state));
  const shots = new RecordBuffer(4_096);
  return {
    clock,
    figures,
    begin: (index: number) =>
      figures.event({
        type: "stage-began",
        stage: index,
        at: clock.now(),
        plan: STAGES[index] ?? stage("sustained", 1),
      }),
    end: (index: number) =>
      figures.event({ type: "stage-ended", stage: index, at: clock.now(), generator: null, cut: null, detail: "" }),
    /** `count` good answers of acme-1 after 4 ms each. */
    answer(count: number): void {
      for (let i = 0; i < count; i++) shots.add(0, 0, 4, OK, 0, 0, 200);
      const records = shots.take();
      if (records !== undefined) figures.shots(records);
    },
    newest(): LiveState {
      const last = seen.at(-1);
      if (last === undefined) throw new Error("nothing was shown");
      return last;
    },
  };
}

describe("what a person sees of a run", () => {
  it("is the true rate at every moment: the second that runs is not over, and does not count", async () => {
    const { clock, figures, begin, answer, newest } = rig();
    await clock.advance(333);
    begin(0);
    const rates = new Set<number>();
    for (let ms = 0; ms < 8_000; ms += 50) {
      answer(5);
      await clock.advance(50);
      if (ms > 1_200) rates.add(newest().sentRate);
    }
    expect([...rates]).toEqual([100]);
    expect(newest().perCore).toEqual([
      { core: "acme-1", rate: 100 },
      { core: "acme-2", rate: 0 },
    ]);
    expect(newest()).toMatchObject({ p50Ms: 4, p99Ms: 4 });
    figures.stop();
  });

  it("falls to nothing when nothing comes any more", async () => {
    const { clock, figures, begin, answer, newest } = rig();
    begin(0);
    answer(500);
    await clock.advance(2_100);
    expect(newest().sentRate).toBe(250);
    await clock.advance(5_000);
    expect(newest()).toMatchObject({ sentRate: 0, p50Ms: null, p99Ms: null });
    figures.stop();
  });

  it("counts what is left with the stages that come, also when one takes longer than planned", async () => {
    const { clock, figures, begin, end, newest } = rig();
    begin(0);
    await clock.advance(4_000);
    expect(newest().totalMs - newest().elapsedMs).toBe(36_000);
    await clock.advance(16_000);
    expect(newest().totalMs - newest().elapsedMs).toBe(30_000);
    end(0);
    await clock.advance(3_000);
    expect(newest()).toMatchObject({ stage: { isOver: true, elapsedMs: 20_000 } });
    begin(1);
    expect(newest()).toMatchObject({ stage: { index: 1, isOver: false, elapsedMs: 0 } });
    figures.stop();
  });
});
