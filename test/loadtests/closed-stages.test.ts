import { describe, expect, it } from "vitest";
import { runClosedStage } from "../../loadtests/closed-stages.ts";
import type { ClosedLevel, ClosedLoad, LoadTarget } from "../../src/domain/index.ts";
import { bounded, levelOf } from "./closed-curves.ts";

const target: LoadTarget = {
  url: "http://127.0.0.1:1",
  host: "h",
  apiKey: undefined,
  tls: { ca: undefined, verify: true, serverName: "h" },
  coreHeader: undefined,
  cores: [],
};
const request = { method: "GET", path: "/hello", headers: {}, body: undefined } as const;

/** Runs a stage over a target that behaves as `curve` says. */
async function run(
  levels: readonly number[],
  curve: (connections: number) => ClosedLevel,
  signal = new AbortController().signal,
) {
  const asked: number[] = [];
  const emitted: ClosedLevel[] = [];
  const load: ClosedLoad = {
    async level(_target, _request, connections) {
      asked.push(connections);
      const { stage: _stage, ...level } = curve(connections);
      return level;
    },
  };
  const emit = (level: ClosedLevel): void => void emitted.push(level);
  const result = await runClosedStage({ stage: "tune", load, target, request, levels, levelMs: 1_000, emit }, signal);
  return { asked, emitted, result };
}

describe("a closed-model stage", () => {
  it("rises through its levels and hands out each when it is done", async () => {
    const { asked, emitted, result } = await run([8, 1, 4, 4, 2], (n) => levelOf(n, n * 100));
    expect(asked).toEqual([1, 2, 4, 8]);
    expect(emitted.map((level) => [level.stage, level.connections])).toEqual([
      ["tune", 1],
      ["tune", 2],
      ["tune", 4],
      ["tune", 8],
    ]);
    expect(result).toEqual({ levels: emitted, ended: "all-levels", detail: "all 4 levels were measured" });
  });

  it("ends after two levels without growth", async () => {
    const { asked, result } = await run([1, 2, 4, 8, 16, 32, 64], (n) => levelOf(n, bounded(n, 10, 430)));
    expect(asked).toEqual([1, 2, 4, 8, 16]);
    expect(result.ended).toBe("past-knee");
  });

  it("goes on after a single level without growth", async () => {
    const { asked, result } = await run([1, 2, 4, 8, 16], (n) => levelOf(n, n === 4 ? 150 : n * 100));
    expect(asked).toEqual([1, 2, 4, 8, 16]);
    expect(result.ended).toBe("all-levels");
  });

  it("ends when too much fails, with that level in the record", async () => {
    const { asked, emitted, result } = await run([1, 2, 4, 8], (n) =>
      levelOf(n, n * 100, n === 4 ? { errors: 40 } : {}),
    );
    expect(asked).toEqual([1, 2, 4]);
    expect(emitted).toHaveLength(3);
    expect(result).toMatchObject({ ended: "errors", detail: "9.1% of the requests failed at 4 connections" });
  });

  it("keeps what it has when a level cannot be measured", async () => {
    const { result } = await run([1, 2, 4], (n) => {
      if (n === 2) throw new Error("no connection to h:1: connect ECONNREFUSED");
      return levelOf(n, n * 100);
    });
    expect(result.levels).toHaveLength(1);
    expect(result).toMatchObject({
      ended: "failed",
      detail: "2 connections could not be measured: no connection to h:1: connect ECONNREFUSED",
    });
  });

  it("keeps no level that was cut short by an interruption", async () => {
    const abort = new AbortController();
    const { asked, emitted, result } = await run(
      [1, 2, 4],
      (n) => {
        if (n === 2) abort.abort();
        return levelOf(n, n * 100);
      },
      abort.signal,
    );
    expect(asked).toEqual([1, 2]);
    expect(emitted).toHaveLength(1);
    expect(result.ended).toBe("interrupted");
  });

  it("without levels has failed: nothing measured is not a result", async () => {
    expect((await run([], (n) => levelOf(n, 1))).result).toMatchObject({ ended: "failed" });
  });
});
