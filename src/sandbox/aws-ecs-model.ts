import { createHash } from "node:crypto";
import type { AwsModel } from "./aws-model.ts";

/** The states of a task's life on an instance. */
export type TaskStatus = "PENDING" | "ACTIVATING" | "RUNNING" | "DEACTIVATING" | "STOPPING" | "STOPPED";

/** What ECS holds in the simulated account, of all regions. Everything may be changed while it runs. Times are epoch ms. */
export interface EcsModel {
  readonly clusters: EcsCluster[];
  readonly services: EcsService[];
  readonly taskDefinitions: EcsTaskDefinition[];
  readonly capacityProviders: EcsCapacityProvider[];
  readonly containerInstances: EcsContainerInstance[];
  readonly tasks: EcsTaskRecord[];
  timing: EcsTiming;
  /** Numbers what is made, so that the same story gives the same ids. */
  made: number;
}

/** How long the steps of a task's life take, ms; shorter than AWS's where a story is to be quick. */
export interface EcsTiming {
  /** Until its containers run. */
  readonly pendingMs: number;
  /** Until the load balancer has it. */
  readonly activatingMs: number;
  /** Between SIGTERM and the end of its containers. */
  readonly stoppingMs: number;
  /** From an instance that runs to its agent in the cluster. */
  readonly joinMs: number;
  /** For how long a stopped task is still described. */
  readonly keptMs: number;
}

/** A cluster. */
export interface EcsCluster {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  capacityProviders: readonly string[];
}

/** A capacity provider over an Auto Scaling group. */
export interface EcsCapacityProvider {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly autoScalingGroupArn: string;
  managedScaling: boolean;
  managedTerminationProtection: boolean;
}

/** One revision of a task definition. */
export interface EcsTaskDefinition {
  readonly family: string;
  readonly revision: number;
  readonly arn: string;
  readonly region: string;
  readonly containers: readonly EcsContainer[];
}

/** A container of a task definition. */
export interface EcsContainer {
  readonly name: string;
  readonly image: string;
  /** Host port 0 is a dynamic one. */
  readonly ports: readonly { readonly containerPort: number; readonly hostPort: number }[];
  /** Seconds. */
  readonly stopTimeout: number | undefined;
  readonly logGroup: string | undefined;
}

/** A service; how many of its tasks run is counted. */
export interface EcsService {
  readonly cluster: string;
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly createdAt: number;
  desired: number;
  minimumHealthyPercent: number;
  maximumPercent: number;
  /** Names of capacity providers; none: its launch type is EC2. */
  capacityProviders: readonly string[];
  taskDefinitionArn: string;
  targetGroups: readonly { readonly arn: string; readonly container: string; readonly containerPort: number }[];
  /** `false`: no instance has room for its tasks, so that none is placed. */
  placing: boolean;
}

/** An EC2 instance as a cluster has it. */
export interface EcsContainerInstance {
  readonly arn: string;
  readonly cluster: string;
  readonly region: string;
  readonly ec2InstanceId: string;
  readonly registeredAt: number;
  status: "ACTIVE" | "DRAINING" | "INACTIVE";
  statusAt: number;
}

/** A task with where its containers listen on the instance. */
export interface EcsTaskRecord {
  readonly arn: string;
  readonly cluster: string;
  readonly region: string;
  /** Name of its service. */
  readonly service: string;
  readonly taskDefinitionArn: string;
  readonly containerInstanceArn: string;
  readonly createdAt: number;
  status: TaskStatus;
  statusAt: number;
  desiredStatus: "RUNNING" | "STOPPED";
  /** When its containers began to run. */
  startedAt: number | undefined;
  stoppedAt: number | undefined;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  readonly bindings: readonly {
    readonly container: string;
    readonly containerPort: number;
    readonly hostPort: number;
  }[];
}

const AWS_TIMING: EcsTiming = {
  pendingMs: 5_000,
  activatingMs: 2_000,
  stoppingMs: 10_000,
  joinMs: 20_000,
  keptMs: 3_600_000,
};

/** ECS with nothing in it. */
export function emptyEcs(timing: Partial<EcsTiming> = {}): EcsModel {
  return {
    clusters: [],
    services: [],
    taskDefinitions: [],
    capacityProviders: [],
    containerInstances: [],
    tasks: [],
    timing: { ...AWS_TIMING, ...timing },
    made: 0,
  };
}

/** The account's ECS. @throws Error when it has none */
export function ecsOf(model: AwsModel): EcsModel {
  if (model.ecs === undefined) throw new Error("the simulated account has no ECS: set model.ecs to emptyEcs()");
  return model.ecs;
}

/** Makes a cluster. */
export function addCluster(
  model: AwsModel,
  plan: { readonly region: string; readonly name: string; readonly capacityProviders?: readonly string[] },
): EcsCluster {
  const { region, name, capacityProviders = [] } = plan;
  const cluster = { name, arn: arnOf(model, region, `cluster/${name}`), region, capacityProviders };
  ecsOf(model).clusters.push(cluster);
  return cluster;
}

/** Makes a capacity provider, with managed scaling and termination protection unless told otherwise. */
export function addCapacityProvider(
  model: AwsModel,
  plan: {
    readonly region: string;
    readonly name: string;
    readonly autoScalingGroupArn: string;
    readonly managedScaling?: boolean;
    readonly managedTerminationProtection?: boolean;
  },
): EcsCapacityProvider {
  const { region, name, autoScalingGroupArn, managedScaling = true, managedTerminationProtection = true } = plan;
  const arn = arnOf(model, region, `capacity-provider/${name}`);
  const provider = { name, arn, region, autoScalingGroupArn, managedScaling, managedTerminationProtection };
  ecsOf(model).capacityProviders.push(provider);
  return provider;
}

/** Registers the next revision of a family. A container without `ports` maps none. */
export function addTaskDefinition(
  model: AwsModel,
  plan: {
    readonly region: string;
    readonly family: string;
    readonly containers: readonly (Pick<EcsContainer, "name"> & Partial<EcsContainer>)[];
  },
): EcsTaskDefinition {
  const { region, family, containers } = plan;
  const ecs = ecsOf(model);
  const revision = 1 + ecs.taskDefinitions.filter((one) => one.family === family && one.region === region).length;
  const definition: EcsTaskDefinition = {
    family,
    revision,
    arn: arnOf(model, region, `task-definition/${family}:${revision}`),
    region,
    containers: containers.map((one) => ({
      image: one.image ?? `${one.name}:latest`,
      ports: [],
      stopTimeout: undefined,
      logGroup: undefined,
      ...one,
    })),
  };
  ecs.taskDefinitions.push(definition);
  return definition;
}

/** Makes a service without tasks: they are placed as soon as the cluster has instances. */
export function addService(
  model: AwsModel,
  plan: Pick<EcsService, "region" | "cluster" | "name" | "desired" | "taskDefinitionArn"> & Partial<EcsService>,
): EcsService {
  const { region, cluster, name } = plan;
  const service: EcsService = {
    arn: arnOf(model, region, `service/${cluster}/${name}`),
    createdAt: 0,
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    capacityProviders: [],
    targetGroups: [],
    placing: true,
    ...plan,
  };
  ecsOf(model).services.push(service);
  return service;
}

/** ARN of a new task or container instance: 32 hex digits at the end. */
export function newEcsArn(
  model: AwsModel,
  region: string,
  kind: "task" | "container-instance",
  cluster: string,
): string {
  const ecs = ecsOf(model);
  ecs.made += 1;
  const id = createHash("sha256").update(`${model.account}/${kind}/${cluster}/${ecs.made}`).digest("hex").slice(0, 32);
  return arnOf(model, region, `${kind}/${cluster}/${id}`);
}

/** @throws Error when there is no such task */
export function taskOf(model: AwsModel, arn: string): EcsTaskRecord {
  const found = ecsOf(model).tasks.find((task) => task.arn === arn);
  if (found === undefined) throw new Error(`the simulated account has no task ${arn}`);
  return found;
}

/** The service that a task is of. */
export function serviceOfTask(ecs: EcsModel, task: EcsTaskRecord): EcsService | undefined {
  return ecs.services.find(
    (one) => one.name === task.service && one.cluster === task.cluster && one.region === task.region,
  );
}

/** Tasks of a service that have not stopped. */
export function tasksOfService(ecs: EcsModel, { region, cluster, name }: EcsService): EcsTaskRecord[] {
  return ecs.tasks.filter(
    (task) => task.service === name && task.cluster === cluster && task.region === region && task.status !== "STOPPED",
  );
}

function arnOf(model: AwsModel, region: string, resource: string): string {
  return `arn:aws:ecs:${region}:${model.account}:${resource}`;
}
