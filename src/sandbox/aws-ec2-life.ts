import { groupOfInstance } from "./aws-autoscaling-model.ts";
import {
  ec2Of,
  instanceOf,
  regionOfZone,
  resourceHex,
  RUNBOOK_GROUPS,
  securityGroupId,
  templateVersion,
  type Ec2Instance,
  type InstanceState,
} from "./aws-ec2-model.ts";
import { drainContainerInstance, joinCluster, leaveClusters, schedule } from "./aws-ecs-life.ts";
import { taskStep } from "./aws-ecs-tasks.ts";
import type { EcsTaskRecord } from "./aws-ecs-model.ts";
import type { AwsModel } from "./aws-model.ts";

/** What is told of a new instance. */
export interface InstancePlan {
  readonly zone: string;
  readonly type: string;
  readonly privateIp: string;
  readonly publicIp?: string;
  /** Epoch ms. */
  readonly at: number;
  readonly id?: string;
  readonly spot?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  readonly securityGroupIds?: readonly string[];
  /** Name of the Auto Scaling group that launches it, from its launch template. */
  readonly group?: string;
}

/** More steps than this at one moment are a loop. */
const MAX_STEPS = 1_000_000;
const DRAINING_SWITCH = /ECS_ENABLE_SPOT_INSTANCE_DRAINING\s*=\s*"?true\b/;
const CLUSTER = /ECS_CLUSTER\s*=\s*"?([\w-]+)/;

/** Launches an instance: it is pending, runs, and joins the ECS cluster that its user data name. @throws Error for an unknown group */
export function launchInstance(model: AwsModel, plan: InstancePlan): Ec2Instance {
  const { zone, type, privateIp, publicIp, at, spot = false, tags = {} } = plan;
  const ec2 = ec2Of(model);
  const region = regionOfZone(zone);
  const id = plan.id ?? `i-${resourceHex(`${model.account}/${zone}/${privateIp}/${ec2.instances.length}/${at}`)}`;
  const group = model.autoScaling?.groups.find((one) => one.name === plan.group && one.region === region);
  if (plan.group !== undefined && group === undefined)
    throw new Error(`the simulated account has no Auto Scaling group ${plan.group} in ${region}`);
  const template = ec2.launchTemplates.find((one) => one.id === group?.launchTemplate.id);
  const version =
    group === undefined || template === undefined ? undefined : templateVersion(template, group.launchTemplate.version);
  const groups = RUNBOOK_GROUPS.map((name) => securityGroupId(region, name));
  const instance: Ec2Instance = {
    id,
    type,
    zone,
    spot,
    launchedAt: at,
    state: "pending",
    stateAt: at,
    stateReason: undefined,
    privateIp,
    publicIp,
    tags: { ...tags, ...(group === undefined ? {} : { "aws:autoscaling:groupName": group.name }) },
    securityGroupIds: plan.securityGroupIds ?? groups,
    launchTemplate:
      template === undefined || version === undefined ? undefined : { id: template.id, version: version.number },
    interruption: undefined,
    rebalanceAt: undefined,
  };
  ec2.instances.push(instance);
  group?.instances.push({ id, lifecycle: "Pending", protectedFromScaleIn: group.newInstancesProtected });
  model.onHappening?.({ kind: "instance", at, id, state: "pending" });
  return instance;
}

/** Terminates an instance: it shuts down, its tasks end, its targets drain, and its group and elastic address let go of it. */
export function terminateInstance(
  model: AwsModel,
  id: string,
  at: number,
  reason = { code: "Client.UserInitiatedShutdown", message: "Client.UserInitiatedShutdown: User initiated shutdown" },
): void {
  const instance = instanceOf(model, id);
  if (instance.state === "shutting-down" || instance.state === "terminated") return;
  instance.stateReason = reason;
  enter(model, instance, "shutting-down", at);
  const member = groupOfInstance(model, id)?.instances.find((one) => one.id === id);
  if (member !== undefined) member.lifecycle = "Terminating";
  for (const address of ec2Of(model).addresses) if (address.instance === id) address.instance = undefined;
  const groups = model.loadBalancers.flatMap((balancer) => balancer.targetGroups);
  for (const group of groups)
    for (const target of group.targets())
      if (target.id === id && target.state !== "draining") group.changes?.deregister(id, target.port);
  leaveClusters(model, id, at);
}

/**
 * Announces that a spot instance will be taken after the notice (two minutes unless the model says otherwise). Its
 * container instances drain at once when its user data have the agent do so. @throws Error when it is no spot instance
 */
export function interruptSpot(model: AwsModel, id: string, at: number): void {
  const instance = instanceOf(model, id);
  if (!instance.spot) throw new Error(`instance ${id} is no spot instance: only those are interrupted`);
  if (instance.interruption !== undefined || instance.state !== "running") return;
  instance.interruption = { action: "terminate", at: at + ec2Of(model).timing.noticeMs };
  if (!DRAINING_SWITCH.test(userDataOf(model, instance) ?? "")) return;
  for (const host of model.ecs?.containerInstances ?? [])
    if (host.ec2InstanceId === id && host.status === "ACTIVE") drainContainerInstance(model, host.arn, at);
}

/** Says that an instance is at an elevated risk of interruption. */
export function recommendRebalance(model: AwsModel, id: string, at: number): void {
  instanceOf(model, id).rebalanceAt ??= at;
}

/** Brings everything in the account to `now`, step by step in the order of time. Services do so at each call. */
export function settleAccount(model: AwsModel, now: number): void {
  // What falls due at one moment is all done before the schedulers look: instances that come together share the tasks.
  let changed: { readonly at: number; readonly task: EcsTaskRecord | undefined } | undefined;
  let isRested = false;
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = earliest(model, now);
    if (changed !== undefined && (next === undefined || next.at > changed.at)) {
      schedule(model, changed.at, changed.task);
      changed = undefined;
    } else if (next !== undefined) {
      next.run();
      const others: boolean = changed !== undefined && changed.task !== next.task;
      changed = { at: next.at, task: others ? undefined : next.task };
      isRested = false;
    } else if (isRested) return;
    else {
      schedule(model, now);
      isRested = true;
    }
  }
  throw new Error("the simulated account does not come to rest");
}

interface Step {
  readonly at: number;
  readonly run: () => void;
  /** All that it touches. */
  readonly task?: EcsTaskRecord;
}

function earliest(model: AwsModel, now: number): Step | undefined {
  let found: Step | undefined;
  const offer = (step: Step | undefined): void => {
    if (step !== undefined && step.at <= now && (found === undefined || step.at < found.at)) found = step;
  };
  for (const instance of model.ec2?.instances ?? []) {
    offer(instanceStep(model, instance));
    offer(joinStep(model, instance));
  }
  for (const task of model.ecs?.tasks ?? []) {
    const step = taskStep(model, task, now);
    if (step !== undefined) offer({ ...step, task });
  }
  return found;
}

function instanceStep(model: AwsModel, instance: Ec2Instance): Step | undefined {
  const { timing, instances } = ec2Of(model);
  const { id, state, stateAt, interruption } = instance;
  if (state === "pending") {
    const at = stateAt + timing.pendingMs;
    return { at, run: () => begin(model, instance, at) };
  }
  if (state === "running" && interruption !== undefined) {
    const { at } = interruption;
    const code = "Server.SpotInstanceTermination";
    const message = `${code}: Spot instance termination`;
    return { at, run: () => terminateInstance(model, id, at, { code, message }) };
  }
  if (state === "shutting-down") {
    const at = stateAt + timing.shuttingDownMs;
    return { at, run: () => end(model, instance, at) };
  }
  if (state !== "terminated") return undefined;
  return {
    at: stateAt + timing.keptMs,
    run: () => {
      instances.splice(instances.indexOf(instance), 1);
      const hosts = model.ecs?.containerInstances ?? [];
      const index = hosts.findIndex((host) => host.ec2InstanceId === id);
      if (index >= 0) hosts.splice(index, 1);
    },
  };
}

/** Its agent joins the cluster that the user data name, once. */
function joinStep(model: AwsModel, instance: Ec2Instance): Step | undefined {
  const { ecs } = model;
  if (ecs === undefined || instance.state !== "running") return undefined;
  if (ecs.containerInstances.some((host) => host.ec2InstanceId === instance.id)) return undefined;
  const region = regionOfZone(instance.zone);
  const cluster = CLUSTER.exec(userDataOf(model, instance) ?? "")?.[1];
  if (cluster === undefined || !ecs.clusters.some((one) => one.name === cluster && one.region === region))
    return undefined;
  const at = instance.stateAt + ecs.timing.joinMs;
  return { at, run: () => void joinCluster(model, { region, cluster, instance: instance.id, at }) };
}

function begin(model: AwsModel, instance: Ec2Instance, at: number): void {
  enter(model, instance, "running", at);
  const member = groupOfInstance(model, instance.id)?.instances.find((one) => one.id === instance.id);
  if (member !== undefined) member.lifecycle = "InService";
}

function end(model: AwsModel, instance: Ec2Instance, at: number): void {
  enter(model, instance, "terminated", at);
  const members = groupOfInstance(model, instance.id)?.instances ?? [];
  const index = members.findIndex((one) => one.id === instance.id);
  if (index >= 0) members.splice(index, 1);
}

function userDataOf(model: AwsModel, { launchTemplate }: Ec2Instance): string | undefined {
  const template = ec2Of(model).launchTemplates.find((one) => one.id === launchTemplate?.id);
  if (template === undefined || launchTemplate === undefined) return undefined;
  return templateVersion(template, String(launchTemplate.version))?.userData;
}

function enter(model: AwsModel, instance: Ec2Instance, state: InstanceState, at: number): void {
  instance.state = state;
  instance.stateAt = at;
  model.onHappening?.({ kind: "instance", at, id: instance.id, state });
}
