import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { launchInstance, terminateInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { addElasticAddress, addLaunchTemplate, securityGroupId } from "../../src/sandbox/aws-ec2-model.ts";
import { computeAccount, REGION, ZONES } from "./compute-account.ts";

async function instances(count: number) {
  const account = await computeAccount();
  const ids = Array.from(
    { length: count },
    (_, index) =>
      launchInstance(account.model, {
        zone: ZONES[index % 3] ?? "",
        type: "t3.small",
        privateIp: `10.0.0.${index + 10}`,
        publicIp: `52.0.0.${index + 10}`,
        spot: index % 2 === 1,
        tags: { app: `app-${index}`, ...(index === 0 ? { note: '<"&"> ü' } : {}) },
        at: account.clock.now(),
      }).id,
  );
  const describe = async (input: DescribeInstancesCommandInput) =>
    ((await account.ec2.send(new DescribeInstancesCommand(input))).Reservations ?? []).flatMap(
      (one) => one.Instances ?? [],
    );
  return { ...account, ids, describe };
}

test("an instance is told with its place, addresses, tags, market and security groups", async () => {
  const { describe, ids, clock } = await instances(2);
  expect((await describe({ InstanceIds: ids })).map((one) => one.State?.Name)).toEqual(["pending", "pending"]);
  await clock.advance(15_000);
  const [first, second] = await describe({ InstanceIds: ids });
  expect(first).toMatchObject({
    InstanceId: ids[0],
    InstanceType: "t3.small",
    State: { Code: 16, Name: "running" },
    Placement: { AvailabilityZone: "eu-west-1a" },
    PrivateIpAddress: "10.0.0.10",
    PublicIpAddress: "52.0.0.10",
    PublicDnsName: "ec2-52-0-0-10.eu-west-1.compute.amazonaws.com",
    LaunchTime: new Date("2026-11-21T08:00:00Z"),
    Tags: [
      { Key: "app", Value: "app-0" },
      { Key: "note", Value: '<"&"> ü' },
    ],
  });
  expect(first?.InstanceLifecycle).toBeUndefined();
  expect(second?.InstanceLifecycle).toBe("spot");
  expect(first?.SecurityGroups?.map((group) => group.GroupName)).toEqual([
    "default",
    "ping-ssh",
    "supertokens-nginx-port",
    "ec2-internal-team-access",
  ]);
});

test("filters choose by state, tag, tag key, id and pattern; one that does not exist is an error", async () => {
  const { describe, ids, clock, model } = await instances(4);
  await clock.advance(15_000);
  terminateInstance(model, ids[3] ?? "", clock.now());
  const found = async (Name: string, ...Values: string[]) =>
    (await describe({ Filters: [{ Name, Values }] })).map((one) => ids.indexOf(one.InstanceId ?? ""));
  expect(await found("instance-state-name", "running", "pending")).toEqual([0, 1, 2]);
  expect(await found("instance-state-name", "shutting-down")).toEqual([3]);
  expect(await found("tag:app", "app-1", "app-2")).toEqual([1, 2]);
  expect(await found("tag:app", "app-*")).toEqual([0, 1, 2, 3]);
  expect(await found("tag:app", "app.1")).toEqual([]);
  expect(await found("tag-key", "note")).toEqual([0]);
  expect(await found("instance-id", ids[1] ?? "")).toEqual([1]);
  const both = [
    { Name: "tag:app", Values: ["app-*"] },
    { Name: "instance-lifecycle", Values: ["spot"] },
  ];
  expect(await describe({ Filters: both })).toHaveLength(2);
  await expect(found("colour", "red")).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("an instance that does not exist is an error that names it; other regions have none of these", async () => {
  const { describe, ids, config } = await instances(1);
  await expect(describe({ InstanceIds: [ids[0] ?? "", "i-00000000000000001"] })).rejects.toMatchObject({
    name: "InvalidInstanceID.NotFound",
    message: "The instance ID 'i-00000000000000001' does not exist",
  });
  await expect(describe({ InstanceIds: ["nonsense"] })).rejects.toMatchObject({ name: "InvalidInstanceID.Malformed" });
  const other = new EC2Client({ ...config, region: "us-east-1" });
  expect((await other.send(new DescribeInstancesCommand({}))).Reservations ?? []).toEqual([]);
  other.destroy();
});

test("instances come in pages of MaxResults, at least five, and not together with ids", async () => {
  const { describe, ec2, ids, aws } = await instances(12);
  const found = [];
  for await (const page of paginateDescribeInstances({ client: ec2, pageSize: 5 }, {}))
    found.push((page.Reservations ?? []).flatMap((one) => one.Instances ?? []).map((one) => one.InstanceId));
  expect(found.map((page) => page.length)).toEqual([5, 5, 2]);
  expect(found.flat()).toEqual(ids);
  expect(aws.calls.map(({ service, action }) => `${service}:${action}`)).toEqual(
    Array(3).fill("ec2:DescribeInstances"),
  );
  await expect(describe({ MaxResults: 4 })).rejects.toMatchObject({ name: "InvalidParameterValue" });
  await expect(describe({ MaxResults: 5, InstanceIds: ids })).rejects.toMatchObject({
    name: "InvalidParameterCombination",
  });
});

test("a terminated instance has lost its addresses, and is forgotten an hour later", async () => {
  const { describe, ids, clock, model } = await instances(1);
  const address = addElasticAddress(model, { region: REGION, publicIp: "54.9.9.9", instance: ids[0] ?? "" });
  await clock.advance(15_000);
  expect((await describe({ InstanceIds: ids }))[0]?.PublicIpAddress).toBe("54.9.9.9");
  terminateInstance(model, ids[0] ?? "", clock.now());
  expect((await describe({ InstanceIds: ids }))[0]?.State?.Name).toBe("shutting-down");
  expect(address.instance).toBeUndefined();
  await clock.advance(30_000);
  const [ended] = await describe({ InstanceIds: ids });
  expect(ended).toMatchObject({
    State: { Name: "terminated" },
    StateReason: { Code: "Client.UserInitiatedShutdown" },
  });
  expect([ended?.PrivateIpAddress, ended?.PublicIpAddress]).toEqual([undefined, undefined]);
  await clock.advance(3_600_000);
  await expect(describe({ InstanceIds: ids })).rejects.toMatchObject({ name: "InvalidInstanceID.NotFound" });
});

test("zones, security groups and elastic addresses are described", async () => {
  const { ec2, model } = await computeAccount();
  const zones = await ec2.send(
    new DescribeAvailabilityZonesCommand({ Filters: [{ Name: "state", Values: ["available"] }] }),
  );
  expect(zones.AvailabilityZones?.map((zone) => [zone.ZoneName, zone.State, zone.RegionName])).toEqual(
    ZONES.map((zone) => [zone, "available", REGION]),
  );
  const id = securityGroupId(REGION, "ping-ssh");
  const groups = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }));
  expect(groups.SecurityGroups?.map((group) => [group.GroupId, group.GroupName])).toEqual([[id, "ping-ssh"]]);
  await expect(ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ["sg-1"] }))).rejects.toMatchObject({
    name: "InvalidGroup.NotFound",
  });
  addElasticAddress(model, { region: REGION, publicIp: "54.1.1.1" });
  const addresses = await ec2.send(new DescribeAddressesCommand({}));
  expect(addresses.Addresses?.map((one) => [one.PublicIp, one.InstanceId])).toEqual([["54.1.1.1", undefined]]);
});

test("a launch template's user data come encoded, by number, $Latest and $Default", async () => {
  const { ec2, model } = await computeAccount();
  const template = addLaunchTemplate(model, { region: REGION, name: "cores", userData: "echo 1" });
  template.versions.push({ createdAt: 0, instanceType: "t3.small", userData: "echo ü 2", securityGroupIds: [] });
  const read = async (version: string) => {
    const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: template.id, Versions: [version] });
    const [found] = (await ec2.send(command)).LaunchTemplateVersions ?? [];
    return [found?.VersionNumber, Buffer.from(found?.LaunchTemplateData?.UserData ?? "", "base64").toString()];
  };
  expect(await read("$Latest")).toEqual([2, "echo ü 2"]);
  expect(await read("$Default")).toEqual([1, "echo 1"]);
  expect(await read("2")).toEqual([2, "echo ü 2"]);
  await expect(read("7")).rejects.toMatchObject({ name: "InvalidLaunchTemplateId.VersionNotFound" });
  const unknown = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: "none" });
  await expect(ec2.send(unknown)).rejects.toMatchObject({ name: "InvalidLaunchTemplateName.NotFoundException" });
});

test("troubles are told as EC2 tells them", async () => {
  const { ec2, aws } = await computeAccount();
  const ask = () => ec2.send(new DescribeInstancesCommand({}));
  aws.setTroubles([{ kind: "throttle", service: "ec2" }]);
  await expect(ask()).rejects.toMatchObject({ name: "RequestLimitExceeded" });
  aws.setTroubles([{ kind: "deny", service: "ec2", action: "DescribeInstances" }]);
  await expect(ask()).rejects.toMatchObject({
    name: "UnauthorizedOperation",
    message: expect.stringContaining("not authorized to perform: ec2:DescribeInstances"),
  });
  aws.setTroubles([{ kind: "error", service: "ec2" }]);
  await expect(ask()).rejects.toMatchObject({ name: "InternalError" });
  for (const kind of ["down", "cut", "truncate"] as const) {
    aws.setTroubles([{ kind, service: "ec2" }]);
    await expect(ask()).rejects.toBeInstanceOf(Error);
  }
  aws.setTroubles([]);
  await expect(ask()).resolves.toMatchObject({});
});
