import type { Health, LoadBalancerFacts, Outcome, Reason } from "../src/domain/index.ts";
import { balancersOf, probeBalancer, type BalancerInput } from "./balancer.ts";
import { DEFAULTS, type Check } from "./check.ts";

/** Fewer zones than this do not survive the loss of one. */
const MIN_ZONES = 2;

/** Asks AWS about the load balancer itself. */
export const loadBalancer: Check<BalancerInput> = {
  kind: "load-balancer",
  tells:
    "Whether AWS has the load balancer active, in at least two zones and in those of the cores, with a healthy target behind it.",
  defaults: { ...DEFAULTS, schedule: "*/30 * * * * *" },
  targets: balancersOf,
  probe: (input, context) => probeBalancer(input, context, (facts) => judgeBalancer(input, facts)),
};

/** What the facts mean: the worst first. */
export function judgeBalancer(input: BalancerInput, facts: LoadBalancerFacts): Outcome {
  const targets = facts.targetGroups.flatMap((group) => group.targets);
  const healthy = targets.filter(takesTraffic).length;
  const measures = { zones: facts.zones.length, targets: targets.length, healthy };
  const found = (health: Health, reason: Reason, detail: string): Outcome => ({ health, reason, detail, measures });
  const why = facts.stateReason === "" ? "" : `: ${facts.stateReason}`;

  if (facts.state !== "active" && facts.state !== "active_impaired")
    return found("down", "load-balancer-not-active", `load balancer ${input.id} is ${facts.state}${why}`);
  if (healthy === 0) {
    return found(
      "down",
      "no-healthy-target",
      `load balancer ${input.id} has no healthy target (${targets.length} registered)`,
    );
  }
  if (facts.state === "active_impaired")
    return found("degraded", "load-balancer-not-active", `load balancer ${input.id} is impaired${why}`);

  const missing = new Set(input.cores.flatMap(({ core }) => core.zone ?? []).filter((z) => !facts.zones.includes(z)));
  if (missing.size > 0) {
    const zones = [...missing].sort().join(", ");
    return found(
      "degraded",
      "zone-missing",
      `load balancer ${input.id} is not enabled in ${zones}, where it has cores`,
    );
  }
  if (facts.zones.length < MIN_ZONES) {
    return found(
      "degraded",
      "zone-missing",
      `load balancer ${input.id} is in ${facts.zones.length} zone, and would not survive losing it`,
    );
  }
  return found("up", "ok", "");
}

/** `unavailable` with health checks switched off is sent traffic like a healthy target. */
export function takesTraffic(target: { readonly state: string; readonly reason: string }): boolean {
  return (
    target.state === "healthy" || (target.state === "unavailable" && target.reason === "Target.HealthCheckDisabled")
  );
}
