import { expect, test } from "vitest";
import { replaceTask } from "../../src/sandbox/aws-ecs-life.ts";
import { shop, USER_DATA } from "../sandbox/compute-account.ts";
import { auditOver, counted, failing, noting, place } from "./audit-account.ts";

async function started() {
  const made = await shop();
  const pacer = noting();
  return { ...made, pacer, cloud: auditOver(made.aws.url, made.clock, pacer) };
}

test("a service comes whole: counts, containers, tasks with host ports and zones, provider, group and user data", async () => {
  const { cloud, first, second, model, pacer } = await started();
  const found = await cloud.ecsService("shop", "web", place);
  expect(found).toMatchObject({
    cluster: "shop",
    name: "web",
    desired: 2,
    running: 2,
    pending: 0,
    minimumHealthyPercent: 50,
    maximumPercent: 200,
    taskDefinition: {
      containers: [
        { name: "web", ports: [{ containerPort: 8080, hostPort: 0 }], stopTimeout: 60, logGroup: "/ecs/shop" },
      ],
    },
    capacityProviders: [
      {
        name: "shop-spot",
        managedScaling: true,
        managedTerminationProtection: true,
        group: {
          name: "shop",
          min: 0,
          max: 4,
          desired: 2,
          zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
          instanceTypes: ["t3.small", "t3a.small"],
          protectedFromScaleIn: true,
          onDemandBase: 0,
          onDemandPercentAboveBase: 20,
          spotAllocation: "price-capacity-optimized",
          capacityRebalance: true,
        },
      },
    ],
  });
  expect(found.capacityProviders[0]?.group?.userData).toContain(USER_DATA);
  expect(found.capacityProviders[0]?.group?.instances).toMatchObject([
    { id: first, type: "t3.small", zone: "eu-west-1a", lifecycle: "InService", protectedFromScaleIn: true },
    { id: second, type: "t3a.small", zone: "eu-west-1b", lifecycle: "InService", protectedFromScaleIn: true },
  ]);
  const tasks = [...found.tasks].sort((a, b) => ((a.zone ?? "") < (b.zone ?? "") ? -1 : 1));
  expect(tasks).toMatchObject([
    { status: "RUNNING", desiredStatus: "RUNNING", instance: first, zone: "eu-west-1a", instanceStatus: "ACTIVE" },
    { status: "RUNNING", desiredStatus: "RUNNING", instance: second, zone: "eu-west-1b", instanceStatus: "ACTIVE" },
  ]);
  const portsOf = (
    all: readonly { readonly arn: string; readonly bindings: readonly { readonly hostPort: number }[] }[],
  ) => new Map(all.map(({ arn, bindings }) => [arn, bindings.map(({ hostPort }) => hostPort)]));
  expect(portsOf(found.tasks)).toEqual(portsOf(model.ecs?.tasks ?? []));
  expect(found.tasks[0]?.bindings[0]).toMatchObject({ container: "web", containerPort: 8080 });
  await cloud.ecsService("shop", "web", place);
  expect(counted(pacer.operations)).toEqual({
    "ecs:DescribeServices": 1,
    "ecs:DescribeTaskDefinition": 1,
    "ecs:ListTasks": 2,
    "ecs:DescribeTasks": 1,
    "ecs:DescribeContainerInstances": 1,
    "ecs:DescribeCapacityProviders": 1,
    "autoscaling:DescribeAutoScalingGroups": 1,
    "ec2:DescribeLaunchTemplateVersions": 1,
  });
});

test("a task that stops is still told while it does, with its successor on another port", async () => {
  const { cloud, model, clock } = await started();
  const old = model.ecs?.tasks[0];
  if (old === undefined) throw new Error("no task");
  const next = replaceTask(model, old.arn, clock.now());
  const { tasks } = await cloud.ecsService("shop", "web", place);
  const byArn = new Map(tasks.map((task) => [task.arn, task]));
  expect(byArn.size).toBe(3);
  expect(byArn.get(old.arn)).toMatchObject({ desiredStatus: "STOPPED" });
  expect(byArn.get(next.arn)).toMatchObject({ desiredStatus: "RUNNING" });
  expect(byArn.get(next.arn)?.bindings).not.toEqual(byArn.get(old.arn)?.bindings);
});

test("a service or cluster that is not there is not-found; a group that is gone is none", async () => {
  const { cloud, model } = await started();
  expect(await failing(cloud.ecsService("shop", "wob", place))).toMatchObject({
    failure: "not-found",
    message: "AWS in eu-west-1 has no service wob in cluster shop: check ecs, region and account in fleet.yaml",
  });
  expect(await failing(cloud.ecsService("shup", "web", place))).toMatchObject({ failure: "not-found" });
  model.autoScaling?.groups.splice(0);
  const { capacityProviders } = await cloud.ecsService("shop", "web", place);
  expect(capacityProviders).toMatchObject([{ name: "shop-spot", group: undefined }]);
});

test("a group without a mixed instances policy has the template's one type, all on demand", async () => {
  const { cloud, group, template } = await started();
  group.mixed = undefined;
  template.versions.push({
    createdAt: 0,
    instanceType: "m5.large",
    userData: undefined,
    securityGroupIds: [],
  });
  const { capacityProviders } = await cloud.ecsService("shop", "web", place);
  expect(capacityProviders[0]?.group).toMatchObject({
    instanceTypes: ["m5.large"],
    onDemandPercentAboveBase: 100,
    userData: undefined,
  });
});
