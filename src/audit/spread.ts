import type { AuditContext } from "./rule.ts";

/** Where a core stands, by instance and zone. */
export interface Place {
  readonly instance: string;
  readonly zone: string;
}

/** States of targets that are not there to stay. */
const LEAVING = new Set(["draining", "unused", "unhealthy.draining"]);

/**
 * Where traffic goes: the registered targets of the load balancer, since a core that is not registered carries nothing.
 * Targets by address stand for the instance that has it; zones come from EC2 where it knows the instance.
 */
export async function registeredPlaces({ loadBalancer, cloud, place, deployment }: AuditContext): Promise<Place[]> {
  const { targetGroups } = await loadBalancer();
  const targets = targetGroups.flatMap((group) => group.targets).filter(({ state }) => !LEAVING.has(state));
  const ids = [...new Set(targets.map(({ id }) => id))].filter((id) => id.startsWith("i-"));
  const known = new Map((await cloud.instances(ids, place)).map((one) => [one.id, one]));
  return targets.map(({ id, zone }) => ({
    instance: id,
    zone:
      known.get(id)?.zone ??
      zone ??
      deployment.cores.find((core) => core.instance === id || new URL(core.url).hostname === id)?.zone ??
      "",
  }));
}
