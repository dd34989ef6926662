import {
  CloudError,
  type CoreSource,
  type FoundCore,
  type FoundState,
  type InstanceFacts,
  type LoadBalancerReader,
  type TargetGroupFacts,
  type TargetHealthFacts,
} from "../domain/index.ts";
import { addressOf, type InstanceReader, stateOfInstance } from "./instances.ts";

/** What each state of a target says of the core behind it. Whether it is healthy is not the inventory's to say. */
const STATES: Readonly<Record<string, FoundState>> = {
  initial: "starting",
  healthy: "serving",
  unhealthy: "serving",
  unused: "serving",
  unavailable: "serving",
  draining: "draining",
  "unhealthy.draining": "draining",
};
/** A target that two groups have counts as in the group that uses it most. */
const BEST_FIRST: readonly FoundState[] = ["serving", "starting", "draining"];

/** Cores are the targets of a load balancer's target groups. */
export function targetGroupSource(loadBalancers: LoadBalancerReader, instances: InstanceReader): CoreSource {
  return async ({ id, loadBalancer, place, discover, addressing }, signal) => {
    if (loadBalancer === undefined) throw new Error(`${id} has no load balancer in fleet.yaml: set loadBalancer`);
    const facts = await loadBalancers.describe(loadBalancer, place, signal);
    const wanted = discover.from === "target-group" ? discover.targetGroup : undefined;
    const groups = facts.targetGroups.filter(({ name }) => wanted === undefined || name === wanted);
    if (groups.length === 0) {
      const what = wanted === undefined ? "no target group" : `no target group ${wanted}`;
      throw new CloudError("not-found", `load balancer ${facts.name} has ${what}`);
    }
    const onInstances = groups.filter(({ targetType }) => targetType === "instance");
    const ids = onInstances.flatMap(({ targets }) => targets.map((target) => target.id));
    const hosts = ids.length === 0 ? new Map<string, InstanceFacts>() : await instances.byIds(ids, place, signal);
    const found = new Map<string, FoundCore>();
    for (const group of groups) {
      for (const target of group.targets) {
        const core =
          group.targetType === "instance"
            ? onInstance(target, hosts.get(target.id), addressing.address)
            : atAddress(group, target);
        if (core === undefined) continue;
        const known = found.get(core.key);
        if (known === undefined || BEST_FIRST.indexOf(core.state) < BEST_FIRST.indexOf(known.state))
          found.set(core.key, core);
      }
    }
    return [...found.values()];
  };
}

function onInstance(
  target: TargetHealthFacts,
  host: InstanceFacts | undefined,
  which: "private" | "public",
): FoundCore | undefined {
  const state = stateOf(target);
  if (host === undefined) {
    // EC2 forgets an instance that ended; one that serves is there, so the answer was not complete.
    if (state === "draining" || target.state === "unused") return undefined;
    throw new CloudError(
      "failed",
      `EC2 does not know instance ${target.id}, which is a target: it was read incompletely`,
    );
  }
  const address = addressOf(host, which);
  if (address === undefined) return undefined;
  return {
    key: `${host.id}:${target.port}`,
    instance: host.id,
    zone: host.zone === "" ? (target.zone ?? null) : host.zone,
    host: address,
    port: target.port,
    state: state === "draining" ? state : (stateOfInstance(host) ?? state),
    detail: detailOf(target),
    startedAt: null,
  };
}

/** A target that is an address: which instance has it is not asked. */
function atAddress({ targetType, name }: TargetGroupFacts, target: TargetHealthFacts): FoundCore {
  if (targetType !== "ip") throw new CloudError("failed", `target group ${name} has ${targetType} targets: no cores`);
  return {
    key: `${target.id}:${target.port}`,
    instance: null,
    zone: target.zone === undefined || target.zone === "all" ? null : target.zone,
    host: target.id,
    port: target.port,
    state: stateOf(target),
    detail: detailOf(target),
    startedAt: null,
  };
}

function stateOf({ state }: TargetHealthFacts): FoundState {
  return STATES[state] ?? "serving";
}

function detailOf({ state, reason }: TargetHealthFacts): string {
  return reason === "" ? state : reason;
}
