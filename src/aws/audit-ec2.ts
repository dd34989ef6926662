import type { EC2Client, Instance } from "@aws-sdk/client-ec2";
import { CloudError, type AuditCloud, type CloudPlace, type InstanceFacts } from "../domain/index.ts";
import { everyPage, send } from "./alarm-clients.ts";
import { inParts, Memo, tagsFrom, told, type AuditReach } from "./audit-reach.ts";

/** The most that one page of DescribeInstances and DescribeSecurityGroups holds. */
const PAGE_SIZE = 1_000;
/** Values that one filter takes. */
const FILTER_VALUES = 200;
/** States of an instance whose addresses are no longer its own. */
const GONE: ReadonlySet<string> = new Set(["shutting-down", "terminated"]);

/** What EC2 is asked for. */
export type InstanceReader = Pick<
  AuditCloud,
  "zones" | "securityGroups" | "instances" | "instancesTagged" | "ownAddresses"
>;

/** An instance, and every public address of it. */
interface Held {
  readonly facts: InstanceFacts;
  readonly addresses: readonly string[];
}

/** Reads EC2. All instances of a region are read at once, and every question about them is answered from that. */
export function instanceReader(reach: AuditReach): InstanceReader {
  const clients = reach.clients(async (config) => {
    const { EC2Client } = await import("@aws-sdk/client-ec2");
    return new EC2Client(config);
  });
  const listings = new Memo<ReadonlyMap<string, Held>>();
  const groups = new Memo<ReadonlyMap<string, string>>();
  const zones = new Memo<readonly string[]>();
  const addresses = new Memo<readonly string[]>();
  const list = (place: CloudPlace): Promise<ReadonlyMap<string, Held>> =>
    listings.ask(place, "", async () => {
      const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
      const call = reach.callTo(place);
      const reservations = await everyPage(
        { place, call, operation: "ec2:DescribeInstances", subject: "instances" },
        async (token) => {
          const client = await clients.for(place);
          const command = new DescribeInstancesCommand({
            MaxResults: PAGE_SIZE,
            ...(token === undefined ? {} : { NextToken: token }),
          });
          const answer = await client.send(command, { abortSignal: call.signal });
          return { items: answer.Reservations, next: answer.NextToken };
        },
      );
      const all = reservations.flatMap((one) => told(one.Instances, "ec2:DescribeInstances", "instances"));
      return new Map(all.map((one) => [idOf(one), { facts: instanceFacts(one), addresses: addressesOf(one) }]));
    });

  return {
    async instances(ids, place) {
      if (ids.length === 0) return [];
      const known = await list(place);
      return [...new Set(ids)].flatMap((id) => known.get(id)?.facts ?? []);
    },

    async instancesTagged(tags, place) {
      const known = await list(place);
      const wanted = Object.entries(tags);
      return [...known.values()]
        .map(({ facts }) => facts)
        .filter((one) => one.state === "running" && wanted.every(([key, value]) => one.tags[key] === value));
    },

    async ownAddresses(place) {
      const [known, elastic] = await Promise.all([
        list(place),
        addresses.ask(place, "", async () => {
          const { DescribeAddressesCommand } = await import("@aws-sdk/client-ec2");
          const operation = "ec2:DescribeAddresses";
          const call = reach.callTo(place);
          return send({ place, call, operation, subject: "elastic addresses" }, async () => {
            const client = await clients.for(place);
            const answer = await client.send(new DescribeAddressesCommand({}), { abortSignal: call.signal });
            return told(answer.Addresses, operation, "list of addresses").flatMap(({ PublicIp }) => PublicIp ?? []);
          });
        }),
      ]);
      const held = [...known.values()].filter(({ facts }) => !GONE.has(facts.state));
      return new Set([...held.flatMap((one) => one.addresses), ...elastic]);
    },

    zones: (place) =>
      zones.ask(place, "", async () => {
        const { DescribeAvailabilityZonesCommand } = await import("@aws-sdk/client-ec2");
        const operation = "ec2:DescribeAvailabilityZones";
        const call = reach.callTo(place);
        return send({ place, call, operation, subject: "availability zones" }, async () => {
          const client = await clients.for(place);
          // Local and wavelength zones take no load balancer of the region's kind.
          const Filters = [
            { Name: "state", Values: ["available"] },
            { Name: "zone-type", Values: ["availability-zone"] },
          ];
          const command = new DescribeAvailabilityZonesCommand({ Filters });
          const answer = await client.send(command, { abortSignal: call.signal });
          const found = told(answer.AvailabilityZones, operation, "list of zones");
          return found.flatMap(({ ZoneName }) => ZoneName ?? []).sort();
        });
      }),

    securityGroups(ids, place) {
      const wanted = [...new Set(ids)].sort();
      return groups.ask(place, wanted.join(" "), async () => {
        const parts = inParts(wanted, FILTER_VALUES).map((some) => readGroups(reach, clients, place, some));
        return new Map((await Promise.all(parts)).flat());
      });
    },
  };
}

/** By a filter rather than by ids: one that is gone is left out, and does not fail the question about the others. */
async function readGroups(
  reach: AuditReach,
  clients: { for(place: CloudPlace): Promise<EC2Client> },
  place: CloudPlace,
  ids: readonly string[],
): Promise<(readonly [string, string])[]> {
  const { DescribeSecurityGroupsCommand } = await import("@aws-sdk/client-ec2");
  const call = reach.callTo(place);
  const found = await everyPage(
    { place, call, operation: "ec2:DescribeSecurityGroups", subject: "security groups" },
    async (token) => {
      const client = await clients.for(place);
      const command = new DescribeSecurityGroupsCommand({
        Filters: [{ Name: "group-id", Values: [...ids] }],
        MaxResults: PAGE_SIZE,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      const answer = await client.send(command, { abortSignal: call.signal });
      return { items: answer.SecurityGroups, next: answer.NextToken };
    },
  );
  return found.map(({ GroupId, GroupName }) => [GroupId ?? "", GroupName ?? ""] as const);
}

function idOf({ InstanceId }: Instance): string {
  if (InstanceId === undefined) throw new CloudError("failed", "AWS listed an instance without its id");
  return InstanceId;
}

function instanceFacts(one: Instance): InstanceFacts {
  return {
    id: idOf(one),
    type: one.InstanceType ?? "",
    zone: one.Placement?.AvailabilityZone ?? "",
    state: one.State?.Name ?? "",
    privateIp: some(one.PrivateIpAddress),
    publicIp: some(one.PublicIpAddress),
    publicDnsName: some(one.PublicDnsName),
    spot: one.InstanceLifecycle === "spot",
    launchedAt: one.LaunchTime?.getTime() ?? 0,
    tags: tagsFrom(one.Tags),
  };
}

/** What has no address has it as empty text. */
function some(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** Of all its network interfaces, IPv6 too. */
function addressesOf(one: Instance): string[] {
  const interfaces = one.NetworkInterfaces ?? [];
  return [
    one.PublicIpAddress,
    ...interfaces.map(({ Association }) => Association?.PublicIp),
    ...interfaces.flatMap(({ PrivateIpAddresses = [] }) =>
      PrivateIpAddresses.map(({ Association }) => Association?.PublicIp),
    ),
    ...interfaces.flatMap(({ Ipv6Addresses = [] }) => Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address)),
  ].flatMap((address) => some(address) ?? []);
}
