import type {
  ElasticLoadBalancingV2Client,
  LoadBalancer,
  TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  CloudError,
  type Clock,
  type CloudPlace,
  type LoadBalancerFacts,
  type LoadBalancerReader,
  type TargetGroupFacts,
  type TargetHealthFacts,
} from "../domain/index.ts";
import { AwsClients, type AwsOverrides } from "./clients.ts";
import { Coalescer } from "./coalesce.ts";
import { toCloudError } from "./errors.ts";

/** Two checks look at each load balancer; within this time they share one read. */
const FRESH_MS = 1_000;
/** Target groups read at once: all Describe calls of a region share one bucket of 40. */
const GROUPS_AT_ONCE = 4;
/** A load balancer has at most 100 target groups by default; more pages than this are a loop. */
const MAX_PAGES = 20;

/** Reads load balancers through ELBv2. The SDK is loaded at the first read. */
export function createLoadBalancerReader(options: { readonly clock: Clock } & AwsOverrides): LoadBalancerReader {
  const clients = loadBalancerClients(options);
  const reads = new Coalescer<LoadBalancerFacts>(options.clock, FRESH_MS);
  return {
    describe: (nameOrArn, place, signal) =>
      reads.ask(
        JSON.stringify([nameOrArn, place.region, place.roleArn]),
        signal,
        (signal) => read(clients, nameOrArn, place, signal),
        () => new CloudError("cancelled", `reading load balancer ${labelOf(nameOrArn)} from AWS was called off`),
      ),
  };
}

/** Clients of Elastic Load Balancing v2. */
export function loadBalancerClients(overrides: AwsOverrides): AwsClients<ElasticLoadBalancingV2Client> {
  return new AwsClients(overrides, async (config) => {
    const { ElasticLoadBalancingV2Client } = await import("@aws-sdk/client-elastic-load-balancing-v2");
    return new ElasticLoadBalancingV2Client(config);
  });
}

type Operation = "DescribeLoadBalancers" | "DescribeTargetGroups" | "DescribeTargetHealth";

async function read(
  clients: AwsClients<ElasticLoadBalancingV2Client>,
  nameOrArn: string,
  place: CloudPlace,
  signal: AbortSignal,
): Promise<LoadBalancerFacts> {
  const subject = `load balancer ${labelOf(nameOrArn)}`;
  const call = async <T>(operation: Operation, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const permission = `elasticloadbalancing:${operation}`;
      throw toCloudError(error, { permission, subject, region: place.region, signal });
    }
  };
  const client = await call("DescribeLoadBalancers", () => clients.for(place));
  const found = await call("DescribeLoadBalancers", () => balancer(client, nameOrArn, signal));
  const arn = found?.LoadBalancerArn;
  if (found === undefined || arn === undefined)
    throw new CloudError("not-found", `AWS has no ${subject}: check its name, region and account in fleet.yaml`);
  const groups = await call("DescribeTargetGroups", () => targetGroups(client, arn, signal));
  const targetGroupFacts = await call("DescribeTargetHealth", () => withHealth(client, groups, signal));
  return {
    arn,
    name: found.LoadBalancerName ?? labelOf(nameOrArn),
    dnsName: found.DNSName ?? "",
    state: found.State?.Code ?? "unknown",
    stateReason: found.State?.Reason ?? "",
    zones: (found.AvailabilityZones ?? []).flatMap((zone) => zone.ZoneName ?? []),
    targetGroups: targetGroupFacts,
  };
}

async function balancer(
  client: ElasticLoadBalancingV2Client,
  nameOrArn: string,
  abortSignal: AbortSignal,
): Promise<LoadBalancer | undefined> {
  const { DescribeLoadBalancersCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const which = nameOrArn.startsWith("arn:") ? { LoadBalancerArns: [nameOrArn] } : { Names: [nameOrArn] };
  const answer = await client.send(new DescribeLoadBalancersCommand(which), { abortSignal });
  return answer.LoadBalancers?.[0];
}

async function targetGroups(
  client: ElasticLoadBalancingV2Client,
  arn: string,
  abortSignal: AbortSignal,
): Promise<TargetGroup[]> {
  const { DescribeTargetGroupsCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const groups: TargetGroup[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const command = new DescribeTargetGroupsCommand({
      LoadBalancerArn: arn,
      ...(marker === undefined ? {} : { Marker: marker }),
    });
    const answer = await client.send(command, { abortSignal });
    groups.push(...(answer.TargetGroups ?? []));
    marker = answer.NextMarker;
    if (marker === undefined || marker === "") return groups;
  }
  throw new CloudError("failed", `AWS listed target groups of ${labelOf(arn)} without end`);
}

async function withHealth(
  client: ElasticLoadBalancingV2Client,
  groups: readonly TargetGroup[],
  abortSignal: AbortSignal,
): Promise<TargetGroupFacts[]> {
  const facts: TargetGroupFacts[] = [];
  for (let from = 0; from < groups.length; from += GROUPS_AT_ONCE) {
    const some = groups.slice(from, from + GROUPS_AT_ONCE);
    facts.push(...(await Promise.all(some.map((group) => groupFacts(client, group, abortSignal)))));
  }
  return facts;
}

async function groupFacts(
  client: ElasticLoadBalancingV2Client,
  group: TargetGroup,
  abortSignal: AbortSignal,
): Promise<TargetGroupFacts> {
  const { DescribeTargetHealthCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: group.TargetGroupArn });
  const answer = await client.send(command, { abortSignal });
  return {
    arn: group.TargetGroupArn ?? "",
    name: group.TargetGroupName ?? "",
    protocol: group.Protocol ?? "",
    port: group.Port ?? 0,
    targetType: group.TargetType ?? "instance",
    targets: (answer.TargetHealthDescriptions ?? []).map(
      ({ Target: target, TargetHealth: health }): TargetHealthFacts => ({
        id: target?.Id ?? "",
        port: target?.Port ?? group.Port ?? 0,
        zone: target?.AvailabilityZone,
        state: health?.State ?? "unavailable",
        reason: health?.Reason ?? "",
        description: health?.Description ?? "",
      }),
    ),
  };
}

function labelOf(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? (nameOrArn.split("/")[2] ?? nameOrArn) : nameOrArn;
}
