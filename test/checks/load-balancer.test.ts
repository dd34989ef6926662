import { expect, test } from "vitest";
import { balancersOf, nameOf } from "../../checks/balancer.ts";
import { judgeBalancer, loadBalancer } from "../../checks/load-balancer.ts";
import {
  CloudError,
  type CloudFailure,
  type LoadBalancerFacts,
  type LoadBalancerReader,
} from "../../src/domain/index.ts";
import { balancerOf, context, core, deployment, fleet } from "./small-fleet.ts";

const ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/acme-production/50dc6c495c0c9188";
const input = balancerOf(fleet());
const target = (id: string, state = "healthy") => ({
  id,
  port: 3567,
  zone: undefined,
  state,
  reason: "",
  description: "",
});
const group = (...targets: ReturnType<typeof target>[]) => ({
  arn: "arn:tg",
  name: "cores",
  protocol: "HTTPS",
  port: 3567,
  targetType: "instance",
  targets,
});
const facts: LoadBalancerFacts = {
  arn: ARN,
  name: "acme-production",
  dnsName: "acme-production-1.eu-west-1.elb.amazonaws.com",
  state: "active",
  stateReason: "",
  zones: ["eu-west-1a", "eu-west-1b"],
  targetGroups: [group(target("i-1"), target("i-2"))],
};
const judge = (extra: Partial<LoadBalancerFacts>) => judgeBalancer(input, { ...facts, ...extra });

test("active, in two zones, with healthy targets: up", () => {
  expect(judge({})).toEqual({ health: "up", reason: "ok", detail: "", measures: { zones: 2, targets: 2, healthy: 2 } });
});

test("impaired is degraded; provisioning, failed and what AWS may add are down", () => {
  expect(judge({ state: "active_impaired" })).toMatchObject({ health: "degraded", reason: "load-balancer-not-active" });
  for (const state of ["provisioning", "failed", "surprising"])
    expect(judge({ state })).toMatchObject({ health: "down", reason: "load-balancer-not-active" });
  expect(judge({ state: "failed", stateReason: "no free addresses" }).detail).toBe(
    "load balancer acme-production is failed: no free addresses",
  );
});

test("a core in a zone that is not enabled, or a single zone, is zone-missing", () => {
  expect(judge({ zones: ["eu-west-1a", "eu-west-1c"] })).toMatchObject({
    health: "degraded",
    reason: "zone-missing",
    detail: "load balancer acme-production is not enabled in eu-west-1b, where it has cores",
  });
  const single = { ...input, cores: [{ id: "acme/c1", core: core(1), isFound: false }] };
  expect(judgeBalancer(single, { ...facts, zones: ["eu-west-1a"] })).toMatchObject({ reason: "zone-missing" });
});

test("no healthy target in any group is down, also with no group at all", () => {
  const sick = [group(target("i-1", "unhealthy")), group(target("i-2", "initial"))];
  expect(judge({ targetGroups: sick })).toMatchObject({
    health: "down",
    reason: "no-healthy-target",
    measures: { healthy: 0 },
  });
  expect(judge({ targetGroups: [] })).toMatchObject({ health: "down", reason: "no-healthy-target" });
  expect(judge({ targetGroups: [group(target("i-1", "unhealthy")), group(target("i-2"))] })).toMatchObject({
    health: "up",
  });
});

test("targets with health checks switched off take traffic", () => {
  const off = { ...target("i-1", "unavailable"), reason: "Target.HealthCheckDisabled" };
  expect(judge({ targetGroups: [group(off)] })).toMatchObject({ health: "up" });
});

test.each<[CloudFailure, string, string]>([
  ["not-found", "down", "load-balancer-not-found"],
  ["not-authorized", "unknown", "not-authorized"],
  ["throttled", "unknown", "api-throttled"],
  ["unreachable", "unknown", "api-unreachable"],
  ["failed", "unknown", "api-unreachable"],
  ["cancelled", "unknown", "cancelled"],
])("a read that failed with %s is %s", async (failure, health, reason) => {
  const loadBalancers: LoadBalancerReader = {
    describe: () => Promise.reject(new CloudError(failure, "a sentence for a person")),
  };
  const outcome = await loadBalancer.probe(input, context({ loadBalancers }));
  expect(outcome).toEqual({ health, reason, detail: "a sentence for a person", measures: {} });
});

test("the region: the ARN's, else the deployment's, else the fleet's", () => {
  const regions = (extra: Parameters<typeof deployment>[0]) =>
    balancersOf(fleet({ deployments: [deployment(extra)] })).map(({ input }) => input.place.region);
  expect(regions({})).toEqual(["eu-west-1"]);
  expect(regions({ region: "eu-central-1" })).toEqual(["eu-central-1"]);
  expect(regions({ region: "eu-central-1", loadBalancer: ARN })).toEqual(["us-east-1"]);
});

test("two deployments that share a load balancer make one task, by name or ARN", () => {
  const here = ARN.replace("us-east-1", "eu-west-1");
  const shared = fleet({ deployments: [deployment(), deployment({ id: "b", loadBalancer: here, cores: [core(3)] })] });
  const planned = balancersOf(shared);
  expect(planned).toHaveLength(1);
  expect(planned[0]?.target).toEqual({ kind: "load-balancer", id: "acme-production", deployment: null });
  expect(planned[0]?.input.nameOrArn).toBe(here);
  expect(planned[0]?.input.cores.map(({ id }) => id)).toEqual(["acme/c1", "acme/c2", "b/c3"]);
});

test("one name in two regions is two load balancers with two ids", () => {
  const apart = fleet({ deployments: [deployment(), deployment({ id: "b", region: "us-east-1" })] });
  expect(balancersOf(apart).map(({ target }) => target)).toEqual([
    { kind: "load-balancer", id: "acme-production", deployment: "acme" },
    { kind: "load-balancer", id: "acme-production@b", deployment: "b" },
  ]);
});

test("deployments without a load balancer make no task", () => {
  expect(balancersOf(fleet({ deployments: [deployment({ loadBalancer: undefined })] }))).toEqual([]);
  expect(nameOf(ARN)).toBe("acme-production");
});
