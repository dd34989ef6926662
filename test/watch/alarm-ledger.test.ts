import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_RECORD } from "../../alarms/record.ts";
import type { AlarmEvent, AlarmState } from "../../src/domain/index.ts";
import { AlarmLedger } from "../../src/watch/alarm-ledger.ts";
import { deployment, fleetOf } from "../incidents/support.ts";

const SEED = Number(process.env["COREWATCH_TEST_SEED"] ?? 20_261_121);
const NOW = Date.parse("2026-11-21T08:00:00Z");
const FLEET = fleetOf({ region: "eu-west-1", deployments: [deployment("acme", 2)], alarms: {} });

function event(state: AlarmState, at: number, more: Partial<AlarmEvent> = {}): AlarmEvent {
  return {
    arn: "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:acme ELB HTTPCode_ELB_5XX_Count",
    account: "111111111111",
    region: "eu-west-1",
    name: "acme ELB HTTPCode_ELB_5XX_Count",
    state,
    previous: null,
    reason: "Threshold Crossed",
    at: NOW + at,
    metric: {
      namespace: "AWS/ApplicationELB",
      metric: "HTTPCode_ELB_5XX_Count",
      dimensions: [{ name: "LoadBalancer", value: "app/acme/1234" }],
    },
    via: "sns",
    ...more,
  };
}
const firing = (ledger: AlarmLedger) => ledger.firing(FLEET, EMPTY_RECORD).map((one) => [one.name, one.since - NOW]);

describe(`the ledger of alarms (seed ${SEED})`, () => {
  test("takes a change once, from whichever way it comes, and keeps since when", () => {
    const ledger = new AlarmLedger();
    expect(ledger.take(event("ALARM", 0), NOW)).toBe(true);
    expect(ledger.take(event("ALARM", 0), NOW)).toBe(false);
    expect(ledger.take(event("ALARM", 500, { via: "poll" }), NOW)).toBe(false);
    expect(firing(ledger)).toEqual([["acme ELB HTTPCode_ELB_5XX_Count", 0]]);
  });

  test("lets an alarm go at OK, and where its data are missing", () => {
    for (const state of ["OK", "INSUFFICIENT_DATA"] as const) {
      const ledger = new AlarmLedger();
      ledger.take(event("ALARM", 0), NOW);
      expect(ledger.take(event(state, 1), NOW)).toBe(true);
      expect(firing(ledger)).toEqual([]);
    }
  });

  test("ends as the newest change says, in any order and however often each comes", () => {
    const changes = fc.uniqueArray(
      fc.record({
        at: fc.integer({ min: 0, max: 60_000 }),
        state: fc.constantFrom<AlarmState>("OK", "ALARM", "INSUFFICIENT_DATA"),
      }),
      { selector: (one) => one.at, minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(
        changes.chain((list) => fc.tuple(fc.constant(list), fc.array(fc.constantFrom(...list), { maxLength: 12 }))),
        ([list, again]) => {
          const ledger = new AlarmLedger();
          let turns = 0;
          for (const one of [...again, ...list]) if (ledger.take(event(one.state, one.at), NOW)) turns++;
          const newest = [...list].sort((a, b) => b.at - a.at)[0];
          expect(firing(ledger)).toHaveLength(newest?.state === "ALARM" ? 1 : 0);
          expect(turns % 2).toBe(newest?.state === "ALARM" ? 1 : 0);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("survives a restart, with what it must not take again", () => {
    const first = new AlarmLedger();
    first.take(event("ALARM", 0), NOW);
    const kept: unknown = JSON.parse(JSON.stringify(first.dump(NOW)));
    const second = new AlarmLedger();
    second.restore(kept);
    expect(firing(second)).toEqual(firing(first));
    second.take(event("OK", 5_000), NOW + 5_000);
    const third = new AlarmLedger();
    third.restore(JSON.parse(JSON.stringify(second.dump(NOW + 6_000))));
    expect(third.take(event("ALARM", 0), NOW + 7_000)).toBe(false);
    expect(firing(third)).toEqual([]);
  });

  test("takes nothing from a fact that it did not write", () => {
    for (const fact of [null, 7, { alarms: "x" }, { alarms: [{}, { event: { arn: "a" } }, null] }]) {
      const ledger = new AlarmLedger();
      ledger.restore(fact);
      expect(ledger.dump(NOW)).toEqual({ alarms: [] });
    }
  });

  test("knows nothing of drills", () => {
    const ledger = new AlarmLedger();
    const drill = { reason: "corewatch drill 0123456789abcdef: nothing is wrong" };
    expect(ledger.take(event("ALARM", 0, drill), NOW)).toBe(false);
    ledger.take(event("ALARM", 1), NOW);
    expect(ledger.take(event("OK", 2, { reason: "corewatch drill 0123456789abcdef is over" }), NOW)).toBe(false);
    expect(firing(ledger)).toHaveLength(1);
  });

  test("is not outrun by a change that claims to come from the future", () => {
    const ledger = new AlarmLedger();
    ledger.take(event("ALARM", 10 * 24 * 3_600_000), NOW);
    expect(ledger.take(event("OK", 1_000), NOW + 1_000)).toBe(true);
  });

  test("stays bounded, and lets go first of what is no longer in ALARM", () => {
    const ledger = new AlarmLedger();
    const many = (index: number, state: AlarmState, at: number) =>
      ledger.take(event(state, at, { arn: `arn:aws:cloudwatch:eu-west-1:111111111111:alarm:a${index}` }), NOW);
    for (let index = 0; index < 4_000; index++) many(index, "ALARM", index);
    for (let index = 0; index < 2_000; index++) many(10_000 + index, "OK", 10_000 + index);
    const { alarms } = ledger.dump(NOW) as { alarms: { event: AlarmEvent }[] };
    expect(alarms.length).toBeLessThanOrEqual(5_000);
    expect(alarms.filter(({ event }) => event.state === "ALARM")).toHaveLength(4_000);
  });
});
