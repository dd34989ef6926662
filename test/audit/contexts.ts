import type { AuditContext, CertifiedFacts } from "../../src/audit/rule.ts";
import type {
  AuditCloud,
  AutoScalingFacts,
  Deployment,
  EcsServiceFacts,
  Fleet,
  LoadBalancerConfig,
} from "../../src/domain/index.ts";
import { deployment, fleet } from "../checks/small-fleet.ts";

export const NOW = Date.parse("2026-11-21T12:00:00Z");
export const DAY_MS = 86_400_000;

/** What a test lets a rule see; whatever else it asks for fails the test. */
export interface Seen {
  readonly deployment?: Partial<Deployment>;
  readonly others?: readonly Deployment[];
  readonly balancer?: Partial<LoadBalancerConfig>;
  readonly ecs?: Partial<EcsServiceFacts>;
  readonly cloud?: Partial<AuditCloud>;
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly certificates?: readonly CertifiedFacts[];
  readonly seen?: ReadonlyMap<string, number>;
  readonly drill?: number;
  readonly expect?: AuditContext["expect"];
  readonly maxConnections?: number;
}

/** The context of one rule over a small deployment. */
export function contextOf(seen: Seen = {}): AuditContext {
  const own = deployment({ id: "acme-production", ...seen.deployment });
  const all: Fleet = fleet({ deployments: [own, ...(seen.others ?? [])] });
  const unasked = (what: string) => () => Promise.reject(new Error(`${what} was not to be asked for`));
  const cloud = new Proxy(seen.cloud ?? {}, {
    get: (target, name): unknown => Reflect.get(target, name) ?? unasked(String(name)),
  });
  return {
    fleet: all,
    deployment: own,
    expect: seen.expect ?? {},
    place: { region: "eu-west-1", roleArn: undefined },
    now: NOW,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is not there rejects when it is called
    cloud: cloud as AuditCloud,
    control: { appsWithLoadBalancer: unasked("the control database") },
    own: {
      certificates: () => Promise.resolve(seen.certificates ?? []),
      observed: () => Promise.resolve(seen.seen ?? new Map()),
      lastDrill: () => Promise.resolve(seen.drill),
    },
    database: () =>
      Promise.resolve({
        version: "17",
        readOnly: false,
        inRecovery: false,
        replicationLagMs: undefined,
        connectionsUsed: 1,
        maxConnections: seen.maxConnections ?? 100,
        readMs: 1,
      }),
    resolve: (name) => Promise.resolve(seen.names?.[name] ?? []),
    loadBalancer: () => Promise.resolve({ ...BALANCER, ...seen.balancer }),
    ecs: () => Promise.resolve({ ...SERVICE, ...seen.ecs }),
  };
}

const BALANCER: LoadBalancerConfig = {
  arn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/acme/0123456789abcdef",
  name: "acme",
  dnsName: "acme-1.eu-west-1.elb.amazonaws.com",
  type: "application",
  scheme: "internet-facing",
  ipAddressType: "ipv4",
  state: "active",
  zones: ["eu-west-1a"],
  securityGroupIds: [],
  attributes: {},
  tags: {},
  listeners: [],
  targetGroups: [],
};

const SERVICE: EcsServiceFacts = {
  cluster: "shop",
  name: "web",
  desired: 2,
  running: 2,
  pending: 0,
  minimumHealthyPercent: 100,
  maximumPercent: 200,
  capacityProviders: [],
  taskDefinition: { arn: "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1", containers: [] },
  tasks: [],
};

/** A capacity provider over a group of this kind. */
export function provider(group: Partial<AutoScalingFacts>): EcsServiceFacts["capacityProviders"][number] {
  return {
    name: "spot",
    managedScaling: true,
    managedTerminationProtection: true,
    group: {
      name: "shop",
      min: 0,
      max: 4,
      desired: 2,
      zones: ["eu-west-1a", "eu-west-1b"],
      instanceTypes: ["t3.small", "t3a.small"],
      protectedFromScaleIn: true,
      onDemandBase: 0,
      onDemandPercentAboveBase: 20,
      spotAllocation: "price-capacity-optimized",
      capacityRebalance: true,
      instances: [],
      userData: undefined,
      ...group,
    },
  };
}
