import type { CloudOperation } from "../src/domain/index.ts";
import type { Change } from "./change.ts";
import type { Settled } from "./plan-alarms.ts";
import { rateOf, SHARE } from "./rates.ts";
import { siteKey } from "./world.ts";

/** Dollars a month: a standard metric, one read at high resolution (a period under a minute), a composite. */
const USD = { standard: 0.1, highResolution: 0.3, composite: 0.5 } as const;

/** How long an apply takes, and what the alarms cost. */
export interface Estimate {
  /** At the rates that the API allows; sites go side by side. */
  readonly seconds: number;
  /** Of every alarm of the fleet once the plan is applied, the API's list price. */
  readonly usdPerMonth: number;
}

/** Estimates a plan. */
export function estimate(changes: readonly Change[], settled: readonly Settled[]): Estimate {
  const bySite = Map.groupBy(changes, siteKey);
  const seconds = Math.max(0, ...[...bySite.values()].map(secondsOf));
  const cents = settled.reduce((sum, { definition }) => sum + centsOf(definition), 0);
  return { seconds: Math.ceil(seconds), usdPerMonth: Math.round(cents) / 100 };
}

/** Kinds go one after the other; within a kind the operation with the longest queue sets the pace. */
function secondsOf(changes: readonly Change[]): number {
  const byPhase = Map.groupBy(changes, (one) => `${one.verb === "delete" ? "delete" : "put"} ${one.kind}`);
  let seconds = 0;
  for (const phase of byPhase.values()) {
    const counts = new Map<CloudOperation, number>();
    for (const one of phase) for (const name of operations(one)) counts.set(name, (counts.get(name) ?? 0) + 1);
    seconds += Math.max(0, ...[...counts].map(([name, count]) => count / (rateOf(name).perSecond * SHARE)));
  }
  return seconds;
}

function operations({ step }: Change): CloudOperation[] {
  switch (step.does) {
    case "create-topic":
      return ["sns:CreateTopic"];
    case "delete-topic":
      return ["sns:ListTagsForResource", "sns:DeleteTopic"];
    case "set-policy":
      return ["sns:SetTopicAttributes"];
    case "subscribe":
      return ["sns:Subscribe"];
    case "unsubscribe":
      return ["sns:ListTagsForResource", "sns:Unsubscribe"];
    case "tag":
      return ["cloudwatch:ListTagsForResource", "cloudwatch:TagResource"];
    case "delete-alarm":
      return ["cloudwatch:ListTagsForResource", "cloudwatch:DeleteAlarms"];
    case "put-alarm":
      return step.exists
        ? ["cloudwatch:ListTagsForResource", putOf(step.definition), "cloudwatch:TagResource"]
        : [putOf(step.definition)];
    default:
      return step satisfies never;
  }
}

function putOf({ kind }: Settled["definition"]): CloudOperation {
  return kind === "composite" ? "cloudwatch:PutCompositeAlarm" : "cloudwatch:PutMetricAlarm";
}

function centsOf(definition: Settled["definition"]): number {
  if (definition.kind === "composite") return USD.composite * 100;
  // Metric math is charged by the metrics that it reads.
  const metrics = definition.queries?.flatMap((one) => one.metric ?? []) ?? [];
  const read = definition.metric === undefined ? metrics : [definition.metric, ...metrics];
  return read.reduce((sum, one) => sum + (one.periodSeconds < 60 ? USD.highResolution : USD.standard) * 100, 0);
}
