import { readFile } from "node:fs/promises";
import type { Clock } from "../domain/index.ts";
import type { LoadBalancerPlan } from "./aws-elbv2-model.ts";
import { awsLoadBalancer } from "./aws-model.ts";
import type { AwsModel, TargetChanges } from "./aws-model.ts";
import type { SandboxCore } from "./core-fleet.ts";
import type { FleetPlan, PlannedDeployment } from "./fleets.ts";
import { ACCOUNT, REGION } from "./fleets-network.ts";
import { seedHealthCheck } from "./load-balancer-health.ts";
import type { TargetSpec } from "./load-balancer-targets.ts";
import { startLoadBalancer } from "./load-balancer.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";

/** A target group's deregistration delay unless somebody set it, and so the runbook's. */
const SEED_DRAIN_MS = 300_000;
const DRAIN = "deregistration_delay.timeout_seconds";

/** What a load balancer is started with. */
export interface BalancerStart {
  readonly plan: FleetPlan;
  readonly deployment: PlannedDeployment;
  readonly cores: readonly SandboxCore[];
  readonly files: { readonly certFile: string; readonly keyFile: string };
  readonly model: AwsModel;
  readonly clock: Clock;
  /** What listens at a port of an instance that was no target yet; `undefined`: nothing of this fleet. */
  readonly targetAt: (instance: string, port: number) => TargetSpec | undefined;
}

/** Starts the load balancer of one deployment in front of its cores, and enters it into the AWS account. */
export async function startBalancer(start: BalancerStart): Promise<SandboxLoadBalancer> {
  const { plan, deployment, cores, files, model, clock } = start;
  const own = plan.account?.balancers[deployment.id];
  const [cert, key] = await Promise.all([readFile(files.certFile, "utf8"), readFile(files.keyFile, "utf8")]);
  const zones = own?.aws.zones ?? (own === undefined ? [...new Set(cores.map((core) => core.zone))] : ALL_ZONES);
  const isSecure = own === undefined ? deployment.secure : own.plain !== true;
  const targets = cores.map((core) => targetOf(core, own?.aws.targetType));
  const ownDrain = own?.group?.attributes?.[DRAIN];
  const drainMs = ownDrain === undefined ? SEED_DRAIN_MS / plan.healthCheckSpeed : Number(ownDrain) * 1000;
  const balancer = await startLoadBalancer({
    clock,
    zones,
    // Checked more often than in the seed, but as patiently: a core whose database is down takes its 5 s to say so.
    healthCheck: { ...seedHealthCheck(plan.healthCheckSpeed), timeoutMs: 10_000 },
    deregistrationDelayMs: drainMs,
    targets,
    ...(own === undefined ? {} : { host: own.host, port: own.port ?? 3567 }),
    ...(isSecure ? { certificate: { cert, key } } : {}),
  });
  const entered = awsLoadBalancer({
    region: REGION,
    account: ACCOUNT,
    name: deployment.id,
    zones,
    protocol: isSecure ? "HTTPS" : "HTTP",
    port: balancer.port,
    ...own?.aws,
    ...listenersOf(own?.listeners),
    targetGroups: [
      {
        name: deployment.id,
        port: 3567,
        ...own?.group,
        // ECS waits for as long as the target group says.
        ...(own === undefined ? {} : { attributes: { ...own.group?.attributes, [DRAIN]: String(drainMs / 1000) } }),
        targets: () => balancer.targets(),
        changes: targetChanges(balancer, targets, start.targetAt),
      },
    ],
    minutes: () => balancer.minutes(),
  });
  if (own?.type !== undefined) entered.type = own.type;
  model.loadBalancers.push(entered);
  return balancer;
}

/** What a load balancer has unless somebody leaves zones out. */
const ALL_ZONES = ["a", "b", "c"].map((letter) => `${REGION}${letter}`);

function listenersOf(listeners: LoadBalancerPlan["listeners"]): Pick<LoadBalancerPlan, "listeners"> {
  return listeners === undefined ? {} : { listeners };
}

/** Registering and taking out by id and port, as the API does it: what once was a target can be one again. */
function targetChanges(
  balancer: SandboxLoadBalancer,
  specs: readonly TargetSpec[],
  targetAt: BalancerStart["targetAt"],
): TargetChanges {
  const known = new Map(specs.map((spec) => [`${spec.id}:${spec.port}`, spec]));
  return {
    register(id, port) {
      const key = `${id}:${port}`;
      const there = balancer.targets().find((target) => `${target.id}:${target.port}` === key);
      const spec = targetAt(id, port) ?? known.get(key) ?? there;
      if (spec === undefined) return false;
      // Registering what is registered changes nothing; what is draining is taken back.
      if (there === undefined || there.state === "draining") balancer.register(spec);
      return true;
    },
    deregister(id, port) {
      const found = balancer.targets().find((target) => target.id === id && target.port === port);
      if (found === undefined) return;
      const { zone, url } = found;
      known.set(`${id}:${port}`, { id, port, zone, url });
      balancer.deregister(id, port);
    },
  };
}

/** A core as the load balancer registers it: by instance, or by address, and port. */
export function targetOf(core: SandboxCore, by: "instance" | "ip" = "instance"): TargetSpec {
  const { port, zone, url } = core;
  return { id: by === "ip" ? new URL(url).hostname : core.instance, port, zone, url };
}
