import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";
import type { AwsListener, AwsLoadBalancer, AwsModel, AwsTargetGroup } from "./aws-model.ts";
import { page, queryService, type QueryParameters, type Xml } from "./aws-query.ts";

const NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
/** The service's own limit of one page. */
const PAGE_SIZE = 400;
/** DescribeTags takes this many ARNs. */
const MAX_TAGGED = 20;

/** Elastic Load Balancing v2, read side, over the model. `pageSize` makes pages smaller than AWS's 400. */
export function elbv2Service(model: AwsModel, options: { readonly pageSize?: number } = {}): AwsService {
  const { pageSize = PAGE_SIZE } = options;
  const inRegion = (request: AwsRequest): AwsLoadBalancer[] =>
    model.loadBalancers.filter((balancer) => balancer.region === request.region);
  const paged = <T>(key: string, items: readonly T[], parameters: QueryParameters, render: (item: T) => Xml): Xml => {
    const { items: some, next } = page(items, parameters, pageSize);
    return { [key]: some.map(render), NextMarker: next };
  };
  return queryService("elasticloadbalancing", NAMESPACE, {
    DescribeLoadBalancers: (parameters, request) =>
      paged("LoadBalancers", chosenBalancers(inRegion(request), parameters), parameters, balancerXml),

    DescribeTargetGroups: (parameters, request) => {
      const pairs = chosenGroups(inRegion(request), parameters);
      return paged("TargetGroups", pairs, parameters, ([balancer, group]) => groupXml(balancer, group));
    },

    DescribeTargetHealth: (parameters, request) => {
      const group = groupByArn(inRegion(request), parameters.required("TargetGroupArn"))[1];
      return { TargetHealthDescriptions: group.targets().map((target) => targetXml(target)) };
    },

    DescribeListeners: (parameters, request) => {
      const arns = parameters.list("ListenerArns");
      const all = inRegion(request);
      const pairs =
        arns === undefined
          ? listenersOf(balancerByArn(all, parameters.required("LoadBalancerArn")))
          : arns.map((arn) => {
              const found = all.flatMap(listenersOf).find(([, listener]) => listener.arn === arn);
              if (found === undefined)
                throw new AwsFault("ListenerNotFound", `One or more listeners not found: ${arn}`);
              return found;
            });
      return paged("Listeners", pairs, parameters, ([balancer, listener]) => listenerXml(balancer, listener));
    },

    DescribeTags: (parameters, request) => {
      const arns = parameters.list("ResourceArns") ?? [parameters.required("ResourceArns.member.1")];
      if (arns.length > MAX_TAGGED)
        throw new AwsFault("ValidationError", `At most ${MAX_TAGGED} resources can be described at once`);
      return {
        TagDescriptions: arns.map((arn) => ({ ResourceArn: arn, Tags: pairsXml(tagsOf(inRegion(request), arn)) })),
      };
    },

    DescribeLoadBalancerAttributes: (parameters, request) => {
      const balancer = balancerByArn(inRegion(request), parameters.required("LoadBalancerArn"));
      return { Attributes: pairsXml(balancer.attributes) };
    },
  });
}

function chosenBalancers(all: readonly AwsLoadBalancer[], parameters: QueryParameters): readonly AwsLoadBalancer[] {
  const arns = parameters.list("LoadBalancerArns");
  if (arns !== undefined) return arns.map((arn) => balancerByArn(all, arn));
  const names = parameters.list("Names");
  if (names === undefined) return all;
  return names.map((name) => {
    const found = all.find((balancer) => balancer.name === name);
    if (found === undefined) throw new AwsFault("LoadBalancerNotFound", `Load balancers '[${name}]' not found`);
    return found;
  });
}

function balancerByArn(all: readonly AwsLoadBalancer[], arn: string): AwsLoadBalancer {
  const found = all.find((balancer) => balancer.arn === arn);
  if (found === undefined) throw new AwsFault("LoadBalancerNotFound", `Load balancers '[${arn}]' not found`);
  return found;
}

type Grouped = readonly [AwsLoadBalancer, AwsTargetGroup];

function chosenGroups(all: readonly AwsLoadBalancer[], parameters: QueryParameters): readonly Grouped[] {
  const arn = parameters.get("LoadBalancerArn");
  if (arn !== undefined) return groupsOf(balancerByArn(all, arn));
  const arns = parameters.list("TargetGroupArns");
  if (arns !== undefined) return arns.map((each) => groupByArn(all, each));
  const names = parameters.list("Names");
  const pairs = all.flatMap(groupsOf);
  if (names === undefined) return pairs;
  return names.map((name) => {
    const found = pairs.find(([, group]) => group.name === name);
    if (found === undefined) throw new AwsFault("TargetGroupNotFound", "One or more target groups not found");
    return found;
  });
}

function groupByArn(all: readonly AwsLoadBalancer[], arn: string): Grouped {
  const found = all.flatMap(groupsOf).find(([, group]) => group.arn === arn);
  if (found === undefined) throw new AwsFault("TargetGroupNotFound", "One or more target groups not found");
  return found;
}

function groupsOf(balancer: AwsLoadBalancer): Grouped[] {
  return balancer.targetGroups.map((group) => [balancer, group] as const);
}

function listenersOf(balancer: AwsLoadBalancer): (readonly [AwsLoadBalancer, AwsListener])[] {
  return balancer.listeners.map((listener) => [balancer, listener] as const);
}

function tagsOf(all: readonly AwsLoadBalancer[], arn: string): Readonly<Record<string, string>> {
  const group = all.flatMap(groupsOf).find(([, group]) => group.arn === arn)?.[1];
  return group?.tags ?? balancerByArn(all, arn).tags;
}

function balancerXml(balancer: AwsLoadBalancer): Xml {
  return {
    LoadBalancerArn: balancer.arn,
    DNSName: balancer.dnsName,
    CanonicalHostedZoneId: "Z32O12XQLNTSW2",
    CreatedTime: balancer.createdAt,
    LoadBalancerName: balancer.name,
    Scheme: "internet-facing",
    VpcId: "vpc-0a1b2c3d4e5f60718",
    State: { Code: balancer.state, Reason: balancer.stateReason },
    Type: "application",
    AvailabilityZones: balancer.zones.map((zone, index) => ({
      ZoneName: zone,
      SubnetId: `subnet-0a1b2c3d4e5f6071${index}`,
      LoadBalancerAddresses: [],
    })),
    SecurityGroups: ["sg-0a1b2c3d4e5f60718"],
    IpAddressType: "ipv4",
  };
}

function groupXml(balancer: AwsLoadBalancer, group: AwsTargetGroup): Xml {
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.protocol,
    Port: group.port,
    VpcId: "vpc-0a1b2c3d4e5f60718",
    HealthCheckProtocol: group.protocol,
    HealthCheckPort: "traffic-port",
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: 30,
    HealthCheckTimeoutSeconds: 10,
    HealthyThresholdCount: 5,
    UnhealthyThresholdCount: 2,
    HealthCheckPath: group.healthCheckPath,
    Matcher: { HttpCode: "200" },
    LoadBalancerArns: [balancer.arn],
    TargetType: group.targetType,
    ProtocolVersion: "HTTP1",
  };
}

function targetXml(target: ReturnType<AwsTargetGroup["targets"]>[number]): Xml {
  const why = target.reason === "" ? {} : { Reason: target.reason, Description: target.description };
  return {
    Target: { Id: target.id, Port: target.port, AvailabilityZone: target.zone },
    HealthCheckPort: String(target.port),
    TargetHealth: { State: target.state, ...why },
  };
}

function listenerXml(balancer: AwsLoadBalancer, listener: AwsListener): Xml {
  const group = balancer.targetGroups[0];
  return {
    ListenerArn: listener.arn,
    LoadBalancerArn: balancer.arn,
    Port: listener.port,
    Protocol: listener.protocol,
    SslPolicy: listener.sslPolicy,
    Certificates: listener.certificateArn === undefined ? undefined : [{ CertificateArn: listener.certificateArn }],
    DefaultActions: group === undefined ? [] : [{ Type: "forward", TargetGroupArn: group.arn, Order: 1 }],
  };
}

function pairsXml(pairs: Readonly<Record<string, string>>): Xml {
  return Object.entries(pairs).map(([Key, Value]) => ({ Key, Value }));
}
