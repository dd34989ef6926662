import { listSome } from "../domain/index.ts";
import { count, type Conclusion, type Explained } from "./conclusion.ts";
import type { Picture } from "./picture.ts";
import { NO_ANSWER } from "./reasons.ts";
import { keyOf, type CoreSight, type DeploymentSight, type Sight } from "./sight.ts";

/**
 * A load balancer notices a dead target after its own threshold (2 × 30 s, and the schedule of our look at it): its word
 * that a core is healthy counts against ours only when it was asked this long after the core turned bad.
 */
const BALANCER_NOTICES_MS = 90_000;

/** corewatch's own trouble, in its own words. */
export function proberDegraded({ fleet, prober }: Picture): Conclusion | undefined {
  if (!prober.degraded) return undefined;
  return {
    scope: { kind: "prober", id: fleet.name },
    deployment: null,
    cause: "prober-degraded",
    severity: "major",
    signIn: "unknown",
    evidence: prober.reasons.length > 0 ? prober.reasons : ["corewatch cannot watch as it should."],
    affected: [],
  };
}

/** Whole deployments give no answer from here while the load balancer serves them: the fault is on our way to them. */
export function proberPath(sight: Sight, explained: Explained): Conclusion | undefined {
  const cut = sight.deployments.filter((one) => cutOff(one, explained));
  const cores = cut.flatMap(present);
  // One core of one deployment proves little: that is said by the core's own diagnosis.
  if (cores.length < 2) return undefined;
  const names = cut.map((one) => one.deployment.id);
  return {
    scope: { kind: "prober", id: sight.picture.fleet.name },
    deployment: null,
    cause: "prober-path",
    severity: "major",
    signIn: "unknown",
    evidence: [
      `All ${count(cores.length, "core")} of ${listSome(names, 5)} give no answer from here, but the load balancer calls them healthy.`,
      ...(cut.every((one) => one.through?.health === "up") ? ["Through the load balancer everything answers."] : []),
    ],
    affected: cores.flatMap((core) => core.hello ?? []),
  };
}

/** Cores that should answer. */
function present({ cores }: DeploymentSight): CoreSight[] {
  return cores.filter((core) => !core.isAbsent);
}

function cutOff(sight: DeploymentSight, explained: Explained): boolean {
  const { through } = sight;
  const cores = present(sight);
  if (cores.length === 0) return false;
  const silent = cores.every(
    ({ fails, hello }) => fails && hello !== undefined && NO_ANSWER.has(hello.reason) && !explained.has(keyOf(hello)),
  );
  if (!silent || !cores.every((core) => core.finding?.health === "up")) return false;
  const since = Math.max(...cores.map((core) => core.hello?.since ?? 0));
  // An answer of the load balancer that nothing is behind it settles it the other way.
  if (through?.health === "down" && !NO_ANSWER.has(through.reason)) return false;
  if (through?.latest?.health === "down" && !NO_ANSWER.has(through.latest.reason)) return false;
  const servedSince = through?.health === "up" && through.latest?.health === "up" && through.latest.at >= since;
  // A failed look leaves what was settled, which is worth something only beside a witness of its own.
  if (sight.targetHealth?.latest?.health === "unknown" && through === undefined) return false;
  return servedSince || sight.targetsAskedAt >= since + BALANCER_NOTICES_MS;
}

/** The load balancer, asked long enough after the core turned bad, still calls it healthy. */
export function healthyForTheBalancer(core: CoreSight, sight: DeploymentSight): boolean {
  if (core.finding?.health !== "up" || core.hello === undefined) return false;
  if (sight.targetHealth?.latest?.health === "unknown") return false;
  return sight.targetsAskedAt >= core.hello.since + BALANCER_NOTICES_MS;
}
