import {
  tasksOfService,
  type EcsCapacityProvider,
  type EcsCluster,
  type EcsContainerInstance,
  type EcsModel,
  type EcsService,
  type EcsTaskRecord,
} from "./aws-ecs-model.ts";
import type { Json } from "./aws-json.ts";
import type { AwsModel } from "./aws-model.ts";

export function clusterJson(ecs: EcsModel, { arn, name, region, capacityProviders }: EcsCluster): Json {
  const isHere = (one: { readonly cluster: string; readonly region: string }): boolean =>
    one.cluster === name && one.region === region;
  const tasks = ecs.tasks.filter(isHere);
  const hosts = ecs.containerInstances.filter((one) => isHere(one) && one.status !== "INACTIVE");
  return {
    clusterArn: arn,
    clusterName: name,
    status: "ACTIVE",
    registeredContainerInstancesCount: hosts.length,
    runningTasksCount: running(tasks),
    pendingTasksCount: pending(tasks),
    activeServicesCount: ecs.services.filter(isHere).length,
    statistics: [],
    tags: [],
    settings: [],
    capacityProviders,
    defaultCapacityProviderStrategy: capacityProviders.map(strategy),
  };
}

export function serviceJson(ecs: EcsModel, cluster: EcsCluster, service: EcsService): Json {
  const tasks = tasksOfService(ecs, service);
  const { arn, name, desired, capacityProviders, taskDefinitionArn, createdAt } = service;
  const counts = { desiredCount: desired, runningCount: running(tasks), pendingCount: pending(tasks) };
  const launched: { readonly [name: string]: Json } =
    capacityProviders.length === 0
      ? { launchType: "EC2" }
      : { capacityProviderStrategy: capacityProviders.map(strategy) };
  return {
    serviceArn: arn,
    serviceName: name,
    clusterArn: cluster.arn,
    status: "ACTIVE",
    ...counts,
    ...launched,
    taskDefinition: taskDefinitionArn,
    loadBalancers: service.targetGroups.map(({ arn, container, containerPort }) => ({
      targetGroupArn: arn,
      containerName: container,
      containerPort,
    })),
    serviceRegistries: [],
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: false, rollback: false },
      maximumPercent: service.maximumPercent,
      minimumHealthyPercent: service.minimumHealthyPercent,
    },
    deployments: [
      {
        id: `ecs-svc/${arn.length}${createdAt}`,
        status: "PRIMARY",
        taskDefinition: taskDefinitionArn,
        ...counts,
        failedTasks: 0,
        ...launched,
        createdAt: createdAt / 1000,
        updatedAt: createdAt / 1000,
        rolloutState: counts.runningCount === desired ? "COMPLETED" : "IN_PROGRESS",
      },
    ],
    events: [],
    createdAt: createdAt / 1000,
    placementConstraints: [],
    placementStrategy: [],
    schedulingStrategy: "REPLICA",
    enableECSManagedTags: false,
    propagateTags: "NONE",
  };
}

export function containerInstanceJson(model: AwsModel, ecs: EcsModel, host: EcsContainerInstance): Json {
  const tasks = ecs.tasks.filter((task) => task.containerInstanceArn === host.arn);
  const instance = model.ec2?.instances.find((one) => one.id === host.ec2InstanceId);
  return {
    containerInstanceArn: host.arn,
    ec2InstanceId: host.ec2InstanceId,
    status: host.status,
    agentConnected: host.status !== "INACTIVE",
    runningTasksCount: running(tasks),
    pendingTasksCount: pending(tasks),
    version: 1,
    versionInfo: { agentVersion: "1.100.0", dockerVersion: "DockerVersion: 25.0.8" },
    remainingResources: [],
    registeredResources: [],
    attributes:
      instance === undefined
        ? []
        : [
            { name: "ecs.availability-zone", value: instance.zone },
            { name: "ecs.instance-type", value: instance.type },
          ],
    registeredAt: host.registeredAt / 1000,
    attachments: [],
    tags: [],
  };
}

export function capacityProviderJson(provider: EcsCapacityProvider): Json {
  const { arn, name, autoScalingGroupArn, managedScaling, managedTerminationProtection } = provider;
  const word = (isOn: boolean): string => (isOn ? "ENABLED" : "DISABLED");
  return {
    capacityProviderArn: arn,
    name,
    status: "ACTIVE",
    autoScalingGroupProvider: {
      autoScalingGroupArn,
      managedScaling: { status: word(managedScaling), targetCapacity: 100 },
      managedTerminationProtection: word(managedTerminationProtection),
      managedDraining: "ENABLED",
    },
    tags: [],
  };
}

function strategy(name: string): Json {
  return { capacityProvider: name, weight: 1, base: 0 };
}

function running(tasks: readonly EcsTaskRecord[]): number {
  return tasks.filter(({ status }) => status === "RUNNING").length;
}

function pending(tasks: readonly EcsTaskRecord[]): number {
  return tasks.filter(({ status }) => status === "PENDING" || status === "ACTIVATING").length;
}
