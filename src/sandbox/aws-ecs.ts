import type { Clock } from "../domain/index.ts";
import { settleAccount } from "./aws-ec2-life.ts";
import { capacityProviderJson, clusterJson, containerInstanceJson, serviceJson } from "./aws-ecs-cluster-json.ts";
import { emptyEcs, type EcsCluster, type EcsModel } from "./aws-ecs-model.ts";
import { definitionJson, taskJson } from "./aws-ecs-task-json.ts";
import { jsonPage, jsonService, type Input, type Json } from "./aws-json.ts";
import type { AwsModel } from "./aws-model.ts";
import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";

/** The service's own limits: things described at once, and of one page. */
const MAX_SERVICES = 10;
const MAX_DESCRIBED = 100;
const MAX_PAGE = 100;
const SERVICES_PAGE = 10;

/** What the shared door's troubles are called by ECS. */
const OWN_FAULTS: Readonly<Record<string, (fault: AwsFault) => AwsFault>> = {
  Throttling: () => new AwsFault("ThrottlingException", "Rate exceeded"),
  AccessDenied: ({ message }) => new AwsFault("AccessDeniedException", message),
  InternalFailure: () => new AwsFault("ServerException", "An unexpected error occurred.", 500),
  ValidationError: ({ message }) => invalid(message),
  InvalidNextToken: () => invalid("Invalid token."),
};

/** ECS over the model: clusters, services, tasks and what they run on are listed and described. */
export function ecsService(model: AwsModel, clock: Clock): AwsService {
  const ecs = (): EcsModel => {
    settleAccount(model, clock.now());
    return model.ecs ?? emptyEcs();
  };
  const named = (ecs: EcsModel, input: Input, { region }: AwsRequest): EcsCluster => clusterOf(ecs, input, region);

  const service = jsonService({
    scope: "ecs",
    target: "AmazonEC2ContainerServiceV20141113",
    version: "1.1",
    namespace: "com.amazonaws.ecs",
    queryCompatible: false,
    operations: {
      ListClusters: (input, { region }) => {
        const arns = ecs().clusters.flatMap((one) => (one.region === region ? [one.arn] : []));
        return listed("clusterArns", arns, input, MAX_PAGE);
      },

      DescribeClusters: (input, { region }) => {
        const all = ecs();
        const found = all.clusters.filter((one) => one.region === region);
        return described("clusters", input.texts("clusters") ?? ["default"], MAX_DESCRIBED, {
          find: (asked) => found.find(({ arn, name }) => arn === asked || name === asked),
          json: (cluster) => clusterJson(all, cluster),
          arn: (asked) => `arn:aws:ecs:${region}:${model.account}:cluster/${asked}`,
        });
      },

      ListServices: (input, request) => {
        const all = ecs();
        const cluster = named(all, input, request);
        const arns = all.services.flatMap((one) => (isIn(one, cluster) ? [one.arn] : []));
        return listed("serviceArns", arns, input, SERVICES_PAGE);
      },

      DescribeServices: (input, request) => {
        const all = ecs();
        const cluster = named(all, input, request);
        const found = all.services.filter((one) => isIn(one, cluster));
        return described("services", input.texts("services") ?? [], MAX_SERVICES, {
          find: (asked) => found.find(({ arn, name }) => arn === asked || name === asked),
          json: (one) => serviceJson(all, cluster, one),
          arn: (asked) => `${cluster.arn.replace(":cluster/", ":service/")}/${asked}`,
        });
      },

      ListTasks: (input, request) => {
        const all = ecs();
        const cluster = named(all, input, request);
        const wanted = input.text("desiredStatus") ?? "RUNNING";
        const serviceName = input.text("serviceName")?.split("/").at(-1);
        const host = input.text("containerInstance")?.split("/").at(-1);
        const family = input.text("family");
        if (serviceName !== undefined && !all.services.some((one) => isIn(one, cluster) && one.name === serviceName))
          throw new AwsFault("ServiceNotFoundException", "Service not found.");
        const arns = all.tasks.flatMap((task) => {
          if (!isIn(task, cluster) || task.desiredStatus !== wanted) return [];
          if (serviceName !== undefined && task.service !== serviceName) return [];
          if (host !== undefined && task.containerInstanceArn.split("/").at(-1) !== host) return [];
          if (family !== undefined && !task.taskDefinitionArn.includes(`/${family}:`)) return [];
          return [task.arn];
        });
        return listed("taskArns", arns, input, MAX_PAGE);
      },

      DescribeTasks: (input, request) => {
        const all = ecs();
        const cluster = named(all, input, request);
        const found = new Map(
          all.tasks.filter((one) => isIn(one, cluster)).map((one) => [one.arn.split("/").at(-1) ?? "", one]),
        );
        return described("tasks", input.texts("tasks") ?? [], MAX_DESCRIBED, {
          find: (asked) => found.get(asked.split("/").at(-1) ?? ""),
          json: (task) => taskJson(model, all, cluster, task),
          arn: (asked) => `${cluster.arn.replace(":cluster/", ":task/")}/${asked}`,
        });
      },

      ListContainerInstances: (input, request) => {
        const all = ecs();
        const cluster = named(all, input, request);
        const status = input.text("status");
        const arns = all.containerInstances.flatMap((one) =>
          isIn(one, cluster) && one.status !== "INACTIVE" && (status ?? one.status) === one.status ? [one.arn] : [],
        );
        return listed("containerInstanceArns", arns, input, MAX_PAGE);
      },

      DescribeContainerInstances: (input, request) => {
        const all = ecs();
        const cluster = named(all, input, request);
        const found = all.containerInstances.filter((one) => isIn(one, cluster));
        return described("containerInstances", input.texts("containerInstances") ?? [], MAX_DESCRIBED, {
          find: (asked) => found.find(({ arn }) => arn.split("/").at(-1) === asked.split("/").at(-1)),
          json: (one) => containerInstanceJson(model, all, one),
          arn: (asked) => `${cluster.arn.replace(":cluster/", ":container-instance/")}/${asked}`,
        });
      },

      DescribeTaskDefinition: (input, { region }) => {
        const asked = input.required("taskDefinition").split("/").at(-1) ?? "";
        const [family = "", revision] = asked.split(":");
        const found = ecs()
          .taskDefinitions.filter((one) => one.region === region && one.family === family)
          .findLast((one) => revision === undefined || one.revision === Number(revision));
        if (found === undefined) throw new AwsFault("ClientException", "Unable to describe task definition.");
        return { taskDefinition: definitionJson(found), tags: [] };
      },

      DescribeCapacityProviders: (input, { region }) => {
        const found = ecs().capacityProviders.filter((one) => one.region === region);
        const asked = input.texts("capacityProviders");
        if (asked === undefined) {
          const { items, next } = jsonPage(
            found,
            input.text("nextToken"),
            pageSize(input, SERVICES_PAGE, SERVICES_PAGE),
          );
          return { capacityProviders: items.map(capacityProviderJson), failures: [], nextToken: next };
        }
        return described("capacityProviders", asked, MAX_DESCRIBED, {
          find: (name) => found.find((one) => one.name === name || one.arn === name),
          json: capacityProviderJson,
          arn: (name) => `arn:aws:ecs:${region}:${model.account}:capacity-provider/${name}`,
        });
      },
    },
  });
  return { ...service, fault: (fault) => service.fault(OWN_FAULTS[fault.code]?.(fault) ?? fault) };
}

function clusterOf(ecs: EcsModel, input: Input, region: string): EcsCluster {
  const asked = input.text("cluster") ?? "default";
  const found = ecs.clusters.find((one) => one.region === region && (one.arn === asked || one.name === asked));
  if (found === undefined) throw new AwsFault("ClusterNotFoundException", "Cluster not found.");
  return found;
}

function isIn(one: { readonly cluster: string; readonly region: string }, cluster: EcsCluster): boolean {
  return one.cluster === cluster.name && one.region === cluster.region;
}

/** One page of ARNs; `usual`: how many without `maxResults`. */
function listed(key: string, arns: readonly string[], input: Input, usual: number): Json {
  const { items, next } = jsonPage(arns, input.text("nextToken"), pageSize(input, usual, MAX_PAGE));
  return { [key]: items, nextToken: next };
}

function pageSize(input: Input, usual: number, most: number): number {
  const size = input.number("maxResults") ?? usual;
  if (!Number.isInteger(size) || size < 1 || size > most) throw invalid(`maxResults must be between 1 and ${most}`);
  return size;
}

/** What is there, and a failure for each thing that is not. */
function described<T>(
  key: string,
  asked: readonly string[],
  most: number,
  how: {
    readonly find: (asked: string) => T | undefined;
    readonly json: (found: T) => Json;
    readonly arn: (asked: string) => string;
  },
): Json {
  if (asked.length === 0) throw invalid(`${key} cannot be empty.`);
  if (asked.length > most) throw invalid(`${key} can have at most ${most} items.`);
  const failures: Json[] = [];
  const found = asked.flatMap((one) => {
    const held = how.find(one);
    if (held !== undefined) return [how.json(held)];
    failures.push({ arn: one.startsWith("arn:") ? one : how.arn(one), reason: "MISSING" });
    return [];
  });
  return { [key]: found, failures };
}

function invalid(message: string): AwsFault {
  return new AwsFault("InvalidParameterException", message);
}
