import { describe, expect, test } from "vitest";
import { phaseOf, spreadOf, startSpreadOf } from "../../checks/phase.ts";

describe("the phase of a series", () => {
  test("is the same on every host and after every restart", () => {
    expect(phaseOf("core:acme/acme-1:hello")).toBeCloseTo(PINNED, 9);
  });

  test("spreads keys that differ in their last digit evenly", () => {
    const tenths = Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const tenth = Math.floor(phaseOf(`core:acme/acme-${index}:hello`) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(130);
  });

  test("is a share of the slot, but of no more than its first minute", () => {
    expect([spreadOf(10_000), spreadOf(86_400_000)]).toEqual([10_000, 60_000]);
    expect([startSpreadOf(10_000, 4), startSpreadOf(1_000, 4), startSpreadOf(60_000, 10_000)]).toEqual([
      2_000, 1_000, 10_000,
    ]);
  });
});

const PINNED = 0.3346123087685555;
