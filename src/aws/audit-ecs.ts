import type { ECSClient, Service, TaskDefinition } from "@aws-sdk/client-ecs";
import { CloudError, type AuditCloud, type CloudCall, type CloudPlace, type EcsServiceFacts } from "../domain/index.ts";
import { send } from "./alarm-clients.ts";
import { providerReader } from "./audit-ecs-capacity.ts";
import { readTasks } from "./audit-ecs-tasks.ts";
import type { InstanceReader } from "./audit-ec2.ts";
import { Memo, told, type AuditReach } from "./audit-reach.ts";
import type { AwsClients } from "./clients.ts";

/** One cluster of ECS that is asked. */
export interface EcsAsked {
  readonly clients: AwsClients<ECSClient>;
  readonly place: CloudPlace;
  readonly call: CloudCall;
  readonly cluster: string;
}

/** What ECS does where a service says nothing of it. */
const DEFAULT_PERCENTS = { minimum: 100, maximum: 200 } as const;

/**
 * Reads ECS services, each once. One service of up to 100 tasks is one DescribeServices, two ListTasks (wanted tasks, and
 * those on their way out), and where there are tasks one DescribeTasks and one DescribeContainerInstances. Task definitions,
 * capacity providers (one request each) and their groups (a DescribeAutoScalingGroups and a DescribeLaunchTemplateVersions)
 * are read once, however many services use them.
 */
export function ecsReader(reach: AuditReach, instances: InstanceReader): Pick<AuditCloud, "ecsService"> {
  const clients = reach.clients(async (config) => {
    const { ECSClient } = await import("@aws-sdk/client-ecs");
    return new ECSClient(config);
  });
  const services = new Memo<EcsServiceFacts>();
  const definitions = new Memo<EcsServiceFacts["taskDefinition"]>();
  const providers = providerReader(reach, clients);

  const read = async (cluster: string, name: string, place: CloudPlace): Promise<EcsServiceFacts> => {
    const asked: EcsAsked = { clients, place, call: reach.callTo(place), cluster };
    const service = await readService(asked, name);
    const arn = told(service.taskDefinition, "ecs:DescribeServices", `task definition of service ${name}`);
    const strategy = (service.capacityProviderStrategy ?? []).flatMap(({ capacityProvider }) => capacityProvider ?? []);
    const [taskDefinition, tasks, capacityProviders] = await Promise.all([
      definitions.ask(place, arn, () => readDefinition(asked, arn)),
      readTasks(asked, name, instances),
      providers.read(place, cluster, strategy),
    ]);
    return { ...serviceFacts(service, cluster, name), capacityProviders, taskDefinition, tasks };
  };
  return {
    ecsService: (cluster, service, place) =>
      services.ask(place, JSON.stringify([cluster, service]), () => read(cluster, service, place)),
  };
}

async function readService({ clients, place, call, cluster }: EcsAsked, name: string): Promise<Service> {
  const { DescribeServicesCommand } = await import("@aws-sdk/client-ecs");
  const operation = "ecs:DescribeServices";
  const subject = `service ${name} in cluster ${cluster}`;
  const answer = await send({ place, call, operation, subject }, async () => {
    const client = await clients.for(place);
    return client.send(new DescribeServicesCommand({ cluster, services: [name] }), { abortSignal: call.signal });
  });
  const found = told(answer.services, operation, subject)[0];
  // A deleted service is described for a while as inactive.
  if (found !== undefined && found.status !== "INACTIVE") return found;
  const reason = answer.failures?.[0]?.reason;
  if (found === undefined && reason !== "MISSING")
    throw new CloudError("failed", `AWS could not describe ${subject} (${reason ?? "without a reason"})`);
  throw new CloudError(
    "not-found",
    `${place.region === undefined ? "AWS" : `AWS in ${place.region}`} has no ${subject}: check ecs, region and account in fleet.yaml`,
  );
}

async function readDefinition(
  { clients, place, call }: EcsAsked,
  arn: string,
): Promise<EcsServiceFacts["taskDefinition"]> {
  const { DescribeTaskDefinitionCommand } = await import("@aws-sdk/client-ecs");
  const operation = "ecs:DescribeTaskDefinition";
  const subject = `task definition ${arn.split("/").at(-1) ?? arn}`;
  return send({ place, call, operation, subject }, async () => {
    const client = await clients.for(place);
    const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn });
    const { taskDefinition } = await client.send(command, { abortSignal: call.signal });
    const found = told(taskDefinition, operation, subject);
    return {
      arn,
      containers: told(found.containerDefinitions, operation, `containers of ${subject}`).map(containerFacts),
    };
  });
}

function containerFacts(container: NonNullable<TaskDefinition["containerDefinitions"]>[number]) {
  const { name = "", portMappings = [], stopTimeout, logConfiguration: logs } = container;
  return {
    name,
    ports: portMappings.map(({ containerPort = 0, hostPort = 0 }) => ({ containerPort, hostPort })),
    stopTimeout,
    logGroup: logs?.logDriver === "awslogs" ? logs.options?.["awslogs-group"] : undefined,
  };
}

function serviceFacts(service: Service, cluster: string, name: string) {
  const { deploymentConfiguration: percents } = service;
  const operation = "ecs:DescribeServices";
  return {
    cluster,
    name,
    desired: told(service.desiredCount, operation, `task counts of service ${name}`),
    running: told(service.runningCount, operation, `task counts of service ${name}`),
    pending: told(service.pendingCount, operation, `task counts of service ${name}`),
    minimumHealthyPercent: percents?.minimumHealthyPercent ?? DEFAULT_PERCENTS.minimum,
    maximumPercent: percents?.maximumPercent ?? DEFAULT_PERCENTS.maximum,
  };
}
