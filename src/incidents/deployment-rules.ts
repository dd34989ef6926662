import { CAUSE_TEXTS, REASON_TEXTS, type Cause } from "../domain/index.ts";
import { highest, rank, says, weigh, type Conclusion, type Explained } from "./conclusion.ts";
import {
  coreDegraded,
  coreNotReady,
  coresDown,
  keySetSplit,
  wrongIdentity,
  type DeploymentRule,
  type Found,
} from "./core-rules.ts";
import {
  certificateBad,
  dnsBroken,
  loadBalancerDegraded,
  loadBalancerDown,
  signInBroken,
  targetNotRegistered,
  targetUnhealthy,
} from "./path-rules.ts";
import type { SeriesView } from "./picture.ts";
import { signInOf } from "./sign-in.ts";
import { keyOf, type DeploymentSight } from "./sight.ts";

/** In this order: of equally severe findings the first names the cause. */
const RULES: readonly DeploymentRule[] = [
  wrongIdentity,
  keySetSplit,
  coresDown,
  coreNotReady,
  dnsBroken,
  targetUnhealthy,
  targetNotRegistered,
  loadBalancerDown,
  signInBroken,
  loadBalancerDegraded,
  certificateBad,
  coreDegraded,
];

/**
 * One deployment, one conclusion: the most severe finding names the cause, the others are told beside it, and everything
 * settled bad that nothing wider explains is affected.
 */
export function deploymentRule(sight: DeploymentSight, explained: Explained): Conclusion | undefined {
  const open = sight.bad.filter((view) => !explained.has(keyOf(view)));
  if (open.length === 0) return undefined;
  const found = RULES.flatMap((rule) => rule(sight, explained) ?? []);
  const [first, ...others] = found.sort((a, b) => rank(b.severity) - rank(a.severity));
  // What no rule names follows from something wider, or stands alone.
  if (first === undefined)
    return sight.bad.length > open.length ? undefined : conclude(sight, open, leftOver(sight, open), []);
  return conclude(sight, open, first, others);
}

/** Bad series of a deployment that no conclusion holds: they belong to whatever wider cause explained its others. */
export function unclaimed(sight: DeploymentSight, explained: Explained): SeriesView[] {
  return sight.bad.filter((view) => !explained.has(keyOf(view)));
}

function conclude(
  { deployment, ...sight }: DeploymentSight,
  open: readonly SeriesView[],
  first: Found,
  others: readonly Found[],
): Conclusion {
  const since = Math.max(...open.map((view) => view.since));
  const beside = others.map(({ cause, evidence }) =>
    `Also: ${CAUSE_TEXTS[cause].title.toLowerCase()}. ${evidence[0] ?? ""}`.trimEnd(),
  );
  return {
    scope: { kind: "deployment", id: deployment.id },
    deployment: deployment.id,
    cause: first.cause,
    severity: weigh(highest([first.severity]), deployment),
    signIn: signInOf({ deployment, ...sight }, since, first.cause === "database-unreachable-from-cores"),
    evidence: [...first.evidence.slice(0, 8), ...beside],
    affected: open,
  };
}

/** Nothing settled bad goes untold, even when no rule has a better name for it. */
function leftOver({ deployment }: DeploymentSight, open: readonly SeriesView[]): Found {
  const check = open[0]?.check;
  const cause: Cause =
    check === "session"
      ? "sign-in-broken"
      : check === "hello" || check === "jwks"
        ? "core-degraded"
        : "load-balancer-degraded";
  return {
    cause,
    severity: open.some((view) => view.health === "down") ? "major" : "minor",
    evidence: open
      .slice(0, 4)
      .map((view) =>
        view.target.kind === "deployment"
          ? `${deployment.connectionUri} ${REASON_TEXTS[view.reason]} (${view.check}).`
          : `${says(view.target.id, view.reason)} (${view.check}).`,
      ),
  };
}
