import { expect, test } from "vitest";
import { launchInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { addElasticAddress, emptyEc2, RUNBOOK_GROUPS, securityGroupId } from "../../src/sandbox/aws-ec2-model.ts";
import { auditAccount, counted, noting, place, REGION, ZONES } from "./audit-account.ts";

async function started(count: number) {
  const account = await auditAccount({ ec2: emptyEc2(REGION) });
  const { model, clock } = account;
  const at = clock.now() - 3_600_000;
  const ids = Array.from({ length: count }, (_, index) => {
    const address = `${index >> 8}.${index & 255}`;
    const tags = { Name: `n${index}`, Role: index % 2 === 0 ? "core" : "other" };
    const plan = { type: "t3.small", privateIp: `10.0.${address}`, publicIp: `52.1.${address}`, at, tags };
    return launchInstance(model, { ...plan, zone: ZONES[index % 3] ?? "", spot: index === 1 }).id;
  });
  const pacer = noting();
  return { ...account, ids, at, pacer, cloud: account.audit(pacer) };
}

test("instances as they are, and only those that exist", async () => {
  const { cloud, ids, at } = await started(3);
  const [first = "", second = ""] = ids;
  expect(await cloud.instances([second, first, first, "i-00000000000000000"], place)).toEqual([
    expect.objectContaining({ id: second, spot: true, zone: "eu-west-1b" }),
    {
      id: first,
      type: "t3.small",
      zone: "eu-west-1a",
      state: "running",
      privateIp: "10.0.0.0",
      publicIp: "52.1.0.0",
      publicDnsName: "ec2-52-1-0-0.eu-west-1.compute.amazonaws.com",
      spot: false,
      launchedAt: at,
      tags: { Name: "n0", Role: "core" },
    },
  ]);
  expect(await cloud.instances([], place)).toEqual([]);
});

test("all pages of instances are read once, whatever is asked of them", async () => {
  const { cloud, ids, pacer } = await started(1_001);
  const [last = ""] = ids.slice(-1);
  expect(await cloud.instances([last], place)).toHaveLength(1);
  expect(await cloud.instancesTagged({ Role: "core" }, place)).toHaveLength(501);
  expect(await cloud.instancesTagged({ Role: "core", Name: "n2" }, place)).toHaveLength(1);
  expect((await cloud.ownAddresses(place)).size).toBe(1_001);
  expect(counted(pacer.operations)).toEqual({ "ec2:DescribeInstances": 2, "ec2:DescribeAddresses": 1 });
});

test("the account's addresses are those of its instances and the elastic ones, not those of what is gone", async () => {
  const { cloud, model, clock } = await started(2);
  addElasticAddress(model, { region: REGION, publicIp: "198.51.100.7" });
  const gone = model.ec2?.instances[1];
  if (gone === undefined) throw new Error("no instance");
  gone.state = "terminated";
  gone.stateAt = clock.now();
  expect(await cloud.ownAddresses(place)).toEqual(new Set(["52.1.0.0", "198.51.100.7"]));
  expect((await cloud.instances([gone.id], place))[0]?.state).toBe("terminated");
  expect(await cloud.instancesTagged({ Role: "other" }, place)).toEqual([]);
});

test("zones that are available, and names of security groups; one that is gone is left out", async () => {
  const { cloud, model, pacer } = await started(0);
  const zone = model.ec2?.zones[1];
  if (zone === undefined) throw new Error("no zone");
  zone.state = "unavailable";
  expect(await cloud.zones(place)).toEqual(["eu-west-1a", "eu-west-1c"]);
  const ids = RUNBOOK_GROUPS.map((name) => securityGroupId(REGION, name));
  const names = await cloud.securityGroups([...ids, "sg-00000000000000000"], place);
  expect(names).toEqual(new Map(ids.map((id, index) => [id, RUNBOOK_GROUPS[index]])));
  expect(await cloud.securityGroups([], place)).toEqual(new Map());
  await cloud.securityGroups(["sg-00000000000000000", ...ids.toReversed()], place);
  expect(counted(pacer.operations)).toEqual({ "ec2:DescribeAvailabilityZones": 1, "ec2:DescribeSecurityGroups": 1 });
});
