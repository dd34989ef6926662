import { DescribeContainerInstancesCommand } from "@aws-sdk/client-ecs";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { DescribeTargetHealthCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { expect, test } from "vitest";
import { interruptSpot, launchInstance, recommendRebalance, settleAccount } from "../../src/sandbox/aws-ec2-life.ts";
import {
  eventQueuePolicy,
  instanceStateChange,
  rebalanceNotice,
  sendNotice,
  spotInterruptionNotice,
} from "../../src/sandbox/aws-ec2-notices.ts";
import { drainContainerInstance } from "../../src/sandbox/aws-ecs-life.ts";
import { tasksOfService } from "../../src/sandbox/aws-ecs-model.ts";
import { createQueues } from "../../src/sandbox/aws-sqs.ts";
import { ACCOUNT, REGION, shop, USER_DATA } from "./compute-account.ts";

async function story(options: { readonly userData?: string } = {}) {
  const made = await shop(options);
  const { ec2, ecs, elb, model, balancer, service } = made;
  const look = async (instance: string) => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
    const host = model.ecs?.containerInstances.find((one) => one.ec2InstanceId === instance)?.arn ?? "";
    const hosts = await ecs.send(
      new DescribeContainerInstancesCommand({ cluster: "shop", containerInstances: [host] }),
    );
    const group = new DescribeTargetHealthCommand({ TargetGroupArn: balancer.targetGroups[0]?.arn });
    const { TargetHealthDescriptions = [] } = await elb.send(group);
    return {
      instance: Reservations?.[0]?.Instances?.[0]?.State?.Name,
      host: hosts.containerInstances?.[0]?.status,
      targets: TargetHealthDescriptions.filter(({ Target }) => Target?.Id === instance).map(
        ({ TargetHealth }) => TargetHealth?.State,
      ),
    };
  };
  const placed = () => {
    if (model.ecs === undefined) throw new Error("there is no ECS");
    const hosts = model.ecs.containerInstances;
    return tasksOfService(model.ecs, service)
      .filter((task) => task.desiredStatus === "RUNNING")
      .map((task) => hosts.find((host) => host.arn === task.containerInstanceArn)?.ec2InstanceId);
  };
  return { ...made, look, placed };
}

test("a spot interruption drains first, takes the instance after two minutes, and the service goes on elsewhere", async () => {
  const { model, clock, look, placed, first, second } = await story();
  expect(await look(first)).toEqual({ instance: "running", host: "ACTIVE", targets: ["healthy"] });
  interruptSpot(model, first, clock.now());
  expect(await look(first)).toEqual({ instance: "running", host: "DRAINING", targets: ["draining"] });
  expect(placed()).toEqual([second, second]);
  await clock.advance(119_999);
  expect((await look(first)).instance).toBe("running");
  await clock.advance(1);
  expect(await look(first)).toEqual({ instance: "shutting-down", host: "INACTIVE", targets: [] });
  await clock.advance(30_000);
  expect((await look(first)).instance).toBe("terminated");
  expect((await look(second)).targets).toEqual(["healthy", "healthy"]);
});

test("without the agent's switch nothing drains, and the tasks are cut off with the instance", async () => {
  const { model, clock, look, placed, first, second, happened } = await story({ userData: USER_DATA });
  interruptSpot(model, first, clock.now());
  await clock.advance(119_000);
  expect(await look(first)).toEqual({ instance: "running", host: "ACTIVE", targets: ["healthy"] });
  expect(placed()).toEqual([first, second]);
  await clock.advance(1_000);
  expect(await look(first)).toMatchObject({ instance: "shutting-down", targets: ["draining"] });
  const stopped = model.ecs?.tasks.find((task) => task.status === "STOPPED");
  expect(stopped).toMatchObject({ stoppedReason: `Host EC2 (instance ${first}) terminated.`, stoppedAt: clock.now() });
  expect(placed()).toEqual([second, second]);
  expect(happened.map((one) => ("status" in one ? one.status : one.state))).toEqual([
    "shutting-down",
    "INACTIVE",
    "STOPPED",
    "PENDING",
  ]);
});

test("what minimum healthy percent keeps runs on while the instance drains, until there is another", async () => {
  const { model, clock, service, placed, first, second } = await story();
  service.minimumHealthyPercent = 100;
  service.maximumPercent = 100;
  const host = model.ecs?.containerInstances.find((one) => one.ec2InstanceId === first)?.arn ?? "";
  drainContainerInstance(model, host, clock.now());
  await clock.advance(60_000);
  settleAccount(model, clock.now());
  expect(placed()).toEqual([first, second]);
  service.maximumPercent = 200;
  settleAccount(model, clock.now());
  expect(placed()).toEqual([first, second, second]);
  await clock.advance(10_000);
  settleAccount(model, clock.now());
  expect(placed()).toEqual([second, second]);
});

test("an instance that the group launches joins the cluster by its user data, and takes tasks", async () => {
  const { model, clock, look, service, placed } = await story();
  const plan = { zone: "eu-west-1c", type: "t3.small", privateIp: "10.0.2.7", spot: true, group: "shop" };
  const { id } = launchInstance(model, { ...plan, at: clock.now() });
  expect(() => launchInstance(model, { ...plan, group: "none", at: clock.now() })).toThrow(/no Auto Scaling group/);
  await clock.advance(34_999);
  expect(await look(id)).toMatchObject({ instance: "running", host: undefined });
  await clock.advance(1);
  expect(await look(id)).toMatchObject({ host: "ACTIVE" });
  service.desired = 3;
  settleAccount(model, clock.now());
  expect(placed()[2]).toBe(id);
});

test("things happen by themselves once the services are started, in the order of time", async () => {
  const { model, clock, compute, first, happened } = await story();
  compute.start();
  interruptSpot(model, first, clock.now());
  await clock.advance(200_000);
  const times = happened.map((one) => one.at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(happened.flatMap((one) => (one.kind === "instance" ? [one.state] : []))).toEqual([
    "shutting-down",
    "terminated",
  ]);
  compute.stop();
  expect(clock.waiting).toBe(0);
});

test("an on-demand instance is not interrupted", async () => {
  const { model, clock } = await story();
  const plan = { zone: "eu-west-1c", type: "t3.small", privateIp: "10.0.2.8", at: clock.now() };
  const { id } = launchInstance(model, plan);
  expect(() => interruptSpot(model, id, clock.now())).toThrow(/no spot instance/);
});

test("notices reach a queue in EventBridge's envelope, when the queue's policy lets them", async () => {
  const { model, clock, first } = await story();
  const queues = createQueues({ clock, account: ACCOUNT });
  const queue = queues.create(REGION, "ec2-events", {});
  interruptSpot(model, first, clock.now());
  recommendRebalance(model, first, clock.now());
  const warning = spotInterruptionNotice(model, first, clock.now());
  expect(sendNotice(queues, queue.arn, warning)).toBe(false);
  queue.attributes.set("Policy", eventQueuePolicy(queue.arn));
  const notices = [warning, rebalanceNotice(model, first, clock.now()), instanceStateChange(model, first, clock.now())];
  for (const notice of notices) expect(sendNotice(queues, queue.arn, notice)).toBe(true);
  expect(queue.messages.map((message): unknown => JSON.parse(message.body))).toMatchObject([
    {
      version: "0",
      "detail-type": "EC2 Spot Instance Interruption Warning",
      source: "aws.ec2",
      account: ACCOUNT,
      time: "2026-11-21T08:00:00Z",
      region: REGION,
      resources: [`arn:aws:ec2:eu-west-1a:instance/${first}`],
      detail: { "instance-id": first, "instance-action": "terminate" },
    },
    { "detail-type": "EC2 Instance Rebalance Recommendation", detail: { "instance-id": first } },
    {
      "detail-type": "EC2 Instance State-change Notification",
      resources: [`arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/${first}`],
      detail: { "instance-id": first, state: "running" },
    },
  ]);
});
