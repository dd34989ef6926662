import { describe, expect, test } from "vitest";
import { LAST_WORD_MS, startRun } from "../../checks/run.ts";
import type { ProbeContext } from "../../checks/check.ts";
import type { CheckKind, Observation, Outcome } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";
import { clockPorts, coreTask, settings, UP } from "./support.ts";

function start(clock: FakeClock, probe: (context: ProbeContext) => Promise<Outcome>, check: CheckKind = "hello") {
  const run = startRun(
    { probe: (_input, context) => probe(context) },
    coreTask("acme/acme-1", check),
    settings(undefined, { timeoutMs: 10_000 }),
    clockPorts(clock),
    { slot: clock.now() - 3, latenessMs: 3 },
  );
  let ended: Observation | undefined;
  void run.done.then((observation) => (ended = observation));
  return { ...run, ended: () => ended };
}

/** Waits until the signal aborts, then rejects as fetch does. */
function untilAborted({ signal }: ProbeContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
  });
}

describe("a probe that is run", () => {
  test("is bound to its target, slot and time, and its duration is monotonic while the wall clock steps", async () => {
    const clock = new FakeClock();
    const at = clock.now();
    const run = start(clock, async (context) => {
      await new Promise<void>((resolve) => void context.clock.after(40, resolve));
      return UP;
    });
    await clock.advance(20);
    clock.step(-3_600_000);
    await clock.advance(20);
    expect(run.ended()).toMatchObject({
      check: "hello",
      health: "up",
      slot: at - 3,
      at,
      durationMs: 40,
      latenessMs: 3,
    });
    expect(clock.waiting).toBe(0);
  });

  test("is down with timeout at its deadline when it waits for the target until its signal aborts", async () => {
    const clock = new FakeClock();
    const run = start(clock, untilAborted);
    await clock.advance(9_999);
    expect(run.ended()).toBeUndefined();
    await clock.advance(1);
    expect(run.ended()).toMatchObject({
      health: "down",
      reason: "timeout",
      detail: "no answer within 10 s",
      durationMs: 10_000,
    });
  });

  test("keeps the phases that a probe still tells at its deadline", async () => {
    const clock = new FakeClock();
    const run = start(clock, (context) =>
      untilAborted(context).catch(() => ({
        health: "unknown",
        reason: "cancelled",
        detail: "",
        measures: {},
        phases: { dns: 2, total: 10_000 },
      })),
    );
    await clock.advance(10_000);
    expect(run.ended()).toMatchObject({ health: "down", reason: "timeout", phases: { dns: 2 } });
  });

  test("is ended by the engine when it ignores its signal", async () => {
    const clock = new FakeClock();
    const run = start(clock, () => new Promise(() => {}));
    await clock.advance(10_000 + LAST_WORD_MS);
    expect(run.ended()).toMatchObject({ health: "down", reason: "timeout", durationMs: 10_000 + LAST_WORD_MS });
    expect(clock.waiting).toBe(0);
  });

  test("of a load balancer is unknown when the AWS API stays silent: that says nothing of the target", async () => {
    const clock = new FakeClock();
    const run = start(clock, untilAborted, "target-health");
    await clock.advance(10_000);
    expect(run.ended()).toMatchObject({ health: "unknown", reason: "api-unreachable" });
  });

  test("is unknown when it throws, at once or later: a fault here is no news of the target", async () => {
    const clock = new FakeClock();
    const runs = [
      start(clock, () => {
        throw new TypeError("x is undefined");
      }),
      start(clock, () => Promise.reject(new Error("late"))),
      start(clock, () => Promise.reject("a string")),
    ];
    await clock.advance(0);
    for (const run of runs) expect(run.ended()).toMatchObject({ health: "unknown", reason: "internal-error" });
    expect(runs[0]?.ended()?.detail).toBe("the probe itself failed: TypeError: x is undefined");
    expect(clock.waiting).toBe(0);
  });

  test("is unknown when it is called off, and what it says later is not heard", async () => {
    const clock = new FakeClock();
    const run = start(clock, () => new Promise((resolve) => void clock.after(50, () => resolve(UP))));
    await clock.advance(10);
    run.cancel();
    run.cancel();
    await clock.advance(100);
    expect(run.ended()).toMatchObject({ health: "unknown", reason: "cancelled", durationMs: 10 });
  });
});
