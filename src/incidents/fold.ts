import type { Cause, Diagnosis, Fleet, Incident } from "../domain/index.ts";
import { CAUSE_TEXTS, listSome, seriesKey } from "../domain/index.ts";
import { alarmsOf } from "./alarm-rules.ts";
import { highest, joinSignIn, rank } from "./conclusion.ts";
import { TOGETHER_MS } from "./place-rules.ts";
import { compare } from "./sight.ts";

/** More than this many things going down at once are one event for the people who are called. */
const MANY = 5;

/** Kinds of scope that can be part of a storm. */
const PARTS: ReadonlySet<string> = new Set(["deployment", "host", "zone", "database", "endpoint", "heartbeat"]);

/**
 * Folds diagnoses of something being down that began together into one of the whole fleet, when they are more than
 * {@link MANY}. `failingNow` (epoch ms each): deployments all of whose cores failed their newest probe and that are not settled
 * yet; they count, so that the first ones to settle already open the one incident.
 */
export function foldStorm(diagnoses: readonly Diagnosis[], fleet: Fleet, failingNow: readonly number[]): Diagnosis[] {
  const starts = diagnoses.map(startOf);
  const times = [...starts.filter((at) => at !== undefined), ...failingNow].sort((a, b) => a - b);
  const spans = stormSpans(times);
  return foldWhere(diagnoses, fleet, (_, index) => {
    const at = starts[index];
    return at !== undefined && spans.some(({ from, to }) => from <= at && at <= to);
  });
}

/**
 * Keeps a storm together while it ebbs: what was part of the open fleet-wide incident stays in it to the end, instead of
 * becoming an incident of its own when few are left.
 */
export function keepFolded(diagnoses: readonly Diagnosis[], fleet: Fleet, open: Incident | undefined): Diagnosis[] {
  if (open === undefined) return [...diagnoses];
  const known = new Set(
    open.affected.map(({ target, check }) => (check === undefined ? target.id : seriesKey(target, check))),
  );
  return foldWhere(
    diagnoses,
    fleet,
    (diagnosis) =>
      startOf(diagnosis) !== undefined &&
      diagnosis.affected.some(({ target, check }) =>
        known.has(check === undefined ? target.id : seriesKey(target, check)),
      ),
  );
}

/** Spans in which more than {@link MANY} of the sorted `times` lie within {@link TOGETHER_MS}, joined where they touch. */
function stormSpans(times: readonly number[]): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  times.forEach((from, index) => {
    const last = times[index + MANY];
    if (last === undefined || last - from > TOGETHER_MS) return;
    const before = spans.at(-1);
    if (before !== undefined && from <= before.to) before.to = from + TOGETHER_MS;
    else spans.push({ from, to: from + TOGETHER_MS });
  });
  return spans;
}

/** When what is down in it went down; `undefined` when nothing is, or it cannot be part of a storm. */
function startOf(diagnosis: Diagnosis): number | undefined {
  if (!PARTS.has(diagnosis.scope.kind) || diagnosis.cause === "certificate-bad") return undefined;
  const down = diagnosis.affected.filter((one) => one.health === "down").map((one) => one.since);
  return down.length === 0 ? undefined : down.reduce((a, b) => Math.min(a, b));
}

function foldWhere(
  diagnoses: readonly Diagnosis[],
  fleet: Fleet,
  isPart: (diagnosis: Diagnosis, index: number) => boolean,
): Diagnosis[] {
  const parts: Diagnosis[] = [];
  const rest: Diagnosis[] = [];
  diagnoses.forEach((diagnosis, index) => {
    // What is folded already takes part again, so that there is never a second one of the fleet.
    (diagnosis.cause === "many-deployments-down" || isPart(diagnosis, index) ? parts : rest).push(diagnosis);
  });
  if (parts.every((one) => one.cause === "many-deployments-down")) return [...diagnoses];
  return [asFleet(parts, fleet), ...rest];
}

function asFleet(parts: readonly Diagnosis[], fleet: Fleet): Diagnosis {
  const folded = parts.filter((one) => one.cause === "many-deployments-down");
  const fresh = parts.filter((one) => one.cause !== "many-deployments-down");
  const affected = parts
    .flatMap((one) => one.affected)
    .map((one) => [seriesKey(one.target, one.check ?? "hello"), one] as const)
    .sort(([a], [b]) => compare(a, b));
  const names = [...new Set(fresh.map((one) => one.scope.id))].sort(compare);
  return {
    scope: { kind: "fleet", id: fleet.name },
    deployment: null,
    cause: "many-deployments-down",
    severity: highest(parts.map((one) => one.severity)),
    signIn: joinSignIn(parts.map((one) => one.signIn)),
    evidence: [
      ...new Set([
        ...folded.flatMap((one) => one.evidence),
        `${names.length > 1 ? "Failing together" : "Failing"}: ${listSome(names, 8)}.`,
        ...byCause(fresh),
        ...fresh.flatMap(({ alarms = [] }) => alarms.map((one) => one.evidence)),
      ]),
    ].slice(0, 12),
    affected: [...new Map(affected).values()],
    ...alarmsOf(parts),
  };
}

function byCause(parts: readonly Diagnosis[]): string[] {
  const groups = new Map<Cause, string[]>();
  for (const one of parts) groups.set(one.cause, [...(groups.get(one.cause) ?? []), one.scope.id]);
  const severityOf = (cause: Cause): number => rank(CAUSE_TEXTS[cause].severity);
  return [...groups]
    .sort(([a, x], [b, y]) => severityOf(b) - severityOf(a) || y.length - x.length || compare(a, b))
    .map(([cause, ids]) => `${CAUSE_TEXTS[cause].title}: ${listSome([...ids].sort(compare), 4)}.`);
}
