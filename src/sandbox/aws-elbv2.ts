import type { Clock } from "../domain/index.ts";
import { settleAccount } from "./aws-ec2-life.ts";
import { AwsFault, type AwsRequest, type AwsService } from "./aws-server.ts";
import type { AwsListener, AwsLoadBalancer, AwsModel, AwsTargetGroup } from "./aws-model.ts";
import { balancerXml, groupXml, listenerXml, pairsXml, rulesXml, targetXml, unregisteredXml } from "./aws-elbv2-xml.ts";
import { page, queryService, type QueryParameters, type Xml } from "./aws-query.ts";

const NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
/** The service's own limit of one page. */
const PAGE_SIZE = 400;
/** DescribeTags takes this many ARNs. */
const MAX_TAGGED = 20;
/** DescribeLoadBalancers takes this many names or ARNs. */
const MAX_NAMED = 20;

/** Settings of {@link elbv2Service}. */
export interface Elbv2Options {
  /** Makes pages smaller than AWS's 400. */
  readonly pageSize?: number;
  /** For an account whose instances and tasks change by themselves: what is due is done before each answer. */
  readonly clock?: Clock;
}

/** Elastic Load Balancing v2 over the model: everything is read, and targets are registered and taken out. */
export function elbv2Service(model: AwsModel, options: Elbv2Options = {}): AwsService {
  const { pageSize = PAGE_SIZE, clock } = options;
  const inRegion = (request: AwsRequest): AwsLoadBalancer[] => {
    if (clock !== undefined) settleAccount(model, clock.now());
    return model.loadBalancers.filter((balancer) => balancer.region === request.region);
  };
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
      const asked = parameters.get("Targets.member.1.Id") === undefined ? undefined : targetsIn(parameters, group);
      const targets = group.targets();
      if (asked === undefined) return { TargetHealthDescriptions: targets.map((target) => targetXml(target)) };
      return {
        TargetHealthDescriptions: asked.map(({ id, port }) => {
          const found = targets.find((target) => target.id === id && target.port === port);
          return found === undefined ? unregisteredXml(id, port) : targetXml(found);
        }),
      };
    },

    RegisterTargets: (parameters, request) => {
      const group = groupByArn(inRegion(request), parameters.required("TargetGroupArn"))[1];
      const unknown = targetsIn(parameters, group).filter(({ id, port }) => group.changes?.register(id, port) !== true);
      if (unknown.length > 0)
        throw new AwsFault(
          "InvalidTarget",
          `The following targets are not in a running state and cannot be registered: '${unknown.map(({ id }) => id).join(", ")}'`,
        );
      return {};
    },

    DeregisterTargets: (parameters, request) => {
      const group = groupByArn(inRegion(request), parameters.required("TargetGroupArn"))[1];
      // As the service does, it is silent about a target that is not there.
      for (const { id, port } of targetsIn(parameters, group)) group.changes?.deregister(id, port);
      return {};
    },

    DescribeListeners: (parameters, request) => {
      const arns = parameters.list("ListenerArns");
      const all = inRegion(request);
      const pairs =
        arns === undefined
          ? listenersOf(balancerByArn(all, parameters.required("LoadBalancerArn")))
          : arns.map((arn) => listenerByArn(all, arn));
      return paged("Listeners", pairs, parameters, ([balancer, listener]) => listenerXml(balancer, listener));
    },

    DescribeRules: (parameters, request) => {
      const arns = parameters.list("RuleArns");
      const all = inRegion(request);
      const listenerArn = (rule: string): string =>
        rule.replace(":listener-rule/", ":listener/").replace(/\/[^/]+$/, "");
      const rules =
        arns === undefined
          ? rulesXml(...listenerByArn(all, parameters.required("ListenerArn")))
          : arns.map((arn) => {
              const found = rulesXml(...listenerByArn(all, listenerArn(arn), "RuleNotFound")).find(
                (rule) => typeof rule === "object" && "RuleArn" in rule && rule.RuleArn === arn,
              );
              if (found === undefined) throw new AwsFault("RuleNotFound", `One or more rules not found: ${arn}`);
              return found;
            });
      return paged("Rules", rules, parameters, (rule) => rule);
    },

    DescribeListenerCertificates: (parameters, request) => {
      const [, { certificateArn }] = listenerByArn(inRegion(request), parameters.required("ListenerArn"));
      return {
        Certificates: certificateArn === undefined ? [] : [{ CertificateArn: certificateArn, IsDefault: true }],
      };
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

    DescribeTargetGroupAttributes: (parameters, request) => {
      const [, group] = groupByArn(inRegion(request), parameters.required("TargetGroupArn"));
      return { Attributes: pairsXml(group.attributes) };
    },
  });
}

function chosenBalancers(all: readonly AwsLoadBalancer[], parameters: QueryParameters): readonly AwsLoadBalancer[] {
  const arns = parameters.list("LoadBalancerArns");
  if ((arns ?? parameters.list("Names") ?? []).length > MAX_NAMED)
    throw new AwsFault("ValidationError", `At most ${MAX_NAMED} load balancers can be described by name at once`);
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

/** `Targets.member.1.Id` and `.Port`, the group's where it is left out. */
function targetsIn(
  parameters: QueryParameters,
  group: AwsTargetGroup,
): { readonly id: string; readonly port: number }[] {
  const targets: { readonly id: string; readonly port: number }[] = [];
  for (let index = 1; ; index++) {
    const id = parameters.get(`Targets.member.${index}.Id`);
    if (id === undefined) break;
    const port = Number(parameters.get(`Targets.member.${index}.Port`) ?? group.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new AwsFault("ValidationError", `The port of target '${id}' is not valid`);
    targets.push({ id, port });
  }
  if (targets.length === 0) throw new AwsFault("ValidationError", "At least one target must be specified");
  return targets;
}

function groupsOf(balancer: AwsLoadBalancer): Grouped[] {
  return balancer.targetGroups.map((group) => [balancer, group] as const);
}

function listenersOf(balancer: AwsLoadBalancer): (readonly [AwsLoadBalancer, AwsListener])[] {
  return balancer.listeners.map((listener) => [balancer, listener] as const);
}

function listenerByArn(
  all: readonly AwsLoadBalancer[],
  arn: string,
  code = "ListenerNotFound",
): readonly [AwsLoadBalancer, AwsListener] {
  const found = all.flatMap(listenersOf).find(([, listener]) => listener.arn === arn);
  if (found === undefined) throw new AwsFault(code, `One or more listeners not found: ${arn}`);
  return found;
}

function tagsOf(all: readonly AwsLoadBalancer[], arn: string): Readonly<Record<string, string>> {
  if (arn.includes(":targetgroup/")) return groupByArn(all, arn)[1].tags;
  return balancerByArn(all, arn).tags;
}
