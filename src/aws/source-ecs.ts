import type { ContainerInstance, ECSClient, Failure, Task } from "@aws-sdk/client-ecs";
import {
  CloudError,
  type CloudPlace,
  type CoreSource,
  type DiscoverySettings,
  type FoundCore,
  type FoundState,
} from "../domain/index.ts";
import { AwsClients, type AwsOverrides } from "./clients.ts";
import { toCloudError } from "./errors.ts";
import { addressOf, type InstanceReader, stateOfInstance } from "./instances.ts";

/** Tasks and container instances that one call describes. */
const AT_ONCE = 100;
/** Ten thousand tasks of one service. */
const MAX_PAGES = 100;
/** A task whose containers do not run any more. */
const OVER: ReadonlySet<string> = new Set(["DEPROVISIONING", "STOPPED", "DELETED"]);

type Ecs = DiscoverySettings & { readonly from: "ecs" };

/** Cores are the tasks of an ECS service; where each listens, its own network bindings say. */
export function ecsSource(instances: InstanceReader, overrides: AwsOverrides): CoreSource {
  const clients = new AwsClients<ECSClient>(overrides, async (config) => {
    const { ECSClient } = await import("@aws-sdk/client-ecs");
    return new ECSClient(config);
  });
  return async ({ id, place, discover, addressing }, signal) => {
    if (discover.from !== "ecs") throw new Error(`${id} is not found by ECS`);
    const reader = new Reader(await clients.for(place), discover, place, signal);
    const tasks = (await reader.tasks()).filter(({ lastStatus }) => !OVER.has(lastStatus ?? ""));
    const holders = await reader.holders(tasks.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []));
    const ids = [...holders.values()].flatMap(({ ec2InstanceId }) => ec2InstanceId ?? []);
    const hosts = ids.length === 0 ? new Map() : await instances.byIds(ids, place, signal);

    return tasks.flatMap((task): FoundCore[] => {
      const { taskArn, containerInstanceArn: arn } = task;
      const state = stateOf(task);
      const port = portOf(task, discover);
      // It was not given a port yet: there is nothing to ask.
      if (port === undefined && state !== "serving") return [];
      const name = taskArn?.split("/").at(-1) ?? "";
      const holder = arn === undefined ? undefined : holders.get(arn);
      const host = holder?.ec2InstanceId === undefined ? undefined : hosts.get(holder.ec2InstanceId);
      if (holder === undefined || host === undefined) {
        if (state === "draining") return [];
        throw new CloudError(
          "failed",
          `ECS task ${name} runs on an instance that is not known: it was read incompletely`,
        );
      }
      if (taskArn === undefined || port === undefined) throw new CloudError("failed", noPort(name, discover));
      const address = addressOf(host, addressing.address);
      if (address === undefined) return [];
      const isDraining = holder.status === "DRAINING" || holder.status === "DEREGISTERING";
      return [
        {
          key: taskArn,
          instance: host.id,
          zone: host.zone === "" ? (task.availabilityZone ?? null) : host.zone,
          host: address,
          port,
          state: isDraining ? "draining" : (stateOfInstance(host) ?? state),
          detail: isDraining ? "its container instance is draining" : detailOf(task),
          startedAt: task.startedAt?.getTime() ?? null,
        },
      ];
    });
  };
}

/** The calls of one look; each reads all of it or throws. */
class Reader {
  readonly #client: ECSClient;
  readonly #ecs: Ecs;
  readonly #place: CloudPlace;
  readonly #signal: AbortSignal;

  constructor(client: ECSClient, ecs: Ecs, place: CloudPlace, signal: AbortSignal) {
    this.#client = client;
    this.#ecs = ecs;
    this.#place = place;
    this.#signal = signal;
  }

  /** Tasks that are to run, and those that are on their way out. */
  async tasks(): Promise<Task[]> {
    const arns = new Set([...(await this.#list("RUNNING")), ...(await this.#list("STOPPED"))]);
    const { DescribeTasksCommand } = await import("@aws-sdk/client-ecs");
    const found: Task[] = [];
    for (const tasks of chunks([...arns])) {
      const command = new DescribeTasksCommand({ cluster: this.#ecs.cluster, tasks });
      const answer = await this.#call("DescribeTasks", () => this.#client.send(command, { abortSignal: this.#signal }));
      complete(tasks, answer.tasks, answer.failures, "task");
      found.push(...(answer.tasks ?? []));
    }
    return found;
  }

  /** Container instances by ARN. */
  async holders(arns: readonly string[]): Promise<ReadonlyMap<string, ContainerInstance>> {
    const { DescribeContainerInstancesCommand } = await import("@aws-sdk/client-ecs");
    const found = new Map<string, ContainerInstance>();
    for (const containerInstances of chunks([...new Set(arns)])) {
      const command = new DescribeContainerInstancesCommand({ cluster: this.#ecs.cluster, containerInstances });
      const answer = await this.#call("DescribeContainerInstances", () =>
        this.#client.send(command, { abortSignal: this.#signal }),
      );
      complete(containerInstances, answer.containerInstances, answer.failures, "container instance");
      for (const one of answer.containerInstances ?? []) found.set(one.containerInstanceArn ?? "", one);
    }
    return found;
  }

  async #list(desiredStatus: "RUNNING" | "STOPPED"): Promise<string[]> {
    const { ListTasksCommand } = await import("@aws-sdk/client-ecs");
    const { cluster, service } = this.#ecs;
    const found: string[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const next = token === undefined ? {} : { nextToken: token };
      const command = new ListTasksCommand({ cluster, serviceName: service, desiredStatus, ...next });
      const answer = await this.#call("ListTasks", () => this.#client.send(command, { abortSignal: this.#signal }));
      found.push(...(answer.taskArns ?? []));
      token = answer.nextToken;
      if (token === undefined || token === "") return found;
    }
    throw new CloudError("failed", `AWS listed the tasks of ECS service ${service} without end`);
  }

  async #call<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const subject = `ECS service ${this.#ecs.service}`;
      const asked = { permission: `ecs:${operation}`, subject, region: this.#place.region, signal: this.#signal };
      throw toCloudError(error, asked);
    }
  }
}

/** What was asked for is answered, or it is gone by now. @throws CloudError */
function complete(
  asked: readonly string[],
  found: readonly unknown[] | undefined,
  failures: readonly Failure[] | undefined,
  what: string,
): void {
  const other = failures?.find(({ reason }) => reason !== "MISSING");
  if (other !== undefined)
    throw new CloudError(
      "failed",
      `ECS did not describe a ${what}: ${(other.reason ?? "no reason given").slice(0, 100)}`,
    );
  const answered = (found?.length ?? 0) + (failures?.length ?? 0);
  if (answered < asked.length)
    throw new CloudError("failed", `ECS described ${answered} of ${asked.length} ${what}s: it was read incompletely`);
}

function stateOf({ lastStatus, desiredStatus }: Task): FoundState {
  if (desiredStatus === "STOPPED") return "draining";
  return lastStatus === "RUNNING" ? "serving" : "starting";
}

function detailOf({ lastStatus, stoppedReason }: Task): string {
  return stoppedReason === undefined || stoppedReason === ""
    ? `task is ${lastStatus ?? ""}`
    : stoppedReason.slice(0, 200);
}

function portOf({ containers = [] }: Task, { container, containerPort }: Ecs): number | undefined {
  return containers
    .filter(({ name }) => container === undefined || name === container)
    .flatMap(({ networkBindings = [] }) => networkBindings)
    .find((one) => one.protocol !== "udp" && (containerPort === undefined || one.containerPort === containerPort))
    ?.hostPort;
}

function noPort(task: string, { container, containerPort }: Ecs): string {
  const of = container === undefined ? "" : ` of container ${container}`;
  const what = containerPort === undefined ? "" : ` for port ${containerPort}`;
  return `ECS task ${task} has no host port${what}${of}: cores are found in the network modes bridge and host`;
}

function* chunks(all: readonly string[]): Generator<string[]> {
  for (let from = 0; from < all.length; from += AT_ONCE) yield all.slice(from, from + AT_ONCE);
}
