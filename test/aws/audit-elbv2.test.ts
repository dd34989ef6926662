import { expect, test } from "vitest";
import { REDIRECT_TO_HTTPS } from "../../src/sandbox/aws-elbv2-model.ts";
import { auditAccount, balancer, counted, failing, noting, place, ZONES } from "./audit-account.ts";

test("a load balancer comes whole: attributes, tags, listeners with certificates, groups with targets", async () => {
  const made = balancer("acme", {
    scheme: "internal",
    ipAddressType: "dualstack",
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    listeners: [{ port: 80, protocol: "HTTP", redirect: REDIRECT_TO_HTTPS }],
    tags: { Team: "core" },
    attributes: { "deletion_protection.enabled": "true" },
  });
  const { audit } = await auditAccount({ loadBalancers: [balancer("other"), made] });
  const cloud = audit();
  const found = await cloud.loadBalancer("acme", place);
  expect(found).toMatchObject({
    arn: made.arn,
    name: "acme",
    dnsName: made.dnsName,
    type: "application",
    scheme: "internal",
    ipAddressType: "dualstack",
    state: "active",
    zones: ZONES,
    securityGroupIds: made.securityGroupIds,
    tags: { Team: "core" },
  });
  expect(found.attributes["deletion_protection.enabled"]).toBe("true");
  expect(found.listeners).toMatchObject([
    {
      port: 3567,
      protocol: "HTTPS",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      certificateArns: [made.listeners[0]?.certificateArn],
      actions: [{ type: "forward" }],
    },
    {
      port: 80,
      protocol: "HTTP",
      certificateArns: [],
      actions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", status: "HTTP_301" } }],
    },
  ]);
  expect(found.targetGroups).toEqual([
    {
      arn: made.targetGroups[0]?.arn,
      name: "acme-group",
      targetType: "instance",
      protocol: "HTTPS",
      port: 3567,
      protocolVersion: "HTTP1",
      healthCheck: {
        path: "/hello",
        protocol: "HTTPS",
        port: "traffic-port",
        healthyThreshold: 5,
        unhealthyThreshold: 2,
        timeoutSeconds: 10,
        intervalSeconds: 30,
        codes: "200",
      },
      targets: [
        { id: "i-1", port: 3567, zone: "eu-west-1a", state: "healthy" },
        { id: "i-2", port: 3567, zone: "eu-west-1b", state: "healthy" },
      ],
    },
  ]);
  expect(await cloud.loadBalancer(made.arn, place)).toBe(found);
});

test("a load balancer that AWS does not have is not-found", async () => {
  const { audit } = await auditAccount({ loadBalancers: [balancer("acme")] });
  const error = await failing(audit().loadBalancer("acne", place));
  expect(error).toMatchObject({ name: "CloudError", failure: "not-found" });
  expect(error.message).toBe(
    "AWS in eu-west-1 has no load balancer acne: check its name, region and account in fleet.yaml",
  );
});

test("thirty load balancers take the requests that are promised, however often they are asked for", async () => {
  const names = Array.from({ length: 30 }, (_, index) => `acme-${index}`);
  const { audit, aws } = await auditAccount({ loadBalancers: names.map((name) => balancer(name)) }, { pageSize: 20 });
  const pacer = noting();
  const cloud = audit(pacer);
  for (let time = 0; time < 2; time++) {
    const all = await Promise.all(names.map((name) => cloud.loadBalancer(name, place)));
    expect(all.map(({ name }) => name)).toEqual(names);
  }
  expect(counted(pacer.operations)).toEqual({
    "elasticloadbalancing:DescribeLoadBalancers": 2,
    "elasticloadbalancing:DescribeTargetGroups": 2,
    "elasticloadbalancing:DescribeTags": 2,
    "elasticloadbalancing:DescribeLoadBalancerAttributes": 30,
    "elasticloadbalancing:DescribeListeners": 30,
    "elasticloadbalancing:DescribeListenerCertificates": 30,
    "elasticloadbalancing:DescribeTargetHealth": 30,
  });
  expect(aws.calls).toHaveLength(pacer.operations.length);
});

test("a neighbour that is deleted in mid-audit does not hide the tags of the others", async () => {
  const { audit, model } = await auditAccount({
    loadBalancers: ["acme", "beta", "gone"].map((name) => balancer(name, { tags: { Name: name } })),
  });
  const cloud = audit();
  // The listing is read, and then one goes.
  await failing(cloud.loadBalancer("none", place));
  model.loadBalancers.pop();
  expect((await cloud.loadBalancer("acme", place)).tags).toEqual({ Name: "acme" });
  expect(await failing(cloud.loadBalancer("gone", place))).toMatchObject({ failure: "not-found" });
});
