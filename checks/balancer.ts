import {
  CloudError,
  type CloudFailure,
  type CloudPlace,
  type Core,
  type Deployment,
  type Fleet,
  type LoadBalancerFacts,
  type Outcome,
  type Reason,
  type Target,
} from "../src/domain/index.ts";
import type { ProbeContext } from "./check.ts";

/** A core as findings name it. */
export interface ListedCore {
  /** `deployment/core` */
  readonly id: string;
  readonly core: Core;
  /** The inventory finds it: what it knows is as old as its last look. */
  readonly isFound: boolean;
}

/** One load balancer of the fleet, whatever number of deployments share it. */
export interface BalancerInput {
  readonly id: string;
  /** As configured: name or ARN. */
  readonly nameOrArn: string;
  readonly place: CloudPlace;
  /** Cores of the deployments behind it. */
  readonly cores: readonly ListedCore[];
  /** Cores of the whole inventory: they explain targets too. */
  readonly inventory: readonly ListedCore[];
}

/**
 * The load balancers of the fleet. A name is unique in one account and region, so the same name in another place gets its
 * deployment's id added: two series never share a key.
 */
export function balancersOf(fleet: Fleet): { readonly target: Target; readonly input: BalancerInput }[] {
  const inventory = fleet.deployments.flatMap(listed);
  const groups = new Map<string, Deployment[]>();
  for (const deployment of fleet.deployments) {
    if (deployment.loadBalancer === undefined) continue;
    const place = placeOf(deployment, fleet);
    const key = JSON.stringify([nameOf(deployment.loadBalancer), place.region, place.roleArn]);
    groups.set(key, [...(groups.get(key) ?? []), deployment]);
  }
  const taken = new Set<string>();
  return [...groups.values()].flatMap((sharing) => {
    const first = sharing[0];
    // An ARN says more than a name: where one of those who share it has the ARN, ask by that.
    const given = sharing.map((deployment) => deployment.loadBalancer ?? "");
    const nameOrArn = given.find(isArn) ?? given[0];
    if (first === undefined || nameOrArn === undefined) return [];
    const name = nameOf(nameOrArn);
    const id = taken.has(name) ? `${name}@${first.id}` : name;
    taken.add(id);
    const cores = sharing.flatMap(listed);
    return [
      {
        target: { kind: "load-balancer", id, deployment: sharing.length === 1 ? first.id : null } as const,
        input: { id, nameOrArn, place: placeOf(first, fleet), cores, inventory },
      },
    ];
  });
}

function listed(deployment: Deployment): ListedCore[] {
  const isFound = deployment.discovery !== undefined;
  return deployment.cores.map((core) => ({ id: `${deployment.id}/${core.id}`, core, isFound }));
}

/** An ARN is of one region, whatever the deployment says. */
function placeOf(deployment: Deployment, fleet: Fleet): CloudPlace {
  const ofArn = isArn(deployment.loadBalancer) ? deployment.loadBalancer?.split(":")[3] : undefined;
  return { region: ofArn ?? deployment.region ?? fleet.region, roleArn: deployment.roleArn };
}

function isArn(nameOrArn: string | undefined): boolean {
  return nameOrArn?.startsWith("arn:") === true;
}

/** `arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/NAME/50dc6c495c0c9188` → `NAME`; a name stays. */
export function nameOf(nameOrArn: string): string {
  if (!isArn(nameOrArn)) return nameOrArn;
  return nameOrArn.split("/")[2] ?? nameOrArn;
}

/** What AWS's silence means: corewatch could not tell. Only "there is no such load balancer" is about the target. */
const FAILURES: Record<CloudFailure, Reason> = {
  "not-found": "load-balancer-not-found",
  "not-authorized": "not-authorized",
  throttled: "api-throttled",
  unreachable: "api-unreachable",
  cancelled: "cancelled",
  failed: "api-unreachable",
};

/** Describes the load balancer and judges it; a failed read is `unknown`, never absence. */
export async function probeBalancer(
  input: BalancerInput,
  context: ProbeContext,
  judge: (facts: LoadBalancerFacts) => Outcome,
): Promise<Outcome> {
  try {
    const facts = await context.loadBalancers.describe(input.nameOrArn, input.place, context.signal);
    context.trace(`${facts.arn}: ${facts.state}, zones ${facts.zones.join(" ")}`);
    for (const group of facts.targetGroups)
      for (const target of group.targets)
        context.trace(`${group.name}: ${target.id}:${target.port} ${target.state} ${target.reason}`.trimEnd());
    return judge(facts);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    const health = error.failure === "not-found" ? "down" : "unknown";
    return { health, reason: FAILURES[error.failure], detail: error.message, measures: {} };
  }
}
