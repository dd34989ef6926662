import { readFile } from "node:fs/promises";
import type { Clock } from "../domain/index.ts";
import { awsLoadBalancer } from "./aws-model.ts";
import type { AwsModel } from "./aws-model.ts";
import type { SandboxCore } from "./core-fleet.ts";
import type { FleetPlan, PlannedDeployment } from "./fleets.ts";
import { seedHealthCheck } from "./load-balancer-health.ts";
import type { TargetSpec } from "./load-balancer-targets.ts";
import { startLoadBalancer } from "./load-balancer.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";

/** Region and account of the simulated cloud. */
export const REGION = "eu-west-1";
export const ACCOUNT = "123456789012";

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
    healthCheck: seedHealthCheck(plan.healthCheckSpeed),
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
      targetGroups: [{ name: deployment.id, port: 3567, targets: () => balancer.targets() }],
    }),
  );
  return balancer;
}

/** A core as the load balancer registers it: by instance and port. */
export function targetOf(core: SandboxCore): TargetSpec {
  return { id: core.instance, port: core.port, zone: core.zone, url: core.url };
}
