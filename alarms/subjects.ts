import type { BalancerSummary, Deployment, Fleet } from "../src/domain/index.ts";
import type { BalancerSubject } from "./alarm.ts";
import { balancerSuffix, targetGroupSuffix } from "./names.ts";

/** Load balancers of the fleet with the deployments behind them, and the deployments whose load balancer is not there. */
export function resolveBalancers(
  fleet: Fleet,
  deployments: readonly Deployment[],
  balancers: readonly BalancerSummary[],
): { readonly balancers: BalancerSubject[]; readonly unresolved: { deployment: string; loadBalancer: string }[] } {
  const known = new Map(balancers.flatMap((one) => [[one.name, one] as const, [one.arn, one] as const]));
  const behind = new Map<BalancerSummary, Deployment[]>();
  const unresolved: { deployment: string; loadBalancer: string }[] = [];
  for (const deployment of deployments) {
    const { loadBalancer = "" } = deployment;
    const found = known.get(loadBalancer);
    if (found === undefined) unresolved.push({ deployment: deployment.id, loadBalancer });
    else behind.set(found, [...(behind.get(found) ?? []), deployment]);
  }
  return {
    balancers: [...behind].map(([found, deployments]) => subject(fleet, found, deployments)),
    unresolved,
  };
}

function subject(fleet: Fleet, found: BalancerSummary, deployments: readonly Deployment[]): BalancerSubject {
  const first = deployments[0]?.alarms;
  return {
    name: found.name,
    suffix: balancerSuffix(found.arn),
    targetGroups: found.targetGroups
      .map((one) => ({ name: one.name, suffix: targetGroupSuffix(one.arn) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    deployments,
    profile: first?.profile ?? fleet.alarms?.profile ?? "seed",
    overrides: first?.overrides ?? {},
  };
}
