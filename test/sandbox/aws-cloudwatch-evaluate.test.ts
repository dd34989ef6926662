import { expect, test } from "vitest";
import { evaluate } from "../../src/sandbox/aws-cloudwatch-evaluate.ts";
import { parseMath } from "../../src/sandbox/aws-cloudwatch-math.ts";
import { parseRule, type StateValue } from "../../src/sandbox/aws-cloudwatch-rule.ts";
import { Series, statisticOf } from "../../src/sandbox/aws-cloudwatch-series.ts";

const NOW = Date.parse("2026-11-21T08:00:00Z");
const name = { namespace: "n", metric: "m", dimensions: [] };

/** `0 - X - X`: values of the last five minutes, the newest last; X breaches. */
function look(points: string, needed: number, treatMissingData: string): StateValue | "same" {
  const series = new Series();
  points.split(" ").forEach((point, index) => {
    const at = NOW - (4 - index) * 60_000 - 30_000;
    if (point !== "-") series.put(name, { at, value: point === "X" ? 5 : 0, count: 1 });
  });
  const stat = { ...name, statistic: "Maximum", period: 60, unit: undefined };
  const config = {
    stat,
    queries: undefined,
    comparison: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    evaluationPeriods: 3,
    datapointsToAlarm: needed,
    treatMissingData,
    lowSamplePercentile: undefined,
  };
  return evaluate(config, series, NOW, 1).state ?? "same";
}

// The tables of "Configuring how CloudWatch alarms treat missing data": 3 of 3, then 2 of 3.
test.each([
  ["0 - X - X", 3, "OK", "OK", "OK", "OK"],
  ["- - - - 0", 3, "OK", "OK", "OK", "OK"],
  ["- - - - -", 3, "INSUFFICIENT_DATA", "same", "ALARM", "OK"],
  ["0 X X - X", 3, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["- - X - -", 3, "ALARM", "same", "ALARM", "OK"],
  ["0 - X - X", 2, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 0 X 0 X", 2, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 - X - -", 2, "OK", "OK", "ALARM", "OK"],
  ["- - - - 0", 2, "OK", "OK", "ALARM", "OK"],
  ["- - - X -", 2, "ALARM", "same", "ALARM", "OK"],
])("%s, %i of 3: missing %s, ignore %s, breaching %s, notBreaching %s", (points, needed, ...wanted) => {
  const treatments = ["missing", "ignore", "breaching", "notBreaching"];
  expect(treatments.map((treatment) => look(points, needed, treatment))).toEqual(wanted);
});

test("a speed shortens the periods of AWS's own metrics, and not of those that are put at their own pace", () => {
  const series = new Series();
  const at = NOW - 30_000;
  const stateOf = (namespace: string) => {
    series.put({ ...name, namespace }, { at, value: 1, count: 1 });
    const stat = { ...name, namespace, statistic: "Sum", period: 60, unit: undefined };
    const config = {
      stat,
      queries: undefined,
      comparison: "LessThanThreshold",
      threshold: 1,
      evaluationPeriods: 1,
      datapointsToAlarm: undefined,
      treatMissingData: "breaching",
      lowSamplePercentile: undefined,
    };
    return evaluate(config, series, NOW, 10).state;
  };
  expect([stateOf("AWS/ApplicationELB"), stateOf("corewatch")]).toEqual(["ALARM", "OK"]);
});

test("percentiles, sums and sample counts are of all values, each as often as it was measured", () => {
  const samples = [
    { at: 1, value: 0.1, count: 98 },
    { at: 2, value: 3, count: 1 },
    { at: 3, value: 9, count: 1 },
  ];
  expect(statisticOf(samples, "SampleCount")).toBe(100);
  expect(statisticOf(samples, "Sum")).toBeCloseTo(21.8);
  expect([statisticOf(samples, "p50"), statisticOf(samples, "p99"), statisticOf(samples, "p99.9")]).toEqual([
    0.1, 3, 9,
  ]);
  expect([statisticOf(samples, "Minimum"), statisticOf(samples, "Maximum")]).toEqual([0.1, 9]);
  expect(statisticOf([], "Sum")).toBeUndefined();
});

test.each([
  ["100 * e / r", 25],
  ["IF(r > 0, 100 * FILL(e, 0) / r, 0)", 25],
  ["IF(z > 0, e / z, -1)", -1],
  ["e / z", undefined],
  ["e + missing", undefined],
  ["SUM([e, missing, r])", 50],
  ["FILL(missing, 7)", 7],
  ["(e >= 10 AND r < 41) + 2 ^ 3", 9],
  ["MAX([e, r]) - MIN([e, r]) * 2", 20],
  ["-e + ABS(-2)", -8],
])("metric math: %s", (expression, wanted) => {
  const values: Record<string, number | undefined> = { e: 10, r: 40, z: 0 };
  expect(parseMath(expression)((id) => values[id])).toBe(wanted);
});

test.each(["1 +", "FOO(e)", "e e", "(e", "e # r"])("metric math that is none: %s", (expression) => {
  expect(() => parseMath(expression)).toThrow(/Error in expression/);
});

test.each([
  ['ALARM("a") AND ALARM("b")', false],
  ['ALARM("a") OR ALARM("b") AND FALSE', true],
  ['NOT (ALARM("a") OR OK("b"))', false],
  ["ALARM(a) AND NOT ALARM(b)", true],
  ["ALARM('a')", true],
  ['ALARM("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a")', true],
  ['ALARM("with \\"quotes\\"")', true],
  ['INSUFFICIENT_DATA("gone")', false],
])("composite rule: %s", (rule, wanted) => {
  const states: Record<string, StateValue> = { a: "ALARM", b: "OK", 'with "quotes"': "ALARM" };
  expect(parseRule(rule).holds((alarm) => states[alarm])).toBe(wanted);
});

test.each(['ALARM("a"', 'ALARM("a") ALARM("b")', "AND", 'ALARMED("a")'])("composite rule that is none: %s", (rule) => {
  expect(() => parseRule(rule)).toThrow(/Invalid AlarmRule/);
});
