import {
  DescribeListenerCertificatesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { expect, test } from "vitest";
import { RUNBOOK_GROUPS, securityGroupId } from "../../src/sandbox/aws-ec2-model.ts";
import { REDIRECT_TO_HTTPS, type LoadBalancerPlan } from "../../src/sandbox/aws-elbv2-model.ts";
import { modelTargets } from "../../src/sandbox/aws-elbv2-targets.ts";
import { awsLoadBalancer } from "../../src/sandbox/aws-model.ts";
import { ACCOUNT, computeAccount, REGION, ZONES } from "./compute-account.ts";

async function balanced(plan: Partial<LoadBalancerPlan> = {}) {
  const account = await computeAccount();
  const targets = modelTargets({
    now: () => account.clock.now(),
    zoneOf: (id) => (id.startsWith("i-") ? "eu-west-1a" : undefined),
    initialMs: 30_000,
  });
  const balancer = awsLoadBalancer({
    region: REGION,
    account: ACCOUNT,
    name: "acme",
    zones: ZONES,
    protocol: "HTTPS",
    port: 3567,
    targetGroups: [{ name: "acme", port: 3567, targets: targets.targets, changes: targets.changes }],
    ...plan,
  });
  account.model.loadBalancers.push(balancer);
  const groupArn = balancer.targetGroups[0]?.arn ?? "";
  const health = async (ids?: { Id: string; Port: number }[]) => {
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: groupArn, ...(ids && { Targets: ids }) });
    const { TargetHealthDescriptions = [] } = await account.elb.send(command);
    return TargetHealthDescriptions.map(({ Target, TargetHealth }) => [
      `${Target?.Id}:${Target?.Port}`,
      TargetHealth?.State,
      TargetHealth?.Reason,
    ]);
  };
  return { ...account, balancer, targets, groupArn, health };
}

test("a load balancer is by default as the runbook makes it, and can be made otherwise while it runs", async () => {
  const { elb, balancer } = await balanced();
  const read = async () => (await elb.send(new DescribeLoadBalancersCommand({ Names: ["acme"] }))).LoadBalancers?.[0];
  expect(await read()).toMatchObject({
    Type: "application",
    Scheme: "internet-facing",
    IpAddressType: "ipv4",
    State: { Code: "active" },
    SecurityGroups: RUNBOOK_GROUPS.map((name) => securityGroupId(REGION, name)),
  });
  expect((await read())?.AvailabilityZones?.map((zone) => zone.ZoneName)).toEqual(ZONES);
  balancer.scheme = "internal";
  balancer.type = "network";
  balancer.ipAddressType = "dualstack";
  balancer.securityGroupIds = [];
  expect(await read()).toMatchObject({ Type: "network", Scheme: "internal", IpAddressType: "dualstack" });
  expect((await read())?.SecurityGroups ?? []).toEqual([]);
  const many = Array.from({ length: 21 }, (_, index) => `n${index}`);
  await expect(elb.send(new DescribeLoadBalancersCommand({ Names: many }))).rejects.toMatchObject({
    name: "ValidationError",
  });
});

test("a target group tells all settings of its health check, and its attributes", async () => {
  const { elb, groupArn, balancer } = await balanced();
  const read = async () =>
    (await elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [groupArn] }))).TargetGroups;
  expect((await read())?.[0]).toMatchObject({
    TargetType: "instance",
    Protocol: "HTTPS",
    Port: 3567,
    ProtocolVersion: "HTTP1",
    HealthCheckPath: "/hello",
    HealthCheckProtocol: "HTTPS",
    HealthCheckPort: "traffic-port",
    HealthyThresholdCount: 5,
    UnhealthyThresholdCount: 2,
    HealthCheckTimeoutSeconds: 10,
    HealthCheckIntervalSeconds: 30,
    Matcher: { HttpCode: "200" },
    LoadBalancerArns: [balancer.arn],
  });
  const [group] = balancer.targetGroups;
  if (group === undefined) throw new Error("there is no group");
  group.healthCheck = { ...group.healthCheck, path: "/", codes: "200-399", timeoutSeconds: 5 };
  expect((await read())?.[0]).toMatchObject({
    HealthCheckPath: "/",
    Matcher: { HttpCode: "200-399" },
    HealthCheckTimeoutSeconds: 5,
  });
  const attributes = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: groupArn }));
  expect(attributes.Attributes).toContainEqual({ Key: "deregistration_delay.timeout_seconds", Value: "300" });
});

test("listeners tell policy, certificate and redirect; rules come by priority, the default last", async () => {
  const { elb, balancer } = await balanced({
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
    listeners: [
      {
        port: 80,
        protocol: "HTTP",
        redirect: REDIRECT_TO_HTTPS,
        rules: [
          { priority: 20, field: "host-header", values: ["b.example"] },
          { priority: 10, field: "path-pattern", values: ["/a"], redirect: REDIRECT_TO_HTTPS },
        ],
      },
    ],
  });
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn: balancer.arn }));
  expect(Listeners).toMatchObject([
    {
      Port: 3567,
      Protocol: "HTTPS",
      SslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      Certificates: [{ CertificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1" }],
      DefaultActions: [{ Type: "forward", TargetGroupArn: balancer.targetGroups[0]?.arn }],
    },
    {
      Port: 80,
      Protocol: "HTTP",
      DefaultActions: [
        { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" } },
      ],
    },
  ]);
  const ListenerArn = Listeners[1]?.ListenerArn;
  const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn }));
  expect(Rules.map((rule) => [rule.Priority, rule.IsDefault, rule.Actions?.[0]?.Type])).toEqual([
    ["10", false, "redirect"],
    ["20", false, "forward"],
    ["default", true, "redirect"],
  ]);
  const one = await elb.send(new DescribeRulesCommand({ RuleArns: [Rules[1]?.RuleArn ?? ""] }));
  expect(one.Rules?.[0]?.Conditions?.[0]?.HostHeaderConfig?.Values).toEqual(["b.example"]);
  await expect(elb.send(new DescribeRulesCommand({ RuleArns: [`${Rules[1]?.RuleArn}0`] }))).rejects.toMatchObject({
    name: "RuleNotFoundException",
  });
  const asked = new DescribeListenerCertificatesCommand({ ListenerArn: Listeners[0]?.ListenerArn });
  expect((await elb.send(asked)).Certificates?.map((certificate) => certificate.IsDefault)).toEqual([true]);
});

test("attributes and tags are told; at most twenty resources' tags at once, and none of what is not there", async () => {
  const { elb, balancer, groupArn } = await balanced({
    attributes: { "access_logs.s3.enabled": "true", "access_logs.s3.bucket": "acme-logs" },
    tags: { VantaOwner: "ops" },
  });
  const attributes = new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: balancer.arn });
  const pairs = (await elb.send(attributes)).Attributes ?? [];
  expect(pairs).toContainEqual({ Key: "access_logs.s3.bucket", Value: "acme-logs" });
  expect(pairs).toContainEqual({ Key: "deletion_protection.enabled", Value: "false" });
  const tags = await elb.send(new DescribeTagsCommand({ ResourceArns: [balancer.arn, groupArn] }));
  expect(tags.TagDescriptions?.map((one) => one.Tags)).toEqual([[{ Key: "VantaOwner", Value: "ops" }], []]);
  const many = Array.from({ length: 21 }, () => balancer.arn);
  await expect(elb.send(new DescribeTagsCommand({ ResourceArns: many }))).rejects.toThrow(/20/);
  await expect(elb.send(new DescribeTagsCommand({ ResourceArns: [`${groupArn}0`] }))).rejects.toMatchObject({
    name: "TargetGroupNotFoundException",
  });
});

test("a target is initial, healthy, draining and gone; other states are told as they are set", async () => {
  const { elb, groupArn, clock, health, targets } = await balanced();
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn: groupArn, Targets: [{ Id: "i-1" }, { Id: "i-2" }] }));
  expect(await health()).toEqual([
    ["i-1:3567", "initial", "Elb.RegistrationInProgress"],
    ["i-2:3567", "initial", "Elb.RegistrationInProgress"],
  ]);
  await clock.advance(30_000);
  expect((await health()).map(([, state, reason]) => [state, reason])).toEqual([
    ["healthy", undefined],
    ["healthy", undefined],
  ]);
  for (const state of ["unhealthy", "unhealthy.draining", "unused", "unavailable"] as const) {
    targets.set("i-2", 3567, state);
    expect((await health())[1]?.[1]).toBe(state);
  }
  targets.changes.deregister("i-1", 3567);
  expect((await health())[0]).toEqual(["i-1:3567", "draining", "Target.DeregistrationInProgress"]);
  await clock.advance(300_000);
  expect(await health()).toHaveLength(1);
  expect(await health([{ Id: "i-1", Port: 3567 }])).toEqual([["i-1:3567", "unused", "Target.NotRegistered"]]);
  await expect(
    elb.send(new RegisterTargetsCommand({ TargetGroupArn: groupArn, Targets: [{ Id: "x" }] })),
  ).rejects.toMatchObject({ name: "InvalidTargetException" });
});
