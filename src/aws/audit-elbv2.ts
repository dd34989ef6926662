import type {
  ElasticLoadBalancingV2Client,
  Listener,
  LoadBalancer,
  TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  CloudError,
  type AuditCloud,
  type CloudCall,
  type CloudPlace,
  type ListenerFacts,
  type LoadBalancerConfig,
  type TargetGroupConfig,
  type Tags,
} from "../domain/index.ts";
import { everyPage, send } from "./alarm-clients.ts";
import { balancerFacts, groupConfig, labelOf, listenerFacts } from "./audit-elbv2-facts.ts";
import { inParts, Memo, tagsFrom, told, type AuditReach } from "./audit-reach.ts";
import type { AwsClients } from "./clients.ts";

/** The most that one page of DescribeLoadBalancers and DescribeTargetGroups holds. */
const PAGE_SIZE = 400;
/** ARNs that one DescribeTags takes. */
const TAGGED_AT_ONCE = 20;

/** Everything that is read in bulk. */
interface Listing {
  readonly balancers: readonly LoadBalancer[];
  /** By the balancer's ARN. */
  readonly groups: ReadonlyMap<string, readonly TargetGroup[]>;
}

/** Reads load balancers with all that hangs on them. */
export function balancerReader(reach: AuditReach): Pick<AuditCloud, "loadBalancer"> {
  const clients = reach.clients(async (config) => {
    const { ElasticLoadBalancingV2Client } = await import("@aws-sdk/client-elastic-load-balancing-v2");
    return new ElasticLoadBalancingV2Client(config);
  });
  const listings = new Memo<Listing>();
  const tags = new Memo<ReadonlyMap<string, Tags>>();
  const balancers = new Memo<LoadBalancerConfig>();

  const tagsOf = async (place: CloudPlace, { balancers }: Listing, arn: string): Promise<Tags> => {
    const all = balancers.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []);
    const beside = inParts(all, TAGGED_AT_ONCE).find((part) => part.includes(arn)) ?? [arn];
    const ask = (arns: readonly string[]) =>
      tags.ask(place, arns.join(" "), () => readTags(clients, place, reach.callTo(place), arns));
    try {
      return told((await ask(beside)).get(arn), "elasticloadbalancing:DescribeTags", `tags of ${arn}`);
    } catch (error) {
      // One that is gone since the listing fails the question about all twenty.
      if (!(error instanceof CloudError && error.failure === "not-found") || beside.length === 1) throw error;
      return told((await ask([arn])).get(arn), "elasticloadbalancing:DescribeTags", `tags of ${arn}`);
    }
  };

  const read = async (nameOrArn: string, place: CloudPlace): Promise<LoadBalancerConfig> => {
    const listing = await listings.ask(place, "", () => list(clients, place, reach.callTo(place)));
    const found = listing.balancers.find(
      ({ LoadBalancerArn, LoadBalancerName }) => LoadBalancerArn === nameOrArn || LoadBalancerName === nameOrArn,
    );
    const arn = found?.LoadBalancerArn;
    if (found === undefined || arn === undefined)
      throw new CloudError(
        "not-found",
        `${place.region === undefined ? "AWS" : `AWS in ${place.region}`} has no load balancer ${labelOf(nameOrArn)}: check its name, region and account in fleet.yaml`,
      );
    return balancers.ask(place, arn, async () => {
      const asked: Asked = { clients, place, call: reach.callTo(place), subject: `load balancer ${labelOf(arn)}`, arn };
      const [attributes, own, listeners, targetGroups] = await Promise.all([
        readAttributes(asked),
        tagsOf(place, listing, arn),
        readListeners(asked),
        Promise.all((listing.groups.get(arn) ?? []).map((group) => readGroup(asked, group))),
      ]);
      return { ...balancerFacts(found, arn), attributes, tags: own, listeners, targetGroups };
    });
  };
  return { loadBalancer: read };
}

/** One load balancer that is asked about. */
interface Asked {
  readonly clients: AwsClients<ElasticLoadBalancingV2Client>;
  readonly place: CloudPlace;
  readonly call: CloudCall;
  readonly subject: string;
  readonly arn: string;
}

async function list(
  clients: AwsClients<ElasticLoadBalancingV2Client>,
  place: CloudPlace,
  call: CloudCall,
): Promise<Listing> {
  const { DescribeLoadBalancersCommand, DescribeTargetGroupsCommand } =
    await import("@aws-sdk/client-elastic-load-balancing-v2");
  const abortSignal = call.signal;
  const pageOf = (token: string | undefined) => ({
    PageSize: PAGE_SIZE,
    ...(token === undefined ? {} : { Marker: token }),
  });
  const [balancers, groups] = await Promise.all([
    everyPage(
      { place, call, operation: "elasticloadbalancing:DescribeLoadBalancers", subject: "load balancers" },
      async (token) => {
        const client = await clients.for(place);
        const answer = await client.send(new DescribeLoadBalancersCommand(pageOf(token)), { abortSignal });
        return { items: answer.LoadBalancers, next: answer.NextMarker };
      },
    ),
    everyPage(
      { place, call, operation: "elasticloadbalancing:DescribeTargetGroups", subject: "target groups" },
      async (token) => {
        const client = await clients.for(place);
        const answer = await client.send(new DescribeTargetGroupsCommand(pageOf(token)), { abortSignal });
        return { items: answer.TargetGroups, next: answer.NextMarker };
      },
    ),
  ]);
  const byBalancer = new Map<string, TargetGroup[]>();
  for (const group of groups) {
    for (const owner of group.LoadBalancerArns ?? []) {
      const own = byBalancer.get(owner) ?? [];
      own.push(group);
      byBalancer.set(owner, own);
    }
  }
  return { balancers, groups: byBalancer };
}

async function readTags(
  clients: AwsClients<ElasticLoadBalancingV2Client>,
  place: CloudPlace,
  call: CloudCall,
  arns: readonly string[],
): Promise<ReadonlyMap<string, Tags>> {
  const { DescribeTagsCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const operation = "elasticloadbalancing:DescribeTags";
  return send({ place, call, operation, subject: "tags of load balancers" }, async () => {
    const client = await clients.for(place);
    const command = new DescribeTagsCommand({ ResourceArns: [...arns] });
    const answer = await client.send(command, { abortSignal: call.signal });
    const described = told(answer.TagDescriptions, operation, "tags of load balancers");
    return new Map(described.map(({ ResourceArn, Tags }) => [ResourceArn ?? "", tagsFrom(Tags)]));
  });
}

async function readAttributes({
  clients,
  place,
  call,
  subject,
  arn,
}: Asked): Promise<LoadBalancerConfig["attributes"]> {
  const { DescribeLoadBalancerAttributesCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const operation = "elasticloadbalancing:DescribeLoadBalancerAttributes";
  return send({ place, call, operation, subject }, async () => {
    const client = await clients.for(place);
    const command = new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn });
    const answer = await client.send(command, { abortSignal: call.signal });
    return tagsFrom(told(answer.Attributes, operation, `attributes of ${subject}`));
  });
}

async function readListeners(asked: Asked): Promise<ListenerFacts[]> {
  const { DescribeListenersCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const { clients, place, call, subject, arn } = asked;
  const operation = "elasticloadbalancing:DescribeListeners";
  const listeners = await everyPage({ place, call, operation, subject: `listeners of ${subject}` }, async (token) => {
    const client = await clients.for(place);
    const command = new DescribeListenersCommand({
      LoadBalancerArn: arn,
      ...(token === undefined ? {} : { Marker: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return { items: answer.Listeners, next: answer.NextMarker };
  });
  return Promise.all(
    listeners.map(async (listener) => {
      const own = (listener.Certificates ?? []).flatMap(({ CertificateArn }) => CertificateArn ?? []);
      const more = own.length === 0 ? [] : await readCertificates(asked, listener);
      return listenerFacts(listener, [...new Set([...own, ...more])]);
    }),
  );
}

/** The default certificate and those that are chosen by the name that a client calls. */
async function readCertificates(
  { clients, place, call, subject }: Asked,
  { ListenerArn }: Listener,
): Promise<string[]> {
  const { DescribeListenerCertificatesCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const operation = "elasticloadbalancing:DescribeListenerCertificates";
  const all = await everyPage({ place, call, operation, subject: `certificates of ${subject}` }, async (token) => {
    const client = await clients.for(place);
    const command = new DescribeListenerCertificatesCommand({
      ListenerArn,
      ...(token === undefined ? {} : { Marker: token }),
    });
    const answer = await client.send(command, { abortSignal: call.signal });
    return { items: answer.Certificates, next: answer.NextMarker };
  });
  return all.flatMap(({ CertificateArn }) => CertificateArn ?? []);
}

async function readGroup({ clients, place, call }: Asked, group: TargetGroup): Promise<TargetGroupConfig> {
  const { DescribeTargetHealthCommand } = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const operation = "elasticloadbalancing:DescribeTargetHealth";
  const subject = `target group ${group.TargetGroupName ?? ""}`;
  const targets = await send({ place, call, operation, subject }, async () => {
    const client = await clients.for(place);
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: group.TargetGroupArn });
    const answer = await client.send(command, { abortSignal: call.signal });
    return told(answer.TargetHealthDescriptions, operation, `targets of ${subject}`);
  });
  return groupConfig(group, targets);
}
