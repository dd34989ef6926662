import type { Clock, Log } from "../domain/index.ts";
import type { AlarmServices } from "./aws-cloudwatch-services.ts";
import { elbv2Service } from "./aws-elbv2.ts";
import type { AwsModel } from "./aws-model.ts";
import { startAws, type SandboxAws } from "./aws-server.ts";
import { stsService } from "./aws-sts.ts";
import type { CoreFleet } from "./core-fleet.ts";
import { FleetAccount } from "./fleets-account.ts";
import { createFleetAlarms } from "./fleets-alarms.ts";
import { startBalancer } from "./fleets-balancers.ts";
import type { FleetPlan } from "./fleets.ts";
import type { SandboxLoadBalancer } from "./load-balancer.ts";

/** What the cloud of a fleet is started with. */
export interface CloudParts {
  readonly plan: FleetPlan;
  readonly model: AwsModel;
  readonly clock: Clock;
  readonly log: Log;
  readonly cores: CoreFleet;
  readonly files: { readonly certFile: string; readonly keyFile: string };
  /** Told of every part that runs, so that it is stopped also when a later one cannot start. */
  readonly own: (stop: () => Promise<void>) => void;
}

/** The running cloud. */
export interface FleetCloud {
  readonly aws: SandboxAws;
  readonly alarms: AlarmServices;
  /** By deployment. */
  readonly loadBalancers: ReadonlyMap<string, SandboxLoadBalancer>;
  /** Absent: the fleet has load balancers alone. */
  readonly account: FleetAccount | undefined;
}

/** Starts load balancers, what else is in the account, and AWS's API: in this order, since services of ECS register with the first. */
export async function startCloud(parts: CloudParts): Promise<FleetCloud> {
  const { plan, model, clock, cores, files, own } = parts;
  const account = plan.account === undefined ? undefined : new FleetAccount(parts, plan.account);
  const loadBalancers = new Map<string, SandboxLoadBalancer>();
  for (const deployment of plan.deployments.filter((one) => one.balanced)) {
    const mine = cores.list().filter((core) => core.deployment === deployment.id);
    const targetAt = (instance: string, port: number) => account?.targetAt(instance, port);
    const balancer = await startBalancer({ plan, deployment, cores: mine, files, model, clock, targetAt });
    own(() => balancer.stop());
    loadBalancers.set(deployment.id, balancer);
  }
  const alarms = await createFleetAlarms(model, clock);
  own(() => alarms.stop());
  if (account !== undefined) {
    own(() => account.stop());
    await account.start(alarms);
  }
  const services = [elbv2Service(model, { clock }), stsService(model, clock), ...alarms.services];
  const aws = await startAws({ clock, services: [...services, ...(account?.services ?? [])] });
  own(() => aws.stop());
  alarms.start();
  return { aws, alarms, loadBalancers, account };
}
