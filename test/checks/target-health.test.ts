import { expect, test } from "vitest";
import type { BalancerInput } from "../../checks/balancer.ts";
import { judgeTargets } from "../../checks/target-health.ts";
import type { Core, TargetGroupFacts, TargetHealthFacts } from "../../src/domain/index.ts";
import { balancerOf, core, deployment, fleet } from "./small-fleet.ts";

const inputOf = (cores: readonly Core[]): BalancerInput => balancerOf(fleet({ deployments: [deployment({ cores })] }));
const three = inputOf([core(1), core(2), core(3)]);

function target(id: string, state = "healthy", reason = "", description = ""): TargetHealthFacts {
  return { id, port: 3567, zone: undefined, state, reason, description };
}
function judge(input: BalancerInput, targets: readonly TargetHealthFacts[], extra: Partial<TargetGroupFacts> = {}) {
  const group = {
    arn: "arn:tg",
    name: "cores",
    protocol: "HTTPS",
    port: 3567,
    targetType: "instance",
    targets,
    ...extra,
  };
  return judgeGroups(input, [group]);
}
function judgeGroups(input: BalancerInput, targetGroups: readonly TargetGroupFacts[]) {
  const common = { arn: "arn:lb", name: "acme-production", dnsName: "", state: "active", stateReason: "" };
  return judgeTargets(input, { ...common, zones: ["eu-west-1a"], targetGroups });
}

test("every core healthy: up, one finding a core", () => {
  const outcome = judge(three, [target("i-1"), target("i-2"), target("i-3")]);
  expect(outcome).toEqual({
    health: "up",
    reason: "ok",
    detail: "",
    measures: { healthy: 3, unhealthy: 0, draining: 0, unused: 0 },
    findings: ["acme/c1", "acme/c2", "acme/c3"].map((id) => ({ target: id, health: "up", reason: "ok" })),
  });
});

test("one core unhealthy: the whole is degraded, the finding down, with AWS's own reason in the sentence", () => {
  const why = ["Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]"] as const;
  const outcome = judge(three, [target("i-1"), target("i-2", "unhealthy", ...why), target("i-3")]);
  expect(outcome).toMatchObject({
    health: "degraded",
    reason: "target-unhealthy",
    measures: { healthy: 2, unhealthy: 1 },
  });
  expect(outcome.findings?.[1]).toEqual({ target: "acme/c2", health: "down", reason: "target-unhealthy" });
  expect(outcome.detail).toBe(
    "load balancer acme-production: acme/c2 is unhealthy (Target.ResponseCodeMismatch, Health checks failed with these codes: [500])",
  );
});

test("all cores unhealthy: down", () => {
  const outcome = judge(three, [target("i-1", "unhealthy"), target("i-2", "unhealthy"), target("i-3", "unhealthy")]);
  expect(outcome).toMatchObject({ health: "down", reason: "target-unhealthy" });
});

test("a core that is not registered is missing", () => {
  const outcome = judge(three, [target("i-1"), target("i-2")]);
  expect(outcome).toMatchObject({ health: "degraded", reason: "target-missing" });
  expect(outcome.findings?.[2]).toEqual({ target: "acme/c3", health: "down", reason: "target-missing" });
  expect(judge(three, [])).toMatchObject({ health: "down", reason: "target-missing" });
});

test("different troubles at once are a partial failure", () => {
  expect(judge(three, [target("i-1"), target("i-2", "unhealthy")])).toMatchObject({
    health: "degraded",
    reason: "partial-failure",
  });
});

test("a draining core is noted, and not bad for the whole unless nothing else is left", () => {
  const outcome = judge(three, [target("i-1"), target("i-2"), target("i-3", "draining")]);
  expect(outcome).toMatchObject({ health: "up", reason: "ok", measures: { draining: 1 } });
  expect(outcome.findings?.[2]).toEqual({ target: "acme/c3", health: "degraded", reason: "target-draining" });
  expect(outcome.detail).toContain("acme/c3 is draining");
  const all = judge(three, [target("i-1", "draining"), target("i-2", "draining"), target("i-3", "draining")]);
  expect(all).toMatchObject({ health: "degraded", reason: "target-draining" });
});

test("a target that no core explains is unlisted; one on its way out is not", () => {
  const known = [target("i-1"), target("i-2"), target("i-3")];
  const outcome = judge(three, [...known, target("i-9")]);
  expect(outcome).toMatchObject({ health: "degraded", reason: "target-unlisted" });
  expect(outcome.findings?.[3]).toEqual({ target: "i-9:3567", health: "degraded", reason: "target-unlisted" });
  expect(judge(three, [...known, target("i-9", "draining")])).toMatchObject({ health: "up" });
});

test("a port used again by another process is another target", () => {
  const outcome = judge(inputOf([core(1)]), [{ ...target("i-1"), port: 3568 }]);
  expect(outcome.findings).toEqual([
    { target: "acme/c1", health: "down", reason: "target-missing" },
    { target: "i-1:3568", health: "degraded", reason: "target-unlisted" },
  ]);
});

test("IP targets are matched by address and port", () => {
  const targets = [target("10.0.0.1"), target("10.0.0.2", "unhealthy"), target("10.0.0.3")];
  const outcome = judge(three, targets, { targetType: "ip" });
  expect(outcome.findings?.map(({ health }) => health)).toEqual(["up", "down", "up"]);
  const v6 = inputOf([core(1, { url: "https://[2001:db8::1]:3567" })]);
  expect(judge(v6, [target("2001:db8::1")], { targetType: "ip" })).toMatchObject({ health: "up" });
});

test("a core of which the inventory does not know enough is unknown, and its target is not called unlisted", () => {
  const outcome = judge(inputOf([core(1), core(2, { instance: undefined })]), [target("i-1"), target("i-2")]);
  expect(outcome).toMatchObject({ health: "up" });
  expect(outcome.findings).toEqual([
    { target: "acme/c1", health: "up", reason: "ok" },
    { target: "acme/c2", health: "unknown", reason: "not-seen-yet" },
  ]);
  expect(outcome.detail).toContain("give it its instance id");
});

test("a core that is still being checked for the first time is unknown", () => {
  const outcome = judge(inputOf([core(1)]), [target("i-1", "initial", "Elb.InitialHealthChecking")]);
  expect(outcome).toMatchObject({ health: "unknown", reason: "not-seen-yet" });
});

test("an unused target is sent nothing: down, with the reason why", () => {
  const outcome = judge(inputOf([core(1), core(2)]), [target("i-1"), target("i-2", "unused", "Target.InvalidState")]);
  expect(outcome.findings?.[1]).toMatchObject({ health: "down", reason: "target-unhealthy" });
  expect(outcome).toMatchObject({ measures: { unused: 1 } });
  expect(outcome.detail).toContain("Target.InvalidState");
});

test("in a shared load balancer, groups of others are not ours, and cores of another deployment explain targets", () => {
  const shared = fleet({
    deployments: [deployment({ cores: [core(1)] }), deployment({ id: "b", loadBalancer: undefined, cores: [core(2)] })],
  });
  const input = balancerOf(shared);
  const group = { arn: "a", name: "a", protocol: "HTTPS", port: 3567, targetType: "instance" };
  const groups = [
    { ...group, targets: [target("i-1"), target("i-2")] },
    { ...group, targets: [target("i-77"), target("i-78", "unhealthy")] },
  ];
  expect(judgeGroups(input, groups)).toMatchObject({ health: "up", findings: [{ target: "acme/c1", health: "up" }] });
});

test("the worst word counts when several groups have the core, and long lists are cut", () => {
  const one = inputOf([core(1)]);
  const group = { arn: "a", name: "a", protocol: "HTTPS", port: 3567, targetType: "instance" };
  const groups = [
    { ...group, targets: [target("i-1")] },
    { ...group, targets: [target("i-1", "unhealthy")] },
  ];
  expect(judgeGroups(one, groups).findings).toEqual([
    { target: "acme/c1", health: "down", reason: "target-unhealthy" },
  ]);
  const many = inputOf(Array.from({ length: 40 }, (_, index) => core(index + 1)));
  expect(judge(many, [target("i-1")]).detail).toMatch(/; and 34 more$/);
});

test("where cores are found, one that moved is not held against anybody while others are served", () => {
  const discovery = {
    settings: { from: "target-group" },
    addressing: { protocol: "https", address: "private", basePath: "" },
  } as const;
  const cores = [core(1), core(2), core(3)];
  const found = balancerOf(fleet({ deployments: [deployment({ cores, discovery })] }));
  const moved = judge(found, [target("i-1"), target("i-2"), { ...target("i-3", "initial"), port: 32_768 }]);
  expect(moved).toMatchObject({ health: "up", reason: "ok" });
  expect(moved.findings?.slice(2)).toEqual([
    { target: "acme/c3", health: "unknown", reason: "not-seen-yet" },
    { target: "i-3:32768", health: "unknown", reason: "not-seen-yet" },
  ]);
  expect(judge(found, [])).toMatchObject({ health: "down", reason: "target-missing" });
  expect(judge(found, [target("i-1"), target("i-2"), target("i-3", "unhealthy")])).toMatchObject({
    health: "degraded",
  });
});
