import {
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListContainerInstancesCommand,
  ListServicesCommand,
  ListTasksCommand,
  paginateListTasks,
} from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { moveTask, replaceTask } from "../../src/sandbox/aws-ecs-life.ts";
import { addService, type EcsTaskRecord } from "../../src/sandbox/aws-ecs-model.ts";
import { stopTask } from "../../src/sandbox/aws-ecs-tasks.ts";
import { REGION, shop } from "./compute-account.ts";

const cluster = "shop";

async function started() {
  const made = await shop();
  const { ecs, model } = made;
  const list = async (desiredStatus?: "RUNNING" | "STOPPED") =>
    (await ecs.send(new ListTasksCommand({ cluster, serviceName: "web", ...(desiredStatus && { desiredStatus }) })))
      .taskArns ?? [];
  const describe = async (tasks: string[]) => ecs.send(new DescribeTasksCommand({ cluster, tasks }));
  const task = (index: number): EcsTaskRecord => {
    const found = model.ecs?.tasks[index];
    if (found === undefined) throw new Error(`there is no task ${index}`);
    return found;
  };
  const port = async (arn: string) =>
    (await describe([arn])).tasks?.[0]?.containers?.[0]?.networkBindings?.[0]?.hostPort;
  return { ...made, list, describe, task, port };
}

test("a service is told with its counts, strategy and percentages; one that is missing is a failure", async () => {
  const { ecs, service } = await started();
  const answer = await ecs.send(new DescribeServicesCommand({ cluster, services: ["web", "none"] }));
  expect(answer.services?.[0]).toMatchObject({
    serviceArn: service.arn,
    desiredCount: 2,
    runningCount: 2,
    pendingCount: 0,
    capacityProviderStrategy: [{ capacityProvider: "shop-spot", weight: 1 }],
    deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 200 },
    loadBalancers: [{ containerName: "web", containerPort: 8080 }],
  });
  expect(answer.failures).toEqual([{ arn: "arn:aws:ecs:eu-west-1:123456789012:service/shop/none", reason: "MISSING" }]);
  const many = Array.from({ length: 11 }, (_, index) => `s${index}`);
  await expect(ecs.send(new DescribeServicesCommand({ cluster, services: many }))).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  await expect(ecs.send(new DescribeServicesCommand({ cluster: "none", services: ["web"] }))).rejects.toMatchObject({
    name: "ClusterNotFoundException",
  });
});

test("from a task the way leads over its host port and container instance to the EC2 instance", async () => {
  const { ecs, list, describe, first, second } = await started();
  const { tasks = [] } = await describe(await list());
  expect(tasks.map((task) => [task.lastStatus, task.availabilityZone])).toEqual([
    ["RUNNING", "eu-west-1a"],
    ["RUNNING", "eu-west-1b"],
  ]);
  const [binding] = tasks[0]?.containers?.[0]?.networkBindings ?? [];
  expect(binding).toMatchObject({ containerPort: 8080, protocol: "tcp" });
  expect(binding?.hostPort).toBeGreaterThanOrEqual(32_768);
  expect(binding?.hostPort).toBeLessThanOrEqual(60_999);
  const hosts = tasks.map((task) => task.containerInstanceArn ?? "");
  const answer = await ecs.send(new DescribeContainerInstancesCommand({ cluster, containerInstances: hosts }));
  expect(answer.containerInstances?.map((host) => [host.ec2InstanceId, host.status, host.runningTasksCount])).toEqual([
    [first, "ACTIVE", 1],
    [second, "ACTIVE", 1],
  ]);
  const listed = await ecs.send(new ListContainerInstancesCommand({ cluster, status: "DRAINING" }));
  expect(listed.containerInstanceArns).toEqual([]);
});

test("definition, capacity provider and cluster are described", async () => {
  const { ecs, group } = await started();
  const definition = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: "shop:1" }));
  expect(definition.taskDefinition?.containerDefinitions?.[0]).toMatchObject({
    name: "web",
    portMappings: [{ containerPort: 8080, hostPort: 0 }],
    stopTimeout: 60,
    logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "/ecs/shop" } },
  });
  await expect(ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: "shop:2" }))).rejects.toMatchObject({
    name: "ClientException",
  });
  const asked = new DescribeCapacityProvidersCommand({ capacityProviders: ["shop-spot", "none"] });
  const providers = await ecs.send(asked);
  expect(providers.capacityProviders?.[0]?.autoScalingGroupProvider).toMatchObject({
    autoScalingGroupArn: group.arn,
    managedScaling: { status: "ENABLED" },
    managedTerminationProtection: "ENABLED",
  });
  expect(providers.failures?.map((failure) => failure.reason)).toEqual(["MISSING"]);
  const clusters = await ecs.send(new DescribeClustersCommand({ clusters: [cluster] }));
  expect(clusters.clusters?.[0]).toMatchObject({ runningTasksCount: 2, capacityProviders: ["shop-spot"] });
});

test("lists come in pages", async () => {
  const { ecs, model, service, clock } = await started();
  service.desired = 7;
  await clock.advance(10_000);
  const pages: number[] = [];
  for await (const page of paginateListTasks({ client: ecs, pageSize: 3 }, { cluster }))
    pages.push(page.taskArns?.length ?? 0);
  expect(pages).toEqual([3, 3, 1]);
  for (let index = 0; index < 11; index++)
    addService(model, { ...service, name: `more-${index}`, arn: `${service.arn}-${index}`, desired: 0 });
  const listed = await ecs.send(new ListServicesCommand({ cluster }));
  expect(listed.serviceArns).toHaveLength(10);
  expect(listed.nextToken).toBeDefined();
  await expect(ecs.send(new ListTasksCommand({ cluster, maxResults: 101 }))).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  await expect(ecs.send(new ListTasksCommand({ cluster, serviceName: "none" }))).rejects.toMatchObject({
    name: "ServiceNotFoundException",
  });
});

test("a task that is replaced drains and stops, while a new one comes up on another port of the same instance", async () => {
  const { list, describe, task, port, model, clock, first, targets } = await started();
  const old = task(0);
  const oldPort = await port(old.arn);
  const fresh = replaceTask(model, old.arn, clock.now());
  expect(await list()).toEqual([task(1).arn, fresh.arn]);
  expect(await list("STOPPED")).toEqual([old.arn]);
  expect((await describe([old.arn])).tasks?.[0]).toMatchObject({
    lastStatus: "DEACTIVATING",
    desiredStatus: "STOPPED",
  });
  expect(await port(fresh.arn)).toBeUndefined();
  await clock.advance(7_000);
  const { tasks } = await describe([fresh.arn]);
  expect(tasks?.[0]?.lastStatus).toBe("RUNNING");
  expect(await port(fresh.arn)).not.toBe(oldPort);
  const states = () => targets.targets().flatMap((one) => (one.id === first ? [[one.port, one.state]] : []));
  expect(states()).toEqual([
    [oldPort, "draining"],
    [await port(fresh.arn), "healthy"],
  ]);
  await clock.advance(23_000);
  expect((await describe([old.arn])).tasks?.[0]?.lastStatus).toBe("STOPPING");
  await clock.advance(10_000);
  const stopped = (await describe([old.arn])).tasks?.[0];
  expect(stopped).toMatchObject({ lastStatus: "STOPPED", stopCode: "ServiceSchedulerInitiated" });
  expect(stopped?.containers?.[0]?.networkBindings).toEqual([]);
  await clock.advance(3_600_000);
  const gone = await describe([old.arn]);
  expect([gone.tasks, gone.failures]).toEqual([[], [{ arn: old.arn, reason: "MISSING" }]]);
  expect(await list()).toHaveLength(2);
});

test("a task moves to another instance, on a port that somebody chose", async () => {
  const { describe, task, port, model, clock } = await started();
  const to = task(1).containerInstanceArn;
  const fresh = moveTask(model, task(0).arn, { to, at: clock.now(), hostPorts: { 8080: 40_000 } });
  await clock.advance(10_000);
  expect((await describe([fresh.arn])).tasks?.[0]?.containerInstanceArn).toBe(to);
  expect(await port(fresh.arn)).toBe(40_000);
});

test("the scheduler replaces a task that was stopped, unless there is no room", async () => {
  const { list, task, model, clock, service, ecs } = await started();
  stopTask(model, task(0).arn, clock.now());
  await clock.advance(7_000);
  expect(await list()).toHaveLength(2);
  service.placing = false;
  stopTask(model, task(1).arn, clock.now());
  await clock.advance(60_000);
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: ["web"] }));
  expect(services?.[0]).toMatchObject({ desiredCount: 2, runningCount: 1 });
});

test("troubles are told as ECS tells them", async () => {
  const { ecs, aws } = await started();
  const ask = () => ecs.send(new ListTasksCommand({ cluster }));
  aws.setTroubles([{ kind: "throttle", service: "ecs" }]);
  await expect(ask()).rejects.toMatchObject({ name: "ThrottlingException" });
  aws.setTroubles([{ kind: "deny", service: "ecs", action: "ListTasks" }]);
  await expect(ask()).rejects.toMatchObject({
    name: "AccessDeniedException",
    message: expect.stringContaining("ecs:ListTasks"),
  });
  aws.setTroubles([{ kind: "error", service: "ecs" }]);
  await expect(ask()).rejects.toMatchObject({ name: "ServerException" });
  aws.setTroubles([{ kind: "cut", service: "ecs" }]);
  await expect(ask()).rejects.toBeInstanceOf(Error);
  aws.setTroubles([{ kind: "down", service: "ec2" }]);
  await expect(ask()).resolves.toMatchObject({ taskArns: expect.arrayContaining([expect.stringContaining(REGION)]) });
});
