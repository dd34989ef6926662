import {
  ecsOf,
  newEcsArn,
  serviceOfTask,
  taskOf,
  tasksOfService,
  type EcsContainerInstance,
  type EcsModel,
  type EcsService,
  type EcsTaskRecord,
} from "./aws-ecs-model.ts";
import { cutTask, hasRoom, startTask, stopTask } from "./aws-ecs-tasks.ts";
import type { AwsModel } from "./aws-model.ts";

const REPLACED = { code: "ServiceSchedulerInitiated", reason: "Task replaced by the service's scheduler" };

/** Lets an EC2 instance join a cluster, as its agent does; tasks are placed on it from then on. @throws Error when there is no such cluster */
export function joinCluster(
  model: AwsModel,
  plan: { readonly region: string; readonly cluster: string; readonly instance: string; readonly at: number },
): EcsContainerInstance {
  const { region, cluster, instance, at } = plan;
  const ecs = ecsOf(model);
  if (!ecs.clusters.some((one) => one.name === cluster && one.region === region))
    throw new Error(`the simulated account has no cluster ${cluster} in ${region}`);
  const joined: EcsContainerInstance = {
    arn: newEcsArn(model, region, "container-instance", cluster),
    cluster,
    region,
    ec2InstanceId: instance,
    registeredAt: at,
    status: "ACTIVE",
    statusAt: at,
  };
  ecs.containerInstances.push(joined);
  model.onHappening?.({ kind: "container-instance", at, arn: joined.arn, status: joined.status });
  return joined;
}

/**
 * Sets a container instance to DRAINING: no task is placed there any more, and those of services are replaced elsewhere
 * as far as the service's percentages allow; what they do not allow runs on.
 */
export function drainContainerInstance(model: AwsModel, arn: string, at: number): void {
  const found = ecsOf(model).containerInstances.find((one) => one.arn === arn);
  if (found === undefined) throw new Error(`the simulated account has no container instance ${arn}`);
  if (found.status === "ACTIVE") enter(model, found, "DRAINING", at);
  schedule(model, at);
}

/** A new task on the same instance and a new host port, while the old one stops. Gives the new one. @throws Error */
export function replaceTask(
  model: AwsModel,
  arn: string,
  at: number,
  options: { readonly hostPorts?: Readonly<Record<number, number>> } = {},
): EcsTaskRecord {
  return moveTask(model, arn, { ...options, at, to: taskOf(model, arn).containerInstanceArn });
}

/** A new task on another container instance, while the old one stops. Gives the new one. @throws Error */
export function moveTask(
  model: AwsModel,
  arn: string,
  plan: { readonly to: string; readonly at: number; readonly hostPorts?: Readonly<Record<number, number>> },
): EcsTaskRecord {
  const { to, at, hostPorts = {} } = plan;
  const old = taskOf(model, arn);
  const service = serviceOfTask(ecsOf(model), old);
  if (service === undefined) throw new Error(`task ${arn} belongs to no service`);
  const task = startTask(model, { service: service.arn, containerInstance: to, at, hostPorts });
  stopTask(model, arn, at, REPLACED);
  return task;
}

/** Takes an instance that goes out of its clusters; its tasks end at once. */
export function leaveClusters(model: AwsModel, instance: string, at: number): void {
  const { ecs } = model;
  if (ecs === undefined) return;
  for (const host of ecs.containerInstances.filter((one) => one.ec2InstanceId === instance)) {
    if (host.status !== "INACTIVE") enter(model, host, "INACTIVE", at);
    for (const task of ecs.tasks.filter((one) => one.containerInstanceArn === host.arn))
      cutTask(model, task, at, `Host EC2 (instance ${instance}) terminated.`);
  }
  schedule(model, at);
}

/**
 * What the schedulers of all services do at a moment: start what is missing where there is room, and stop what runs on
 * draining instances, within minimum and maximum healthy percent (rounded up and down to whole tasks). With `task`, only
 * its service's.
 */
export function schedule(model: AwsModel, at: number, task?: EcsTaskRecord): void {
  const { ecs } = model;
  if (ecs === undefined) return;
  if (task !== undefined) {
    const service = serviceOfTask(ecs, task);
    if (service !== undefined) scheduleService(model, ecs, service, at);
    return;
  }
  // Thousands of services are mostly at rest: one pass over the tasks finds those that are not.
  const active = new Set(ecs.containerInstances.flatMap((host) => (host.status === "ACTIVE" ? [host.arn] : [])));
  const settled = new Map<string, number>();
  const restless = new Set<string>();
  for (const one of ecs.tasks) {
    if (one.desiredStatus !== "RUNNING") continue;
    const key = `${one.region}/${one.cluster}/${one.service}`;
    if (active.has(one.containerInstanceArn)) settled.set(key, (settled.get(key) ?? 0) + 1);
    else restless.add(key);
  }
  for (const service of ecs.services) {
    const key = `${service.region}/${service.cluster}/${service.name}`;
    if (restless.has(key) || (settled.get(key) ?? 0) < service.desired) scheduleService(model, ecs, service, at);
  }
}

function scheduleService(model: AwsModel, ecs: EcsModel, service: EcsService, at: number): void {
  const hosts = ecs.containerInstances.filter(
    (host) => host.cluster === service.cluster && host.region === service.region && host.status === "ACTIVE",
  );
  const isSettled = (task: EcsTaskRecord): boolean => hosts.some((host) => host.arn === task.containerInstanceArn);
  const staying = () => tasksOfService(ecs, service).filter((task) => task.desiredStatus === "RUNNING");
  const least = Math.ceil((service.desired * service.minimumHealthyPercent) / 100);
  const most = Math.floor((service.desired * service.maximumPercent) / 100);

  for (const leaving of staying().filter((task) => !isSettled(task))) {
    const running = staying().filter((task) => task.status === "RUNNING").length;
    if (leaving.status !== "RUNNING" || running - 1 >= least) stopTask(model, leaving.arn, at, REPLACED);
  }
  if (!service.placing) return;
  for (;;) {
    const tasks = staying();
    if (tasks.filter(isSettled).length >= service.desired || tasks.length >= most) return;
    const load = (host: EcsContainerInstance): number =>
      tasks.filter((task) => task.containerInstanceArn === host.arn).length;
    const host = hosts.sort((a, b) => load(a) - load(b)).find((one) => hasRoom(ecs, service, one));
    if (host === undefined) return;
    startTask(model, { service: service.arn, containerInstance: host.arn, at });
  }
}

function enter(model: AwsModel, host: EcsContainerInstance, status: EcsContainerInstance["status"], at: number): void {
  host.status = status;
  host.statusAt = at;
  model.onHappening?.({ kind: "container-instance", at, arn: host.arn, status });
}
