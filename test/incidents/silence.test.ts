import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silencing, type Quiet } from "../../src/incidents/silence.ts";
import { createTicker } from "../../src/cron/ticker.ts";
import type { Affected, MaintenanceWindow } from "../../src/domain/index.ts";
import { FakeClock } from "../fakes/clock.ts";
import { activeWindows, fleetOf, MINUTE } from "./support.ts";

const affected = (deployment: string | null, id: string, check: Affected["check"] = "hello"): Affected => ({
  target: { kind: deployment === null ? "database" : "core", id, deployment },
  health: "down",
  reason: "timeout",
  since: 0,
  ...(check === undefined ? {} : { check }),
});
const quiet = (match: Quiet["match"], id = "S-1"): Quiet => ({ id, match, reason: "" });
const incident = (...list: Affected[]) => ({ cause: "host-down" as const, deployment: null, affected: list });

describe("what a silence covers", () => {
  test("everything affected, by one silence or several together", () => {
    const both = incident(affected("a", "a/1"), affected("b", "b/1"));
    expect(silencing(both, [quiet({ deployment: "a" })])).toBeUndefined();
    expect(silencing(both, [quiet({ deployment: "a" }), quiet({ deployment: "b" }, "S-2")])?.id).toBe("S-1");
    expect(silencing(both, [quiet({ check: "hello" })])?.id).toBe("S-1");
  });

  test("every field that is given must match", () => {
    const one = incident(affected("a", "a/1"));
    expect(
      silencing(one, [quiet({ deployment: "a", check: "hello", target: "a/1", cause: "host-down" })]),
    ).toBeDefined();
    for (const other of [{ deployment: "b" }, { check: "tls" as const }, { target: "a/2" }, { cause: "core-down" }])
      expect(silencing(one, [quiet({ deployment: "a", ...other })])).toBeUndefined();
  });

  test("a star at the end matches any rest", () => {
    expect(silencing(incident(affected("acme-eu", "acme-eu/1")), [quiet({ deployment: "acme-*" })])).toBeDefined();
    expect(silencing(incident(affected("acme", "acme/1")), [quiet({ deployment: "acme-*" })])).toBeUndefined();
  });

  test("a database belongs to the incident's deployment when it has one", () => {
    const shared = incident(affected(null, "main", "postgres"));
    expect(silencing(shared, [quiet({ deployment: "a" })])).toBeUndefined();
    expect(silencing({ ...shared, deployment: "a" }, [quiet({ deployment: "a" })])).toBeDefined();
  });

  test("without anything affected only deployment and cause can match", () => {
    expect(silencing(incident(), [quiet({ cause: "host-*" })])).toBeDefined();
    expect(silencing(incident(), [quiet({ target: "*" })])).toBeUndefined();
    expect(silencing(incident(), [quiet({ deployment: "*" })])).toBeUndefined();
  });

  test("any set of affected targets is covered exactly when each one alone is", () => {
    const ids = fc.constantFrom("a", "b", "c");
    const matches = fc.record(
      { deployment: ids, target: fc.constantFrom("a/1", "a/*", "b/*", "*") },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ids, fc.constantFrom("1", "2")), { minLength: 1, maxLength: 6 }),
        fc.array(matches, { maxLength: 4 }),
        (targets, list) => {
          const all = targets.map(([d, n]) => affected(d, `${d}/${n}`));
          const silences = list.map((match) => quiet(match));
          const each = all.every((one) => silencing(incident(one), silences) !== undefined);
          expect(silencing(incident(...all), silences) !== undefined).toBe(each);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("maintenance windows", () => {
  const window = (schedule: string, durationMs: number, timezone = "Europe/Berlin"): MaintenanceWindow => ({
    id: "M-1",
    match: { deployment: "a" },
    schedule,
    durationMs,
    timezone,
    reason: "patches",
  });
  const at = (time: string, ...maintenance: MaintenanceWindow[]) =>
    activeWindows(fleetOf({ maintenance }), Date.parse(time), createTicker({ clock: new FakeClock(time) }));

  test("a window is open from its fire time for its duration, in its own time zone", () => {
    const sundays = window("0 2 * * 0", 60 * MINUTE);
    expect(at("2026-11-22T00:59:59Z", sundays)).toEqual([]);
    expect(at("2026-11-22T01:00:00Z", sundays)).toMatchObject([
      { from: Date.parse("2026-11-22T01:00:00Z"), until: Date.parse("2026-11-22T02:00:00Z") },
    ]);
    expect(at("2026-11-22T01:59:59Z", sundays)).toHaveLength(1);
    expect(at("2026-11-22T02:00:00Z", sundays)).toEqual([]);
  });

  test("it lasts as long as it says when the clocks change under it", () => {
    // 2026-10-25, 03:00 CEST becomes 02:00 CET.
    const night = window("0 1 * * *", 4 * 60 * MINUTE);
    expect(at("2026-10-25T02:59:59Z", night)).toHaveLength(1);
    expect(at("2026-10-25T03:00:00Z", night)).toEqual([]);
    // 2026-03-29, 02:00 CET becomes 03:00 CEST.
    expect(at("2026-03-29T03:59:59Z", night)).toHaveLength(1);
    expect(at("2026-03-29T04:00:00Z", night)).toEqual([]);
  });

  test("of overlapping openings the one that ends last counts, and a window may be longer than its period", () => {
    const [open] = at("2026-11-21T08:30:00Z", window("0 * * * *", 150 * MINUTE));
    expect(open?.until).toBe(Date.parse("2026-11-21T10:30:00Z"));
  });

  test("a schedule that fires every second over an hour stays bounded and open", () => {
    const [open] = at("2026-11-21T08:30:00Z", window("* * * * * *", 60 * MINUTE));
    expect(open).toBeDefined();
  });
});
