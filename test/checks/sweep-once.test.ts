import { expect, test } from "vitest";
import type { Task } from "../../checks/check.ts";
import type { runTask } from "../../checks/run.ts";
import { sweepOnce } from "../../checks/sweep-once.ts";
import { wait } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";
import { clockPorts, coreTask, settings, UP } from "./support.ts";

const KEYS: Task = {
  target: { kind: "deployment", id: "acme", deployment: "acme" },
  check: "jwks",
  input: undefined,
};

/** Sweeps with key sets that take `keysMs`; gives when each hello began, ms after the start, and when all was done. */
async function sweep(keysMs: number, hellos: readonly string[]): Promise<{ began: number[]; done: number }> {
  const clock = new FakeClock("2026-11-21T08:00:00Z");
  const start = clock.now();
  const began: number[] = [];
  const run: typeof runTask = async ({ target, check }, _settings, _ports, when) => {
    const at = clock.now();
    if (check === "jwks") await wait(clock, keysMs);
    else began.push(at - start);
    return { ...UP, target, check, at, durationMs: clock.now() - at, ...when };
  };
  const sweeping = async (): Promise<number> => {
    const tasks = [...hellos.map((name) => coreTask(name)), KEYS];
    const found = await sweepOnce(tasks, () => settings(), clockPorts(clock), { clock, slot: start, run });
    expect(found.map(({ check }) => check)).toEqual([...hellos.map(() => "hello"), "jwks"]);
    return clock.now() - start;
  };
  const swept = sweeping();
  await clock.advance(60_000);
  const done = await swept;
  expect(clock.waiting).toBe(0);
  return { began, done };
}

test("a hello waits for the key set of its deployment", async () => {
  expect(await sweep(300, ["acme/a", "acme/b", "other/a"])).toEqual({ began: [0, 300, 300], done: 300 });
});

test("a core that keeps the key set waiting delays the hellos of its deployment by a second in all", async () => {
  const hellos = Array.from({ length: 200 }, (_, index) => `acme/${index}`);
  const { began, done } = await sweep(10_000, hellos);
  expect(began).toEqual(Array(200).fill(1_000));
  expect(done).toBe(10_000);
});
