import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
  paginateDescribeLoadBalancers,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { expect, onTestFinished, test } from "vitest";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { stsService } from "../../src/sandbox/aws-sts.ts";
import { systemClock } from "../../src/system/clock.ts";

const account = "123456789012";
const balancer = (name: string, region = "eu-west-1") =>
  awsLoadBalancer({
    region,
    account,
    name,
    zones: ["eu-west-1a", "eu-west-1b"],
    protocol: "HTTPS",
    port: 443,
    targetGroups: [{ name: `${name}-cores`, port: 3567, targets: () => [] }],
    tags: { app: `<${name} & "co">` },
  });

async function start(names: readonly string[]) {
  const model: AwsModel = { account, loadBalancers: names.map((name) => balancer(name)) };
  const services = [elbv2Service(model, { pageSize: 2 }), stsService(model, systemClock)];
  const aws = await startAws({ clock: systemClock, services });
  onTestFinished(() => aws.stop());
  const client = new ElasticLoadBalancingV2Client({
    endpoint: aws.url,
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return { aws, client, model };
}

test("the SDK pages through all load balancers", async () => {
  const { aws, client } = await start(["a", "b", "c", "d", "e"]);
  const names = [];
  for await (const page of paginateDescribeLoadBalancers({ client }, {}))
    names.push(...(page.LoadBalancers ?? []).map((each) => each.LoadBalancerName));
  expect(names).toEqual(["a", "b", "c", "d", "e"]);
  expect(aws.calls.map((call) => call.action)).toEqual(Array(3).fill("DescribeLoadBalancers"));
  expect(aws.calls[0]).toMatchObject({
    service: "elasticloadbalancing",
    region: "eu-west-1",
    accessKeyId: "AKIASANDBOX",
  });
});

test("listeners, attributes and tags are told, with characters that XML must escape", async () => {
  const { client, model } = await start(["acme"]);
  const arn = model.loadBalancers[0]?.arn;
  expect(arn).toMatch(/^arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer\/app\/acme\/[0-9a-f]{16}$/);
  const listeners = await client.send(new DescribeListenersCommand({ LoadBalancerArn: arn }));
  expect(listeners.Listeners?.[0]).toMatchObject({
    Port: 443,
    Protocol: "HTTPS",
    SslPolicy: "ELBSecurityPolicy-2016-08",
  });
  const attributes = await client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn }));
  expect(attributes.Attributes).toContainEqual({ Key: "access_logs.s3.enabled", Value: "false" });
  const tags = await client.send(new DescribeTagsCommand({ ResourceArns: [arn ?? ""] }));
  expect(tags.TagDescriptions?.[0]?.Tags).toEqual([{ Key: "app", Value: '<acme & "co">' }]);
});

test("errors come as the SDK's own exceptions", async () => {
  const { aws, client } = await start(["acme"]);
  const absent = client.send(new DescribeListenersCommand({ LoadBalancerArn: "arn:none" }));
  await expect(absent).rejects.toMatchObject({ name: "LoadBalancerNotFoundException" });
  aws.setTroubles([{ kind: "throttle", action: "DescribeTags" }]);
  await expect(client.send(new DescribeTagsCommand({ ResourceArns: ["arn:none"] }))).rejects.toMatchObject({
    name: /Throttling/,
  });
});

test("a request without a signature is refused", async () => {
  const { aws } = await start(["acme"]);
  const answer = await fetch(aws.url, { method: "POST", body: "Action=DescribeLoadBalancers&Version=2015-12-01" });
  expect(answer.status).toBe(403);
});

test("STS assumes roles of its own account and says who is calling", async () => {
  const { aws } = await start([]);
  const ask = async (body: string, key = "AKIASANDBOX") => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${key}/20261121/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0`;
    const answer = await fetch(aws.url, { method: "POST", headers: { authorization }, body });
    return { status: answer.status, text: await answer.text() };
  };
  const assumed = await ask(
    "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fwatch&RoleSessionName=corewatch",
  );
  expect(assumed.status).toBe(200);
  const key = /<AccessKeyId>(ASIA\w+)</.exec(assumed.text)?.[1];
  expect((await ask("Action=GetCallerIdentity", key)).text).toContain("assumed-role/watch/corewatch</Arn>");
  const foreign = await ask(
    "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A999999999999%3Arole%2Fwatch&RoleSessionName=corewatch",
  );
  expect(foreign).toMatchObject({ status: 403 });
  expect(foreign.text).toContain("<Code>AccessDenied</Code>");
});
