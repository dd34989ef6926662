import { expect, onTestFinished, test } from "vitest";
import { createLoadBalancerReader } from "../../src/aws/load-balancers.ts";
import { awsLoadBalancer } from "../../src/sandbox/aws-model.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import { stsService } from "../../src/sandbox/aws-sts.ts";
import { systemClock } from "../../src/system/clock.ts";

const account = "123456789012";
const never = new AbortController().signal;

async function start() {
  const plan = { region: "eu-west-1", account, name: "acme", zones: ["eu-west-1a"], targetGroups: [] };
  const model = { account, loadBalancers: [awsLoadBalancer({ ...plan, protocol: "HTTP", port: 80 })] };
  const services = [elbv2Service(model), stsService(model, systemClock)];
  const aws = await startAws({ clock: systemClock, services });
  onTestFinished(() => aws.stop());
  const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };
  return {
    aws,
    reader: createLoadBalancerReader({ clock: systemClock, endpoint: aws.url, credentials, maxAttempts: 1 }),
  };
}

test("a deployment's role is assumed once, and its credentials sign what follows", async () => {
  const { aws, reader } = await start();
  const place = { region: "eu-west-1", roleArn: `arn:aws:iam::${account}:role/watch` };
  expect(await reader.describe("acme", place, never)).toMatchObject({ name: "acme" });
  expect(aws.calls.map((call) => `${call.service}:${call.action}`)).toEqual([
    "sts:AssumeRole",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
  ]);
  expect(aws.calls[0]?.accessKeyId).toBe("AKIASANDBOX");
  expect(aws.calls[1]?.accessKeyId).toMatch(/^ASIA/);
  expect(aws.calls[1]?.region).toBe("eu-west-1");
});

test("a role that may not be assumed is not-authorized, and the sentence names sts:AssumeRole", async () => {
  const { reader } = await start();
  const place = { region: "eu-west-1", roleArn: "arn:aws:iam::999999999999:role/watch" };
  await expect(reader.describe("acme", place, never)).rejects.toMatchObject({
    failure: "not-authorized",
    message: expect.stringContaining("allow sts:AssumeRole"),
  });
});
