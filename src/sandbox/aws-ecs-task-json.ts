import type { EcsCluster, EcsModel, EcsTaskDefinition, EcsTaskRecord } from "./aws-ecs-model.ts";
import type { Json } from "./aws-json.ts";
import type { AwsModel } from "./aws-model.ts";

/** A task; where its containers listen is told from when they run until they are stopped. */
export function taskJson(model: AwsModel, ecs: EcsModel, cluster: EcsCluster, task: EcsTaskRecord): Json {
  const { arn, status, startedAt, stoppedAt, statusAt } = task;
  const definition = ecs.taskDefinitions.find((one) => one.arn === task.taskDefinitionArn);
  const instance = ecs.containerInstances.find((one) => one.arn === task.containerInstanceArn)?.ec2InstanceId;
  const isBound = startedAt !== undefined && status !== "STOPPED";
  const containerStatus = status === "PENDING" || status === "STOPPED" ? status : "RUNNING";
  return {
    taskArn: arn,
    clusterArn: cluster.arn,
    taskDefinitionArn: task.taskDefinitionArn,
    containerInstanceArn: task.containerInstanceArn,
    availabilityZone: model.ec2?.instances.find((one) => one.id === instance)?.zone,
    group: `service:${task.service}`,
    lastStatus: status,
    desiredStatus: task.desiredStatus,
    launchType: "EC2",
    connectivity: "CONNECTED",
    createdAt: task.createdAt / 1000,
    startedAt: startedAt === undefined ? undefined : startedAt / 1000,
    stoppingAt: status === "STOPPING" ? statusAt / 1000 : undefined,
    stoppedAt: stoppedAt === undefined ? undefined : stoppedAt / 1000,
    stopCode: task.stopCode,
    stoppedReason: task.stoppedReason,
    containers: (definition?.containers ?? []).map(({ name, image }) => ({
      containerArn: `${arn.replace(":task/", ":container/")}/${name}`,
      taskArn: arn,
      name,
      image,
      lastStatus: containerStatus,
      networkBindings: isBound
        ? task.bindings
            .filter(({ container }) => container === name)
            .map(({ containerPort, hostPort }) => ({ bindIP: "0.0.0.0", containerPort, hostPort, protocol: "tcp" }))
        : [],
      networkInterfaces: [],
      healthStatus: "UNKNOWN",
    })),
    attachments: [],
    attributes: [],
    overrides: { containerOverrides: [], inferenceAcceleratorOverrides: [] },
    tags: [],
    version: 1,
    healthStatus: "UNKNOWN",
  };
}

/** A task definition, all its containers with the awslogs driver where they have a log group. */
export function definitionJson(definition: EcsTaskDefinition): Json {
  const { arn, family, revision, region } = definition;
  return {
    taskDefinitionArn: arn,
    family,
    revision,
    status: "ACTIVE",
    networkMode: "bridge",
    requiresCompatibilities: ["EC2"],
    compatibilities: ["EC2"],
    volumes: [],
    placementConstraints: [],
    containerDefinitions: definition.containers.map(({ name, image, ports, stopTimeout, logGroup }) => ({
      name,
      image,
      cpu: 0,
      memory: 512,
      essential: true,
      portMappings: ports.map(({ containerPort, hostPort }) => ({ containerPort, hostPort, protocol: "tcp" })),
      environment: [],
      mountPoints: [],
      volumesFrom: [],
      stopTimeout,
      logConfiguration:
        logGroup === undefined
          ? undefined
          : {
              logDriver: "awslogs",
              options: { "awslogs-group": logGroup, "awslogs-region": region, "awslogs-stream-prefix": name },
            },
    })),
  };
}
