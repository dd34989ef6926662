import type { ContainerInstance, Task } from "@aws-sdk/client-ecs";
import { CloudError, type EcsTask } from "../domain/index.ts";
import { everyPage, send } from "./alarm-clients.ts";
import type { InstanceReader } from "./audit-ec2.ts";
import type { EcsAsked } from "./audit-ecs.ts";
import { inParts, told } from "./audit-reach.ts";

/** Tasks and container instances that one request describes, and that one page lists. */
const AT_ONCE = 100;
/** Where a container instance says in which zone it is. */
const ZONE_ATTRIBUTE = "ecs.availability-zone";

/** Every task of a service that has not stopped, also those on their way out. @throws CloudError */
export async function readTasks(asked: EcsAsked, service: string, instances: InstanceReader): Promise<EcsTask[]> {
  const listed = await Promise.all([listTasks(asked, service, "RUNNING"), listTasks(asked, service, "STOPPED")]);
  const arns = [...new Set(listed.flat())];
  const described = await Promise.all(inParts(arns, AT_ONCE).map((some) => describeTasks(asked, some)));
  const tasks = described.flat().filter(({ lastStatus }) => lastStatus !== "STOPPED");
  const hosts = [...new Set(tasks.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []))];
  const found = await Promise.all(inParts(hosts, AT_ONCE).map((some) => describeHosts(asked, some)));
  const byArn = new Map(found.flat().map((host) => [host.containerInstanceArn ?? "", host]));
  const facts = tasks.map((task) => taskFacts(task, byArn.get(task.containerInstanceArn ?? "")));
  const lost = facts.flatMap(({ zone, instance }) => (zone === undefined && instance !== undefined ? [instance] : []));
  if (lost.length === 0) return facts;
  const zones = new Map((await instances.instances(lost, asked.place)).map(({ id, zone }) => [id, zone]));
  return facts.map((task) => ({ ...task, zone: task.zone ?? zones.get(task.instance ?? "") }));
}

async function listTasks(
  { clients, place, call, cluster }: EcsAsked,
  serviceName: string,
  desiredStatus: "RUNNING" | "STOPPED",
): Promise<string[]> {
  const { ListTasksCommand } = await import("@aws-sdk/client-ecs");
  const subject = `tasks of service ${serviceName}`;
  return everyPage({ place, call, operation: "ecs:ListTasks", subject }, async (token) => {
    const client = await clients.for(place);
    const command = new ListTasksCommand({
      cluster,
      serviceName,
      desiredStatus,
      maxResults: AT_ONCE,
      ...(token === undefined ? {} : { nextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return { items: answer.taskArns, next: answer.nextToken };
  });
}

async function describeTasks({ clients, place, call, cluster }: EcsAsked, tasks: string[]): Promise<Task[]> {
  const { DescribeTasksCommand } = await import("@aws-sdk/client-ecs");
  const operation = "ecs:DescribeTasks";
  return send({ place, call, operation, subject: `tasks of cluster ${cluster}` }, async () => {
    const client = await clients.for(place);
    const answer = await client.send(new DescribeTasksCommand({ cluster, tasks }), { abortSignal: call.signal });
    refuseFailures(operation, answer.failures);
    return told(answer.tasks, operation, "tasks");
  });
}

async function describeHosts(
  { clients, place, call, cluster }: EcsAsked,
  containerInstances: string[],
): Promise<ContainerInstance[]> {
  const { DescribeContainerInstancesCommand } = await import("@aws-sdk/client-ecs");
  const operation = "ecs:DescribeContainerInstances";
  return send({ place, call, operation, subject: `container instances of cluster ${cluster}` }, async () => {
    const client = await clients.for(place);
    const command = new DescribeContainerInstancesCommand({ cluster, containerInstances });
    const answer = await client.send(command, { abortSignal: call.signal });
    refuseFailures(operation, answer.failures);
    return told(answer.containerInstances, operation, "container instances");
  });
}

/** What is gone since it was listed is no failure; all else means that a part of the answer is not there. @throws CloudError */
export function refuseFailures(
  operation: string,
  failures: readonly { readonly reason?: string | undefined; readonly arn?: string | undefined }[] | undefined,
): void {
  const other = failures?.find(({ reason }) => reason !== "MISSING");
  if (other !== undefined)
    throw new CloudError(
      "failed",
      `AWS left ${other.arn ?? "one"} out of ${operation} (${other.reason ?? "without a reason"})`,
    );
}

function taskFacts(task: Task, host: ContainerInstance | undefined): EcsTask {
  const attribute = host?.attributes?.find(({ name }) => name === ZONE_ATTRIBUTE)?.value;
  return {
    arn: told(task.taskArn, "ecs:DescribeTasks", "ARN of a task"),
    status: task.lastStatus ?? "",
    desiredStatus: task.desiredStatus ?? "",
    instance: host?.ec2InstanceId,
    zone: task.availabilityZone ?? attribute,
    instanceStatus: host?.status,
    bindings: (task.containers ?? []).flatMap(({ name = "", networkBindings = [] }) =>
      networkBindings.flatMap(({ containerPort, hostPort }) =>
        containerPort === undefined || hostPort === undefined ? [] : [{ container: name, containerPort, hostPort }],
      ),
    ),
    startedAt: task.startedAt?.getTime(),
  };
}
