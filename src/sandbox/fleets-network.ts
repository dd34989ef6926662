import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Clock } from "../domain/index.ts";
import { errorCode } from "../store/errors.ts";
import { awsLoadBalancer } from "./aws-model.ts";
import type { AwsModel, TargetChanges } from "./aws-model.ts";
import type { SandboxCore } from "./core-fleet.ts";
import type { FleetPlan, PlannedDeployment } from "./fleets.ts";
import { serverName } from "./fleets-file.ts";
import { seedHealthCheck } from "./load-balancer-health.ts";
import type { TargetSpec } from "./load-balancer-targets.ts";
import { startLoadBalancer } from "./load-balancer.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";

/** Region and account of the simulated cloud. */
export const REGION = "eu-west-1";
export const ACCOUNT = "123456789012";

/** A target group's deregistration delay unless somebody set it, and so the runbook's. */
const SEED_DRAIN_MS = 300_000;
const CLAIM_PORT = 3566;
const NETWORKS = 250;

/**
 * Claims 127.N.0.0/16 of the loopback for one sandbox: a dead core's port must be free for it alone when it comes back.
 * The claim is a port that is held open, so it ends with the process. @throws Error when all networks are claimed.
 */
export async function claimNetwork(): Promise<{ readonly network: number; release(): Promise<void> }> {
  for (let network = 0; network < NETWORKS; network++) {
    const holder = createServer((socket) => socket.destroy());
    try {
      await new Promise<void>((resolve, reject) => {
        holder.once("error", reject);
        holder.listen({ host: `127.${network}.0.1`, port: CLAIM_PORT }, resolve);
      });
      return { network, release: () => new Promise((resolve) => void holder.close(() => resolve())) };
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE") throw error;
    }
  }
  throw new Error(`${NETWORKS} sandboxes run on this machine already: stop one`);
}

/** The plan with its instances in the claimed network. */
export function relocate(plan: FleetPlan, network: number): FleetPlan {
  const moved = (host: string): string => host.replace(/^127\.0\./, `127.${network}.`);
  return {
    ...plan,
    deployments: plan.deployments.map((deployment) => ({
      ...deployment,
      cores: deployment.cores.map((core) => ({ ...core, host: moved(core.host) })),
    })),
  };
}

/** Names and addresses that the fleet's certificate is for. */
export function certificateNames(plan: FleetPlan): string[] {
  const hosts = plan.deployments.flatMap(({ cores }) => cores.map(({ host }) => host));
  const names = plan.deployments.map(({ app }) => serverName(app));
  return [...names, "*.sandbox.test", "localhost", "127.0.0.1", ...new Set(hosts)];
}

/** Starts the load balancer of one deployment in front of its cores, and enters it into the AWS account. */
export async function startBalancer(
  plan: FleetPlan,
  deployment: PlannedDeployment,
  cores: readonly SandboxCore[],
  files: { readonly certFile: string; readonly keyFile: string },
  model: AwsModel,
  clock: Clock,
): Promise<SandboxLoadBalancer> {
  const [cert, key] = await Promise.all([readFile(files.certFile, "utf8"), readFile(files.keyFile, "utf8")]);
  const zones = [...new Set(cores.map((core) => core.zone))];
  const balancer = await startLoadBalancer({
    clock,
    zones,
    // Checked more often than in the seed, but as patiently: a core whose database is down takes its 5 s to say so.
    healthCheck: { ...seedHealthCheck(plan.healthCheckSpeed), timeoutMs: 10_000 },
    deregistrationDelayMs: SEED_DRAIN_MS / plan.healthCheckSpeed,
    targets: cores.map(targetOf),
    ...(deployment.secure ? { certificate: { cert, key } } : {}),
  });
  model.loadBalancers.push(
    awsLoadBalancer({
      region: REGION,
      account: ACCOUNT,
      name: deployment.id,
      zones,
      protocol: deployment.secure ? "HTTPS" : "HTTP",
      port: balancer.port,
      targetGroups: [
        {
          name: deployment.id,
          port: 3567,
          targets: () => balancer.targets(),
          changes: targetChanges(balancer, cores.map(targetOf)),
        },
      ],
      minutes: () => balancer.minutes(),
    }),
  );
  return balancer;
}

/** Registering and taking out by id and port, as the API does it: what once was a target can be one again. */
function targetChanges(balancer: SandboxLoadBalancer, specs: readonly TargetSpec[]): TargetChanges {
  const known = new Map(specs.map((spec) => [`${spec.id}:${spec.port}`, spec]));
  return {
    register(id, port) {
      const key = `${id}:${port}`;
      const spec = known.get(key) ?? balancer.targets().find((target) => `${target.id}:${target.port}` === key);
      if (spec === undefined) return false;
      // Registering what is registered changes nothing; what is draining is taken back.
      const state = balancer.targets().find((target) => `${target.id}:${target.port}` === key)?.state;
      if (state === undefined || state === "draining") balancer.register(spec);
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

/** A core as the load balancer registers it: by instance and port. */
export function targetOf(core: SandboxCore): TargetSpec {
  return { id: core.instance, port: core.port, zone: core.zone, url: core.url };
}
