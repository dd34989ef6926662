import type { Log } from "../domain/index.ts";
import { addAutoScalingGroup } from "./aws-autoscaling-model.ts";
import { addLaunchTemplate } from "./aws-ec2-model.ts";
import {
  addCapacityProvider,
  addCluster,
  addService,
  addTaskDefinition,
  ecsOf,
  taskOf,
  type EcsTaskRecord,
} from "./aws-ecs-model.ts";
import type { AwsHappening, AwsModel } from "./aws-model.ts";
import type { CoreFleet } from "./core-fleet.ts";
import type { PlannedAccount, PlannedEcs, PlannedService } from "./fleets-account-plan.ts";
import type { FleetPlan } from "./fleets.ts";
import { REGION } from "./fleets-network.ts";
import { deploymentOf } from "./fleets-scale.ts";
import type { TargetSpec } from "./load-balancer-targets.ts";

/** Name of the one container of each task. */
const CONTAINER = "core";

/** What tasks run in. */
export interface TaskParts {
  readonly plan: FleetPlan;
  readonly model: AwsModel;
  readonly cores: CoreFleet;
  readonly log: Log;
}

/** The tasks of a fleet's ECS services: each is a core that runs for as long as its task does. */
export class Tasks {
  readonly #parts: TaskParts;
  readonly #account: PlannedAccount;
  /** What is being started or ended, by task. */
  readonly #changes = new Map<string, Promise<void>>();
  #stopped = false;

  constructor(parts: TaskParts, account: PlannedAccount) {
    this.#parts = parts;
    this.#account = account;
  }

  /** Enters the cluster with its services; tasks come with its instances. */
  prepare(): void {
    const { ecs } = this.#account;
    if (ecs !== undefined) enterCluster(this.#parts.model, ecs);
  }

  /** Starts and ends cores as tasks come and go. */
  follow(happening: AwsHappening): void {
    if (happening.kind !== "task" || this.#stopped) return;
    const { arn, status } = happening;
    if (status === "PENDING") this.#next(arn, () => this.#begin(taskOf(this.#parts.model, arn)));
    else if (status === "STOPPED") this.#next(arn, () => this.#end(arn));
  }

  /** Resolves when everything that was to start or end did. */
  async settled(): Promise<void> {
    await Promise.all(this.#changes.values());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.settled();
  }

  /** Where a task's core listens, or a planned core. */
  targetAt(instance: string, port: number): TargetSpec | undefined {
    const host = this.#account.instances.find((one) => one.id === instance || one.host === instance);
    const { model, cores } = this.#parts;
    if (host === undefined) return undefined;
    const holders = ecsOf(model).containerInstances.filter((one) => one.ec2InstanceId === host.id);
    const isTask = ecsOf(model).tasks.some(
      (task) =>
        holders.some((holder) => holder.arn === task.containerInstanceArn) &&
        task.bindings.some(({ hostPort }) => hostPort === port),
    );
    if (isTask) return { id: instance, port, zone: host.zone, url: `http://${host.host}:${port}` };
    const core = cores.list().find((one) => one.instance === host.id && one.port === port);
    return core === undefined ? undefined : { id: instance, port, zone: host.zone, url: core.url };
  }

  /** One change of a task after the other. */
  #next(arn: string, change: () => Promise<void>): void {
    const before = this.#changes.get(arn) ?? Promise.resolve();
    const mine = before.then(change).catch((error: unknown) => {
      this.#parts.log.warn("sandbox: a task's core could not be started or ended", { task: arn, error });
    });
    this.#changes.set(arn, mine);
  }

  async #begin(task: EcsTaskRecord): Promise<void> {
    const { plan, cores } = this.#parts;
    const service = this.#serviceOf(task);
    const holder = ecsOf(this.#parts.model).containerInstances.find(({ arn }) => arn === task.containerInstanceArn);
    const instance = this.#account.instances.find(({ id }) => id === holder?.ec2InstanceId);
    const port = task.bindings[0]?.hostPort;
    if (service === undefined || instance === undefined || port === undefined || this.#stopped) return;
    const id = shortId(task.arn);
    const { host, zone } = instance;
    await cores.add(deploymentOf(plan, service.deployment), {
      id,
      host,
      zone,
      instance: instance.id,
      process: id,
      port,
    });
  }

  async #end(arn: string): Promise<void> {
    const id = this.#parts.cores.list().find((core) => core.id.endsWith(`/${shortId(arn)}`))?.id;
    if (id !== undefined) await this.#parts.cores.remove(id)();
  }

  #serviceOf({ service }: EcsTaskRecord): PlannedService | undefined {
    return this.#account.ecs?.services.find(({ name }) => name === service);
  }
}

/** The first digits of a task's id: how its core is called within the sandbox. */
function shortId(arn: string): string {
  return (arn.split("/").at(-1) ?? arn).slice(0, 8);
}

function enterCluster(model: AwsModel, ecs: PlannedEcs): void {
  const { cluster, userData, group, services, managedScaling, managedTerminationProtection } = ecs;
  const template = addLaunchTemplate(model, { region: REGION, name: cluster, userData });
  const { arn: autoScalingGroupArn } = addAutoScalingGroup(model, {
    region: REGION,
    name: cluster,
    launchTemplate: template,
    zones: ["a", "b", "c"].map((letter) => `${REGION}${letter}`),
    ...group,
  });
  const provider = `${cluster}-spot`;
  addCapacityProvider(model, {
    region: REGION,
    name: provider,
    autoScalingGroupArn,
    ...(managedScaling === undefined ? {} : { managedScaling }),
    ...(managedTerminationProtection === undefined ? {} : { managedTerminationProtection }),
  });
  addCluster(model, { region: REGION, name: cluster, capacityProviders: [provider] });
  for (const service of services) {
    const { name, desired, containerPort, hostPort, stopTimeout, logGroup } = service;
    const ports = [{ containerPort, hostPort }];
    const containers = [{ name: CONTAINER, ports, stopTimeout, logGroup }];
    const { arn: taskDefinitionArn } = addTaskDefinition(model, { region: REGION, family: name, containers });
    const balancer = model.loadBalancers.find((one) => one.name === service.deployment);
    addService(model, {
      region: REGION,
      cluster,
      name,
      desired,
      taskDefinitionArn,
      capacityProviders: [provider],
      minimumHealthyPercent: service.minimumHealthyPercent ?? 100,
      maximumPercent: service.maximumPercent ?? 200,
      targetGroups: (balancer?.targetGroups ?? []).map(({ arn }) => ({ arn, container: CONTAINER, containerPort })),
    });
  }
}
