import { createHash } from "node:crypto";
import {
  ecsOf,
  newEcsArn,
  serviceOfTask,
  taskOf,
  type EcsContainerInstance,
  type EcsModel,
  type EcsService,
  type EcsTaskRecord,
  type TaskStatus,
} from "./aws-ecs-model.ts";
import type { AwsTargetGroup } from "./aws-elbv2-model.ts";
import type { AwsModel } from "./aws-model.ts";

/** Dynamic host ports are Linux's ephemeral ones. */
const FIRST_DYNAMIC = 32_768;
const LAST_DYNAMIC = 60_999;

/** Where a task goes, and on which ports. */
export interface TaskPlan {
  /** ARN of a service. */
  readonly service: string;
  /** ARN of a container instance. */
  readonly containerInstance: string;
  /** Epoch ms. */
  readonly at: number;
  /** Host port by container port, where it is not to be chosen: a port of another app, used again. */
  readonly hostPorts?: Readonly<Record<number, number>>;
}

/** Starts a task of a service: PENDING, then with the load balancer's targets ACTIVATING, then RUNNING. @throws Error */
export function startTask(model: AwsModel, plan: TaskPlan): EcsTaskRecord {
  const ecs = ecsOf(model);
  const service = ecs.services.find((one) => one.arn === plan.service);
  const host = ecs.containerInstances.find((one) => one.arn === plan.containerInstance);
  if (service === undefined) throw new Error(`the simulated account has no ECS service ${plan.service}`);
  if (host === undefined) throw new Error(`the simulated account has no container instance ${plan.containerInstance}`);
  const arn = newEcsArn(model, service.region, "task", service.cluster);
  const taken = portsOf(ecs, host);
  const ports = ecs.taskDefinitions.find((one) => one.arn === service.taskDefinitionArn)?.containers ?? [];
  const bindings = ports.flatMap(({ name, ports }) =>
    ports.map(({ containerPort, hostPort }) => {
      const chosen = plan.hostPorts?.[containerPort] ?? (hostPort === 0 ? freePort(arn, taken) : hostPort);
      taken.add(chosen);
      return { container: name, containerPort, hostPort: chosen };
    }),
  );
  const task: EcsTaskRecord = {
    arn,
    cluster: service.cluster,
    region: service.region,
    service: service.name,
    taskDefinitionArn: service.taskDefinitionArn,
    containerInstanceArn: host.arn,
    createdAt: plan.at,
    status: "PENDING",
    statusAt: plan.at,
    desiredStatus: "RUNNING",
    startedAt: undefined,
    stoppedAt: undefined,
    stopCode: undefined,
    stoppedReason: undefined,
    bindings,
  };
  ecs.tasks.push(task);
  model.onHappening?.({ kind: "task", at: plan.at, arn, status: "PENDING" });
  return task;
}

/** Stops a task: its targets drain first, then its containers have their time. The scheduler starts another. */
export function stopTask(
  model: AwsModel,
  arn: string,
  at: number,
  why: { readonly code: string; readonly reason: string } = { code: "UserInitiated", reason: "Task stopped by user" },
): void {
  const task = taskOf(model, arn);
  if (task.desiredStatus === "STOPPED") return;
  task.desiredStatus = "STOPPED";
  task.stopCode = why.code;
  task.stoppedReason = why.reason;
  if (task.status === "PENDING") return enter(model, task, "STOPPED", at);
  const targets = targetsOf(model, task);
  for (const { group, id, port } of targets) group.changes?.deregister(id, port);
  enter(model, task, targets.length === 0 ? "STOPPING" : "DEACTIVATING", at);
}

/** Ends a task at once, as when its instance goes. */
export function cutTask(model: AwsModel, task: EcsTaskRecord, at: number, reason: string): void {
  if (task.status === "STOPPED") return;
  task.desiredStatus = "STOPPED";
  task.stopCode ??= "TerminationNotice";
  task.stoppedReason ??= reason;
  for (const { group, id, port } of targetsOf(model, task)) group.changes?.deregister(id, port);
  enter(model, task, "STOPPED", at);
}

/** The next step of a task's life, with when it is due; `undefined`: it stays as it is. */
export function taskStep(
  model: AwsModel,
  task: EcsTaskRecord,
  now: number,
): { readonly at: number; readonly run: () => void } | undefined {
  const ecs = ecsOf(model);
  const { timing } = ecs;
  const after = (ms: number, status: TaskStatus) => {
    const at = task.statusAt + ms;
    return { at, run: () => enter(model, task, status, at) };
  };
  switch (task.status) {
    case "PENDING": {
      const at = task.statusAt + timing.pendingMs;
      return { at, run: () => begin(model, task, at) };
    }
    case "ACTIVATING":
      return after(timing.activatingMs, "RUNNING");
    case "RUNNING":
      return undefined;
    case "DEACTIVATING": {
      const still = targetsOf(model, task).filter(({ group, id, port }) =>
        group.targets().some((target) => target.id === id && target.port === port),
      );
      if (still.length === 0) return { at: now, run: () => enter(model, task, "STOPPING", now) };
      const delays = still.map(({ group }) => Number(group.attributes["deregistration_delay.timeout_seconds"] ?? 300));
      return after(Math.max(...delays) * 1000, "STOPPING");
    }
    case "STOPPING":
      return after(timing.stoppingMs, "STOPPED");
    default:
      return {
        at: task.statusAt + timing.keptMs,
        run: () => {
          ecs.tasks.splice(ecs.tasks.indexOf(task), 1);
        },
      };
  }
}

/** Whether an instance has the fixed host ports free that a service's tasks take. */
export function hasRoom(ecs: EcsModel, service: EcsService, host: EcsContainerInstance): boolean {
  const containers = ecs.taskDefinitions.find((one) => one.arn === service.taskDefinitionArn)?.containers ?? [];
  const fixed = containers.flatMap(({ ports }) => ports.map(({ hostPort }) => hostPort)).filter((port) => port !== 0);
  if (fixed.length === 0) return true;
  const taken = portsOf(ecs, host);
  return fixed.every((port) => !taken.has(port));
}

function begin(model: AwsModel, task: EcsTaskRecord, at: number): void {
  task.startedAt = at;
  const targets = targetsOf(model, task);
  enter(model, task, targets.length === 0 ? "RUNNING" : "ACTIVATING", at);
  // After the word of it: whoever listens may have to make the target known first.
  for (const { group, id, port } of targets) group.changes?.register(id, port);
}

function enter(model: AwsModel, task: EcsTaskRecord, status: TaskStatus, at: number): void {
  task.status = status;
  task.statusAt = at;
  if (status === "STOPPED") task.stoppedAt = at;
  model.onHappening?.({ kind: "task", at, arn: task.arn, status });
}

/** A task's places in the target groups of its service: by instance and host port, or by address. */
function targetsOf(
  model: AwsModel,
  task: EcsTaskRecord,
): { readonly group: AwsTargetGroup; readonly id: string; readonly port: number }[] {
  const ecs = ecsOf(model);
  const service = serviceOfTask(ecs, task);
  const instance = ecs.containerInstances.find((one) => one.arn === task.containerInstanceArn)?.ec2InstanceId;
  if (service === undefined || instance === undefined) return [];
  const groups = model.loadBalancers.flatMap((balancer) => balancer.targetGroups);
  return service.targetGroups.flatMap(({ arn, container, containerPort }) => {
    const group = groups.find((one) => one.arn === arn);
    const binding = task.bindings.find((one) => one.container === container && one.containerPort === containerPort);
    if (group === undefined || binding === undefined) return [];
    const address = model.ec2?.instances.find((one) => one.id === instance)?.privateIp ?? instance;
    return [{ group, id: group.targetType === "ip" ? address : instance, port: binding.hostPort }];
  });
}

/** Host ports that are in use on an instance, by tasks of all services and clusters. */
function portsOf(ecs: EcsModel, host: EcsContainerInstance): Set<number> {
  const tasks = ecs.tasks.filter((task) => task.containerInstanceArn === host.arn && task.status !== "STOPPED");
  return new Set(tasks.flatMap((task) => task.bindings.map((binding) => binding.hostPort)));
}

/** A port that is free; the same task gets the same. */
function freePort(arn: string, taken: ReadonlySet<number>): number {
  const span = LAST_DYNAMIC - FIRST_DYNAMIC + 1;
  const start = createHash("sha256").update(arn).digest().readUInt32BE(0) % span;
  for (let step = 0; step < span; step++) {
    const port = FIRST_DYNAMIC + ((start + step) % span);
    if (!taken.has(port)) return port;
  }
  throw new Error("every dynamic host port of the instance is in use");
}
