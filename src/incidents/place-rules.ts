import type { Cause, Scope, Severity } from "../domain/index.ts";
import { listSome, REASON_TEXTS } from "../domain/index.ts";
import { byReason, count, highest, joinSignIn, weigh, type Conclusion, type Explained } from "./conclusion.ts";
import { FOLLOWS_FROM_CORES, OF_THE_CORE_ALONE } from "./reasons.ts";
import { signInOf } from "./sign-in.ts";
import { compare, keyOf, type CoreSight, type DeploymentSight, type Sight } from "./sight.ts";

/** Failures that began within this time of each other are taken for one. */
export const TOGETHER_MS = 2 * 60_000;

/** Every core of two or more hosts in a zone fails, and something outside the zone does not. */
export function zonesDown(sight: Sight, explained: Explained): Conclusion[] {
  return groups(sight, explained, (core) => core.core.zone)
    .filter(({ cores }) => new Set(cores.map((core) => core.core.instance ?? core.id)).size >= 2)
    .filter((group) => group.othersAnswer)
    .map((group) => conclude("zone-down", { kind: "zone", id: group.place }, group, sight));
}

/** Both or all cores of one host fail, and something elsewhere does not; or they belong to several deployments. */
export function hostsDown(sight: Sight, explained: Explained): Conclusion[] {
  return groups(sight, explained, (core) => core.core.instance)
    .filter((group) => group.othersAnswer || (group.alone && new Set(group.cores.map((c) => c.deployment.id)).size > 1))
    .map((group) => conclude("host-down", { kind: "host", id: group.place }, group, sight));
}

interface Group {
  readonly place: string;
  /** All cores of the place, two or more, all failing together. */
  readonly cores: readonly CoreSight[];
  /** A core elsewhere was seen well. */
  readonly othersAnswer: boolean;
  /** There is no core elsewhere. */
  readonly alone: boolean;
}

function groups(sight: Sight, explained: Explained, placeOf: (core: CoreSight) => string | undefined): Group[] {
  const all = sight.deployments.flatMap((one) => one.cores).filter((core) => !core.isAbsent);
  const byPlace = new Map<string, CoreSight[]>();
  for (const core of all) {
    const place = placeOf(core);
    if (place === undefined) continue;
    const cores = byPlace.get(place);
    if (cores === undefined) byPlace.set(place, [core]);
    else cores.push(core);
  }
  const answering = all.filter((core) => core.answers && !failsNow(core));
  return [...byPlace]
    .sort(([a], [b]) => compare(a, b))
    .filter(([, cores]) => cores.length >= 2 && failTogether(cores, explained))
    .map(([place, cores]) => ({
      place,
      cores,
      othersAnswer: answering.some((core) => placeOf(core) !== place),
      alone: cores.length === all.length,
    }));
}

/** At least one core is settled down; the others are, or failed their newest probe at about the same time. */
function failTogether(cores: readonly CoreSight[], explained: Explained): boolean {
  const settled = cores.filter((core) => core.fails);
  if (settled.length === 0) return false;
  return cores.every((core) => {
    const { hello } = core;
    if (hello === undefined || explained.has(keyOf(hello))) return false;
    if (core.fails) return !OF_THE_CORE_ALONE.has(hello.reason);
    const { latest } = hello;
    if (latest === undefined || !failsNow(core) || OF_THE_CORE_ALONE.has(latest.reason)) return false;
    return settled.some((one) => Math.abs((one.hello?.since ?? 0) - latest.at) <= TOGETHER_MS);
  });
}

function failsNow(core: CoreSight): boolean {
  return core.hello?.latest?.health === "down";
}

function conclude(cause: Cause, scope: Scope, { cores }: Group, sight: Sight): Conclusion {
  const ids = new Set(cores.map((core) => core.deployment.id));
  const hit = sight.deployments.filter((one) => ids.has(one.deployment.id));
  const views = cores.filter((core) => core.fails).flatMap((core) => core.hello ?? []);
  const since = Math.max(...views.map((view) => view.since));
  const [only] = hit;
  const what = cause === "zone-down" ? `zone ${scope.id}` : `host ${scope.id}`;
  const most = byReason(cores.filter((core) => core.fails))[0];
  return {
    scope,
    deployment: hit.length === 1 && only !== undefined ? only.deployment.id : null,
    cause,
    severity: highest(hit.map(severityOf)),
    signIn: joinSignIn(hit.map((one) => signInOf(one, since, false))),
    evidence: [
      `All ${count(cores.length, "core")} of ${what} fail together: ${listSome(
        cores.map((core) => core.id),
        5,
      )}.`,
      ...(most === undefined ? [] : [`${most.ids.length} of them: ${REASON_TEXTS[most.reason]}.`]),
      ...hit.slice(0, 5).map((one) => `${one.deployment.id}: ${left(one)} of ${count(one.cores.length, "core")} left.`),
    ],
    affected: [...views, ...hit.flatMap((one) => followers(one))],
  };
}

function left(sight: DeploymentSight): number {
  return sight.cores.filter((core) => !core.fails && !core.isAbsent).length;
}

function severityOf(sight: DeploymentSight): Severity {
  const remaining = left(sight);
  const critical = remaining === 0 || (remaining === 1 && sight.cores.length > 1);
  return weigh(critical ? "critical" : "major", sight.deployment);
}

/** What goes over several cores and fails because too few are left. */
function followers(sight: DeploymentSight): DeploymentSight["bad"] {
  const none = left(sight) === 0;
  return sight.bad.filter(
    (view) =>
      view.target.kind !== "core" &&
      view.check !== "tls" &&
      FOLLOWS_FROM_CORES.has(view.reason) &&
      (none || view.health === "degraded") &&
      !sight.cores.some((core) => core.answers && core.finding?.health === "down"),
  );
}
