import { expect, test } from "vitest";
import { launchInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { drainContainerInstance, joinCluster, replaceTask } from "../../src/sandbox/aws-ecs-life.ts";
import { addCluster, addService, addTaskDefinition } from "../../src/sandbox/aws-ecs-model.ts";
import { failing, openAccount, REGION } from "./source-stage.ts";

const ECS = { from: "ecs", cluster: "prod", service: "acme", container: undefined, containerPort: undefined } as const;

async function service(desired: number) {
  const account = await openAccount();
  const { model, clock } = account;
  const region = REGION;
  addCluster(model, { region, name: "prod" });
  const { arn } = addTaskDefinition(model, {
    region,
    family: "acme",
    containers: [
      { name: "sidecar", ports: [{ containerPort: 9_000, hostPort: 0 }] },
      { name: "core", ports: [{ containerPort: 3_567, hostPort: 0 }] },
    ],
  });
  addService(model, { region, cluster: "prod", name: "acme", desired, taskDefinitionArn: arn });
  const at = clock.now();
  for (const [id, zone] of [
    ["i-0a1", "a"],
    ["i-0b2", "b"],
  ] as const) {
    launchInstance(model, {
      id,
      zone: `${region}${zone}`,
      type: "t3.small",
      privateIp: `10.0.1.${zone.charCodeAt(0)}`,
      at,
    });
  }
  await account.clock.advance(1);
  const hosts = ["i-0a1", "i-0b2"].map((instance) => joinCluster(model, { region, cluster: "prod", instance, at }));
  await account.clock.advance(1);
  return { ...account, hosts };
}

const core = { ...ECS, container: "core" };

test("tasks become cores at their own host ports", async () => {
  const { find, model } = await service(2);
  const found = await find(core);
  expect(found).toHaveLength(2);
  for (const task of model.ecs?.tasks ?? []) {
    const hostPort = task.bindings.find(({ container }) => container === "core")?.hostPort;
    expect(found).toContainEqual(expect.objectContaining({ key: task.arn, port: hostPort, state: "serving" }));
  }
  expect(new Set(found.map(({ host }) => host))).toEqual(new Set(["10.0.1.97", "10.0.1.98"]));
  expect((await find({ ...ECS, containerPort: 9_000 })).map(({ port }) => port)).not.toContain(found[0]?.port);
});

test("a task that is replaced is two cores for a while: one that serves and one that drains", async () => {
  const { find, model, clock } = await service(1);
  const [old] = await find(core);
  const next = replaceTask(model, old?.key ?? "", clock.now(), { hostPorts: { 3567: 50_001 } });
  await clock.advance(1);
  const both = await find(core);
  expect(new Map(both.map(({ key, state }) => [key, state]))).toEqual(
    new Map([
      [old?.key, "draining"],
      [next.arn, "serving"],
    ]),
  );
  expect(both.find(({ key }) => key === next.arn)?.port).toBe(50_001);
  expect(both.find(({ key }) => key === old?.key)?.detail).toContain("replaced");
  await clock.advance(4_000);
  expect((await find(core)).map(({ key }) => key)).toEqual([next.arn]);
});

test("tasks on a draining container instance drain", async () => {
  const { find, model, clock, hosts } = await service(2);
  expect(await find(core)).toHaveLength(2);
  drainContainerInstance(model, hosts[0]?.arn ?? "", clock.now());
  const states = (await find(core)).map(({ instance, state }) => `${instance} ${state}`);
  expect(new Set(states)).toEqual(new Set(["i-0a1 draining", "i-0b2 serving"]));
});

test("a service that is not there, and a container without a host port, are said", async () => {
  const { find } = await service(1);
  expect(await failing(find({ ...core, service: "other" }))).toMatchObject({ failure: "not-found" });
  await expect(find({ ...ECS, container: "none" })).rejects.toThrow(/has no host port of container none/);
});

test.each(["ListTasks", "DescribeTasks", "DescribeContainerInstances"])(
  "an answer to %s that breaks off is no empty fleet",
  async (action) => {
    const { find, aws } = await service(1);
    aws.setTroubles([{ kind: "truncate", service: "ecs", action }]);
    expect(await failing(find(core))).toMatchObject({ name: "CloudError", failure: "unreachable" });
  },
);
