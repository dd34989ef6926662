import { publicIpOf, regionOfZone, type Ec2Instance, type Ec2Model, type InstanceState } from "./aws-ec2-model.ts";
import { ec2Page, passes, tagSet, type Ec2Parameters } from "./aws-ec2-query.ts";
import type { Xml } from "./aws-query.ts";
import { AwsFault } from "./aws-server.ts";

const VPC = "vpc-0a1b2c3d4e5f60718";
const CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** DescribeInstances. @throws AwsFault */
export function instancesAnswer(
  ec2: Ec2Model,
  account: string,
  region: string,
  parameters: Ec2Parameters,
): { readonly [name: string]: Xml } {
  const all = new Map(
    ec2.instances.filter(({ zone }) => regionOfZone(zone) === region).map((instance) => [instance.id, instance]),
  );
  const ids = parameters.list("InstanceId");
  if (ids.length > 0 && parameters.get("MaxResults") !== undefined)
    throw new AwsFault(
      "InvalidParameterCombination",
      "The parameter instancesSet cannot be used with the parameter maxResults",
    );
  for (const id of ids)
    if (!/^i-[0-9a-z]+$/.test(id)) throw new AwsFault("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
  const missing = ids.filter((id) => !all.has(id));
  if (missing.length > 0)
    throw new AwsFault(
      "InvalidInstanceID.NotFound",
      missing.length === 1
        ? `The instance ID '${missing[0]}' does not exist`
        : `The instance IDs '${missing.join(", ")}' do not exist`,
    );
  const filters = parameters.filters();
  const asked = ids.length === 0 ? all : new Map([...all].filter(([id]) => ids.includes(id)));
  const chosen = [...asked.values()].filter((one) => passes(filters, one.tags, (name) => filterValues(ec2, one, name)));
  const { items, next } = ec2Page(chosen, parameters, { least: 5, most: 1_000 });
  return {
    reservationSet: items.map((instance) => ({
      reservationId: instance.id.replace(/^i-/, "r-"),
      ownerId: account,
      groupSet: [],
      instancesSet: [instanceXml(ec2, instance)],
    })),
    nextToken: next,
  };
}

function filterValues(ec2: Ec2Model, instance: Ec2Instance, name: string): readonly string[] | undefined {
  const { privateIp, publicIp, publicName } = addressesOf(ec2, instance);
  const known: Readonly<Record<string, readonly (string | undefined)[]>> = {
    "instance-id": [instance.id],
    "instance-state-name": [instance.state],
    "instance-type": [instance.type],
    "instance-lifecycle": [instance.spot ? "spot" : undefined],
    "availability-zone": [instance.zone],
    "vpc-id": [VPC],
    "private-ip-address": [privateIp],
    "ip-address": [publicIp],
    "dns-name": [publicName],
    "instance.group-id": instance.securityGroupIds,
  };
  return known[name]?.filter((value) => value !== undefined);
}

/** The addresses that an instance has; one that ends has none. */
function addressesOf(
  ec2: Ec2Model,
  instance: Ec2Instance,
): {
  readonly privateIp: string | undefined;
  readonly privateName: string;
  readonly publicIp: string | undefined;
  readonly publicName: string;
} {
  const { state, zone } = instance;
  const region = regionOfZone(zone);
  const ended = state === "terminated";
  const privateIp = ended ? undefined : instance.privateIp;
  const publicIp = ended || state === "stopped" ? undefined : publicIpOf(ec2, instance);
  const dashed = (address: string): string => address.replaceAll(".", "-");
  const outside = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  const inside = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return {
    privateIp,
    privateName: privateIp === undefined ? "" : `ip-${dashed(privateIp)}.${inside}`,
    publicIp,
    publicName: publicIp === undefined ? "" : `ec2-${dashed(publicIp)}.${outside}.amazonaws.com`,
  };
}

function instanceXml(ec2: Ec2Model, instance: Ec2Instance): Xml {
  const { id, type, zone, spot, state, stateReason } = instance;
  const { privateIp, privateName, publicIp, publicName } = addressesOf(ec2, instance);
  return {
    instanceId: id,
    imageId: "ami-0a1b2c3d4e5f60718",
    instanceState: { code: CODES[state], name: state },
    privateDnsName: privateName,
    dnsName: publicName,
    reason: stateReason === undefined ? "" : stateReason.message,
    amiLaunchIndex: 0,
    instanceType: type,
    launchTime: new Date(instance.launchedAt).toISOString(),
    placement: { availabilityZone: zone, groupName: "", tenancy: "default" },
    subnetId: state === "terminated" ? undefined : `subnet-${zone}`,
    vpcId: state === "terminated" ? undefined : VPC,
    privateIpAddress: privateIp,
    ipAddress: publicIp,
    groupSet: instance.securityGroupIds.map((groupId) => ({
      groupId,
      groupName: ec2.securityGroups.find((group) => group.id === groupId)?.name ?? groupId,
    })),
    stateReason: stateReason === undefined ? undefined : { ...stateReason },
    architecture: "x86_64",
    instanceLifecycle: spot ? "spot" : undefined,
    spotInstanceRequestId: spot ? id.replace(/^i-0?/, "sir-").slice(0, 12) : undefined,
    tagSet: tagSet(instance.tags),
  };
}
