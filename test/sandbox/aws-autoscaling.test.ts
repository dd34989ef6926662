import { DescribeAutoScalingGroupsCommand, paginateDescribeAutoScalingGroups } from "@aws-sdk/client-auto-scaling";
import { expect, test } from "vitest";
import { addAutoScalingGroup } from "../../src/sandbox/aws-autoscaling-model.ts";
import { launchInstance, terminateInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { computeAccount, REGION, shop, ZONES } from "./compute-account.ts";

test("a group is told with its mixed instances policy, its switches and its instances", async () => {
  const { scaling, first, second, template } = await shop();
  const answer = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["shop"] }));
  expect(answer.AutoScalingGroups).toHaveLength(1);
  expect(answer.AutoScalingGroups?.[0]).toMatchObject({
    AutoScalingGroupName: "shop",
    AutoScalingGroupARN: expect.stringMatching(/^arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:[\w-]+:/),
    DesiredCapacity: 2,
    AvailabilityZones: ZONES,
    NewInstancesProtectedFromScaleIn: true,
    CapacityRebalance: true,
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: template.id, Version: "$Latest" },
        Overrides: [{ InstanceType: "t3.small" }, { InstanceType: "t3a.small" }],
      },
      InstancesDistribution: {
        OnDemandBaseCapacity: 0,
        OnDemandPercentageAboveBaseCapacity: 20,
        SpotAllocationStrategy: "price-capacity-optimized",
      },
    },
    Instances: [
      {
        InstanceId: first,
        InstanceType: "t3.small",
        AvailabilityZone: "eu-west-1a",
        LifecycleState: "InService",
        ProtectedFromScaleIn: true,
      },
      { InstanceId: second, InstanceType: "t3a.small", AvailabilityZone: "eu-west-1b", LifecycleState: "InService" },
    ],
  });
});

test("instances come into a group and leave it through their lifecycle", async () => {
  const { scaling, model, clock, second } = await shop();
  const states = async () => {
    const { AutoScalingGroups } = await scaling.send(new DescribeAutoScalingGroupsCommand({}));
    return AutoScalingGroups?.[0]?.Instances?.map((one) => one.LifecycleState);
  };
  const plan = { zone: "eu-west-1c", type: "t3.small", privateIp: "10.0.2.7", group: "shop", at: clock.now() };
  launchInstance(model, plan);
  terminateInstance(model, second, clock.now());
  expect(await states()).toEqual(["InService", "Terminating", "Pending"]);
  await clock.advance(30_000);
  expect(await states()).toEqual(["InService", "InService"]);
});

test("a group without a policy tells its launch template; unknown names are left out", async () => {
  const { scaling, model } = await computeAccount();
  const launchTemplate = { id: "lt-1", name: "plain", version: "3" };
  addAutoScalingGroup(model, { region: REGION, name: "plain", launchTemplate, zones: ZONES, mixed: null });
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["none", "plain"] });
  const { AutoScalingGroups = [] } = await scaling.send(command);
  expect(AutoScalingGroups.map((group) => group.LaunchTemplate)).toEqual([
    { LaunchTemplateId: "lt-1", LaunchTemplateName: "plain", Version: "3" },
  ]);
  expect(AutoScalingGroups[0]?.MixedInstancesPolicy).toBeUndefined();
});

test("groups come in pages of fifty, or a hundred at most", async () => {
  const { scaling, model, aws } = await computeAccount();
  for (let index = 0; index < 120; index++) {
    const launchTemplate = { id: "lt-1", name: "one" };
    addAutoScalingGroup(model, { region: REGION, name: `group-${index}`, launchTemplate, zones: ZONES });
  }
  const sizes: number[] = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client: scaling, pageSize: 100 }, {}))
    sizes.push(page.AutoScalingGroups?.length ?? 0);
  expect(sizes).toEqual([100, 20]);
  const { AutoScalingGroups } = await scaling.send(new DescribeAutoScalingGroupsCommand({}));
  expect(AutoScalingGroups).toHaveLength(50);
  aws.setTroubles([{ kind: "deny", service: "autoscaling" }]);
  await expect(scaling.send(new DescribeAutoScalingGroupsCommand({}))).rejects.toMatchObject({ name: "AccessDenied" });
  aws.setTroubles([{ kind: "throttle", service: "autoscaling" }]);
  await expect(scaling.send(new DescribeAutoScalingGroupsCommand({}))).rejects.toMatchObject({ name: "Throttling" });
});
