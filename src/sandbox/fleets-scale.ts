import { type Clock, wait } from "../domain/index.ts";
import type { SandboxCore } from "./core-fleet.ts";
import type { FleetPlan, PlannedCore, PlannedDeployment } from "./fleets.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";

const DRAIN_LOOK_MS = 250;

/** The deployment of a plan. @throws Error when there is none of that id. */
export function deploymentOf(plan: FleetPlan, id: string): PlannedDeployment {
  const found = plan.deployments.find((deployment) => deployment.id === id);
  if (found === undefined) throw new Error(`there is no deployment "${id}" in this sandbox`);
  return found;
}

/** The core that would be added next: on the instance with the fewest, in a process of its own. */
export function nextCore(deployment: PlannedDeployment): PlannedCore {
  const { cores } = deployment;
  const uses = (core: PlannedCore): number => cores.filter((one) => one.instance === core.instance).length;
  const emptiest = [...cores].sort((a, b) => uses(a) - uses(b))[0];
  if (emptiest === undefined) throw new Error(`${deployment.id} has no core to stand beside`);
  const last = Math.max(...cores.map((core) => Number(/\d+$/.exec(core.id)?.[0] ?? 0)));
  const id = emptiest.id.replace(/\d+$/, String(last + 1));
  // What ails the core beside it is its own.
  const { delayMs: _own, ...place } = emptiest;
  return { ...place, id, process: id };
}

/** The plan with the deployment's cores as `change` gives them. */
export function withCores(
  plan: FleetPlan,
  deployment: string,
  change: (cores: readonly PlannedCore[]) => readonly PlannedCore[],
): FleetPlan {
  return {
    ...plan,
    deployments: plan.deployments.map((one) => (one.id === deployment ? { ...one, cores: change(one.cores) } : one)),
  };
}

/** Resolves when a core's load balancer has let go of it: what it has in hand is finished first. */
export async function onceDrained(
  { instance, port }: SandboxCore,
  balancer: SandboxLoadBalancer | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const isThere = (): boolean => balancer?.targets().some((one) => one.id === instance && one.port === port) === true;
  while (!signal.aborted && isThere()) await wait(clock, DRAIN_LOOK_MS, signal);
}

/** `core a`, `cores a, b, c and 2 more` */
export function named(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(", ");
  return ids.length === 1 ? `core ${shown}` : `cores ${shown}${ids.length > 3 ? ` and ${ids.length - 3} more` : ""}`;
}
