import type { EC2Client, Filter, Instance } from "@aws-sdk/client-ec2";
import { CloudError, type CloudPlace, type FoundState, type InstanceFacts, type Tags } from "../domain/index.ts";
import { AwsClients, type AwsOverrides } from "./clients.ts";
import { toCloudError } from "./errors.ts";

/** Reads EC2 instances. Every method reads all of it or throws CloudError. */
export interface InstanceReader {
  /** By id; an id that EC2 does not know is not in the map. @throws CloudError */
  byIds(ids: readonly string[], place: CloudPlace, signal: AbortSignal): Promise<ReadonlyMap<string, InstanceFacts>>;
  /** Those that have all of these tags, in any state but terminated. @throws CloudError */
  tagged(tags: Tags, place: CloudPlace, signal: AbortSignal): Promise<readonly InstanceFacts[]>;
}

/** Values that one filter takes. */
const IDS_AT_ONCE = 200;
const PAGE = 1_000;
/** A hundred thousand instances. */
const MAX_PAGES = 100;

/** Reads instances through EC2. The SDK (a third of a second and 135 MB) is loaded at the first read. */
export function createInstanceReader(overrides: AwsOverrides): InstanceReader {
  const clients = new AwsClients<EC2Client>(overrides, async (config) => {
    const { EC2Client } = await import("@aws-sdk/client-ec2");
    return new EC2Client(config);
  });

  async function describe(
    filters: Filter[],
    subject: string,
    place: CloudPlace,
    abortSignal: AbortSignal,
  ): Promise<InstanceFacts[]> {
    try {
      const client = await clients.for(place);
      const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
      const found: InstanceFacts[] = [];
      let token: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const next = token === undefined ? {} : { NextToken: token };
        const command = new DescribeInstancesCommand({ Filters: filters, MaxResults: PAGE, ...next });
        const answer = await client.send(command, { abortSignal });
        found.push(...(answer.Reservations ?? []).flatMap((one) => one.Instances ?? []).map(factsOf));
        token = answer.NextToken;
        if (token === undefined || token === "") return found;
      }
      throw new CloudError("failed", `AWS listed ${subject} without end`);
    } catch (error) {
      const asked = { permission: "ec2:DescribeInstances", subject, region: place.region, signal: abortSignal };
      throw toCloudError(error, asked);
    }
  }

  return {
    async byIds(ids, place, signal) {
      const wanted = [...new Set(ids)];
      const found = new Map<string, InstanceFacts>();
      for (let from = 0; from < wanted.length; from += IDS_AT_ONCE) {
        // By filter: asked by its id, one instance that is gone would fail the look at all the others.
        const some = wanted.slice(from, from + IDS_AT_ONCE);
        const subject = some.length === 1 ? `instance ${some[0] ?? ""}` : `${wanted.length} instances`;
        for (const one of await describe([{ Name: "instance-id", Values: some }], subject, place, signal))
          found.set(one.id, one);
      }
      return found;
    },
    async tagged(tags, place, signal) {
      const wanted = Object.entries(tags);
      // `*` and `?` are wildcards in a filter: what they catch too much is let go here.
      const filters = wanted.map(([key, value]) => ({ Name: `tag:${key}`, Values: [value.replaceAll("\\", "\\\\")] }));
      const subject = `instances tagged ${wanted.map(([key, value]) => `${key}=${value}`).join(", ")}`;
      const found = await describe(filters, subject, place, signal);
      return found.filter(
        (one) => one.state !== "terminated" && wanted.every(([key, value]) => one.tags[key] === value),
      );
    },
  };
}

function factsOf(instance: Instance): InstanceFacts {
  const { InstanceId: id, State, Placement } = instance;
  if (id === undefined || State?.Name === undefined)
    throw new CloudError("failed", "AWS described an instance without its id or state");
  return {
    id,
    type: instance.InstanceType ?? "",
    zone: Placement?.AvailabilityZone ?? "",
    state: State.Name,
    privateIp: instance.PrivateIpAddress,
    publicIp: instance.PublicIpAddress,
    publicDnsName: instance.PublicDnsName === "" ? undefined : instance.PublicDnsName,
    spot: instance.InstanceLifecycle === "spot",
    launchedAt: instance.LaunchTime?.getTime() ?? 0,
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
  };
}

const GOING: ReadonlySet<string> = new Set(["shutting-down", "terminated"]);

/** What an instance's own state says of the cores on it; `undefined`: nothing against what else is known. */
export function stateOfInstance({ state }: InstanceFacts): FoundState | undefined {
  if (GOING.has(state)) return "draining";
  return state === "pending" ? "starting" : undefined;
}

/**
 * Where an instance is reached; `undefined` for one that has no address yet or any more. @throws CloudError when it
 * runs without the address that is wanted
 */
export function addressOf(instance: InstanceFacts, which: "private" | "public"): string | undefined {
  const address = which === "private" ? instance.privateIp : instance.publicIp;
  if (address !== undefined && address !== "") return address;
  if (instance.state !== "running") return undefined;
  const other = which === "private" ? "public" : "private";
  throw new CloudError(
    "failed",
    `instance ${instance.id} runs without a ${which} address: set discovery.address to ${other}`,
  );
}
