import type {
  ElasticLoadBalancingV2Client,
  TargetDescription,
  TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  CloudError,
  wait,
  type Clock,
  type CloudPlace,
  type Core,
  type Deployment,
  type LoadBalancerReader,
  type TargetGroupFacts,
  type TargetHealthFacts,
} from "../domain/index.ts";
import type { AwsOverrides } from "./clients.ts";
import { toCloudError } from "./errors.ts";
import { loadBalancerClients } from "./load-balancers.ts";

/** Takes cores out of the target groups of their load balancer, puts them back, and says how they are. */
export interface TargetGroups {
  /**
   * Takes a core out of every target group that has it, and waits until each says that it is draining or gone. Gives a
   * sentence that names them. @throws CloudError
   */
  deregister(core: Core, deployment: Deployment, signal: AbortSignal): Promise<string>;
  /** Registers a core exactly where {@link TargetGroups.deregister} took it out; nothing when it did not. @throws CloudError */
  register(core: Core, deployment: Deployment, signal: AbortSignal): Promise<string>;
  /** The load balancer's word on each core, the worst where several groups have it; `unregistered` where none has. @throws CloudError */
  health(deployment: Deployment, signal: AbortSignal): Promise<{ readonly core: string; readonly state: string }[]>;
}

/** What {@link createTargetGroups} works with. */
export interface TargetGroupsOptions extends AwsOverrides {
  readonly clock: Clock;
  readonly loadBalancers: LoadBalancerReader;
  /** The fleet's region; a deployment's own wins. */
  readonly region: string | undefined;
}

/** A target that was taken out, as it has to be put back. */
interface Taken {
  readonly group: string;
  readonly groupName: string;
  readonly target: TargetDescription;
}

/** ELBv2 shows the draining within a second or two, ms. */
const DRAINING_MS = 30_000;
const LOOK_MS = 500;
/** From the worst word on a target to the best. */
const WORST_FIRST = ["unhealthy", "unhealthy.draining", "unused", "draining", "unavailable", "initial", "healthy"];

/** Changes target groups through ELBv2. What was taken out is remembered for as long as this lives. */
export function createTargetGroups(options: TargetGroupsOptions): TargetGroups {
  const { clock, loadBalancers } = options;
  const clients = loadBalancerClients(options);
  const taken = new Map<string, Taken[]>();
  // An ARN is of one region, whatever the deployment says.
  const placeOf = ({ region = options.region, roleArn, loadBalancer }: Deployment): CloudPlace => ({
    region: loadBalancer?.startsWith("arn:") === true ? loadBalancer.split(":")[3] : region,
    roleArn,
  });
  const keyOf = (core: Core, deployment: Deployment): string => `${deployment.id}/${core.id}`;

  async function call<T>(
    permission: string,
    core: Core,
    place: CloudPlace,
    signal: AbortSignal,
    work: (client: ElasticLoadBalancingV2Client) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(await clients.for(place));
    } catch (error) {
      const asked = { permission: `elasticloadbalancing:${permission}`, subject: `target ${core.id}`, signal };
      throw toCloudError(error, { ...asked, region: place.region, writes: permission !== "DescribeTargetHealth" });
    }
  }

  async function isLeaving(one: Taken, core: Core, place: CloudPlace, signal: AbortSignal): Promise<boolean> {
    const { DescribeTargetHealthCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: one.group });
    const { TargetHealthDescriptions: targets = [] } = await call(
      "DescribeTargetHealth",
      core,
      place,
      signal,
      async (client) => client.send(command, { abortSignal: signal }),
    );
    const found = targets.find(({ Target }) => Target?.Id === one.target.Id && Target?.Port === one.target.Port);
    return found === undefined || LEAVING.has(stateOf(found));
  }

  return {
    async deregister(core, deployment, signal) {
      const place = placeOf(deployment);
      const facts = await describe(loadBalancers, deployment, place, signal);
      const found = facts.flatMap((group) =>
        group.targets
          .filter((target) => isTarget(core, group, target) && !LEAVING.has(target.state))
          .map((target): Taken => ({ group: group.arn, groupName: group.name, target: descriptionOf(group, target) })),
      );
      if (found.length === 0)
        throw new CloudError("not-found", `no target group of ${deployment.loadBalancer ?? ""} has ${core.id}`);
      const { DeregisterTargetsCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
      const kept = taken.get(keyOf(core, deployment)) ?? [];
      taken.set(keyOf(core, deployment), kept);
      for (const one of found) {
        // Before the call: an answer that was lost may have been a yes.
        kept.push(one);
        const command = new DeregisterTargetsCommand({ TargetGroupArn: one.group, Targets: [one.target] });
        await call("DeregisterTargets", core, place, signal, (client) => client.send(command, { abortSignal: signal }));
      }
      const end = clock.monotonic() + DRAINING_MS;
      for (const one of found) {
        while (!(await isLeaving(one, core, place, signal))) {
          if (signal.aborted) throw new CloudError("cancelled", `taking out ${core.id} was called off`);
          if (clock.monotonic() > end)
            throw new CloudError("failed", `${one.groupName} still sends requests to ${core.id}, which was taken out`);
          await wait(clock, LOOK_MS, signal);
        }
      }
      return `taken out of ${namesOf(found)}`;
    },

    async register(core, deployment, signal) {
      const place = placeOf(deployment);
      const key = keyOf(core, deployment);
      const kept = taken.get(key) ?? [];
      if (kept.length === 0) return `${core.id} was not taken out of any target group`;
      const { RegisterTargetsCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
      for (const one of kept) {
        const command = new RegisterTargetsCommand({ TargetGroupArn: one.group, Targets: [one.target] });
        await call("RegisterTargets", core, place, signal, (client) => client.send(command, { abortSignal: signal }));
      }
      taken.delete(key);
      return `registered again in ${namesOf(kept)}`;
    },

    async health(deployment, signal) {
      const facts = await describe(loadBalancers, deployment, placeOf(deployment), signal);
      return deployment.cores.map((core) => {
        const states = facts.flatMap((group) =>
          group.targets.filter((target) => isTarget(core, group, target)).map((target) => target.state),
        );
        return { core: core.id, state: worst(states) ?? "unregistered" };
      });
    },
  };
}

const LEAVING: ReadonlySet<string> = new Set(["draining", "unhealthy.draining", "unused"]);

async function describe(
  loadBalancers: LoadBalancerReader,
  deployment: Deployment,
  place: CloudPlace,
  signal: AbortSignal,
): Promise<readonly TargetGroupFacts[]> {
  if (deployment.loadBalancer === undefined)
    throw new CloudError("not-found", `${deployment.id} has no load balancer in fleet.yaml: set loadBalancer`);
  return (await loadBalancers.describe(deployment.loadBalancer, place, signal)).targetGroups;
}

/** An address outside the load balancer's network is registered for all zones, and has to be again. */
function descriptionOf(group: TargetGroupFacts, { id, port, zone }: TargetHealthFacts): TargetDescription {
  return { Id: id, Port: port, ...(group.targetType === "ip" && zone === "all" ? { AvailabilityZone: zone } : {}) };
}

/** By instance and port, or by IP address and port. */
function isTarget(core: Core, group: TargetGroupFacts, target: TargetHealthFacts): boolean {
  const { hostname, port, protocol } = new URL(core.url);
  const standard = protocol === "https:" ? 443 : 80;
  if ((port === "" ? standard : Number(port)) !== target.port) return false;
  return group.targetType === "instance"
    ? core.instance === target.id
    : hostname.replace(/^\[(.+)\]$/, "$1") === target.id;
}

function stateOf({ TargetHealth: health }: TargetHealthDescription): string {
  return health?.State ?? "unavailable";
}

function worst(states: readonly string[]): string | undefined {
  return [...states].sort((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b))[0];
}

function namesOf(all: readonly Taken[]): string {
  return all.map(({ groupName, target }) => `${groupName} (${target.Id ?? ""}:${target.Port ?? ""})`).join(", ");
}
