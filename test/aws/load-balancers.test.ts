import { expect, onTestFinished, test, vi } from "vitest";
import { createLoadBalancerReader } from "../../src/aws/load-balancers.ts";
import type { CloudError } from "../../src/domain/index.ts";
import { awsLoadBalancer, type AwsModel } from "../../src/sandbox/aws-model.ts";
import { elbv2Service } from "../../src/sandbox/aws-elbv2.ts";
import { startAws } from "../../src/sandbox/aws-server.ts";
import type { TargetView } from "../../src/sandbox/load-balancer-targets.ts";
import { systemClock } from "../../src/system/clock.ts";
import { FakeClock } from "../fakes/clock.ts";

const account = "123456789012";
const place = { region: "eu-west-1", roleArn: undefined };
const never = new AbortController().signal;

const target = (id: string, state: TargetView["state"] = "healthy"): TargetView => ({
  id,
  port: 3567,
  zone: "eu-west-1a",
  url: "http://127.0.0.1:1",
  state,
  reason: state === "healthy" ? "" : "Target.ResponseCodeMismatch",
  description: state === "healthy" ? "" : "Health checks failed with these codes: [500]",
});

async function start(options: { groups?: number } = {}) {
  const groups = Array.from({ length: options.groups ?? 1 }, (_, index) => ({
    name: `cores-${index}`,
    port: 3567,
    targets: () => [target(`i-${index}`), target(`j-${index}`, "unhealthy")],
  }));
  const plan = { region: "eu-west-1", account, name: "acme-production", zones: ["eu-west-1a", "eu-west-1b"] };
  const model: AwsModel = {
    account,
    loadBalancers: [awsLoadBalancer({ ...plan, protocol: "HTTPS", port: 443, targetGroups: groups })],
  };
  const aws = await startAws({ clock: systemClock, services: [elbv2Service(model, { pageSize: 2 })] });
  onTestFinished(() => aws.stop());
  const clock = new FakeClock();
  const credentials = { accessKeyId: "AKIASANDBOX", secretAccessKey: "secret" };
  const reader = createLoadBalancerReader({ clock, endpoint: aws.url, credentials, maxAttempts: 1 });
  return { aws, clock, reader, arn: model.loadBalancers[0]?.arn ?? "" };
}

const failing = (promise: Promise<unknown>): Promise<CloudError> =>
  promise.then(
    () => {
      throw new Error("it answered");
    },
    (error: CloudError) => error,
  );

test("by name and by ARN: state, zones, and every target of every page of groups", async () => {
  const { reader, arn } = await start({ groups: 5 });
  const facts = await reader.describe("acme-production", place, never);
  expect(facts).toMatchObject({ arn, name: "acme-production", state: "active", zones: ["eu-west-1a", "eu-west-1b"] });
  expect(facts.dnsName).toMatch(/^acme-production-\d+\.eu-west-1\.elb\.amazonaws\.com$/);
  expect(facts.targetGroups.map((group) => group.name)).toEqual([
    "cores-0",
    "cores-1",
    "cores-2",
    "cores-3",
    "cores-4",
  ]);
  expect(facts.targetGroups[4]).toMatchObject({ targetType: "instance", protocol: "HTTPS", port: 3567 });
  expect(facts.targetGroups[4]?.targets).toEqual([
    { id: "i-4", port: 3567, zone: "eu-west-1a", state: "healthy", reason: "", description: "" },
    {
      id: "j-4",
      port: 3567,
      zone: "eu-west-1a",
      state: "unhealthy",
      reason: "Target.ResponseCodeMismatch",
      description: "Health checks failed with these codes: [500]",
    },
  ]);
  expect(await reader.describe(arn, place, never)).toEqual(facts);
});

test("two looks in one moment are one read; a second later it is read again", async () => {
  const { aws, clock, reader } = await start();
  const [a, b] = await Promise.all([
    reader.describe("acme-production", place, never),
    reader.describe("acme-production", place, never),
  ]);
  expect(a).toBe(b);
  await clock.advance(900);
  expect(await reader.describe("acme-production", place, never)).toBe(a);
  expect(aws.calls).toHaveLength(3);
  await clock.advance(200);
  await reader.describe("acme-production", place, never);
  expect(aws.calls).toHaveLength(6);
});

test("a load balancer that AWS does not have is not-found", async () => {
  const { reader } = await start();
  const error = await failing(reader.describe("acme-producton", place, never));
  expect(error).toMatchObject({ name: "CloudError", failure: "not-found" });
  expect(error.message).toBe(
    "AWS in eu-west-1 has no load balancer acme-producton: check its name, region and account in fleet.yaml",
  );
  expect(await failing(reader.describe("acme-production", { ...place, region: "us-east-1" }, never))).toMatchObject({
    failure: "not-found",
  });
});

test.each(["DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth"])(
  "denied %s is not-authorized and names the permission",
  async (action) => {
    const { aws, reader } = await start();
    aws.setTroubles([{ kind: "deny", action }]);
    const error = await failing(reader.describe("acme-production", place, never));
    expect(error).toMatchObject({ failure: "not-authorized" });
    expect(error.message).toContain(`allow elasticloadbalancing:${action} to the credentials`);
  },
);

test.each([
  ["throttle", "throttled"],
  ["error", "unreachable"],
  ["down", "unreachable"],
] as const)("trouble %s is %s, and is not kept", async (kind, failure) => {
  const { aws, reader } = await start();
  aws.setTroubles([{ kind }]);
  expect(await failing(reader.describe("acme-production", place, never))).toMatchObject({ failure });
  aws.setTroubles([]);
  expect(await reader.describe("acme-production", place, never)).toMatchObject({ state: "active" });
});

test("an endpoint that never answers: the caller's signal ends it at once, and a newcomer starts anew", async () => {
  const { aws, reader } = await start();
  aws.setTroubles([{ kind: "hang" }]);
  const controller = new AbortController();
  const reading = failing(reader.describe("acme-production", place, controller.signal));
  await expect.poll(() => aws.calls.length, { interval: 5 }).toBe(1);
  controller.abort();
  expect(await reading).toMatchObject({ failure: "cancelled" });
  aws.setTroubles([]);
  expect(await reader.describe("acme-production", place, never)).toMatchObject({ state: "active" });
});

test("one caller who gives up does not end the read of another", async () => {
  const { aws, reader } = await start();
  const controller = new AbortController();
  const first = failing(reader.describe("acme-production", place, controller.signal));
  const second = reader.describe("acme-production", place, never);
  controller.abort();
  expect(await first).toMatchObject({ failure: "cancelled" });
  expect(await second).toMatchObject({ state: "active" });
  expect(aws.calls).toHaveLength(3);
});

test("without a region or credentials the sentence says what to set", async () => {
  const { aws } = await start();
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  const reader = createLoadBalancerReader({ clock: systemClock, endpoint: aws.url, maxAttempts: 1 });
  const nowhere = await failing(reader.describe("acme-production", { ...place, region: undefined }, never));
  expect(nowhere.message).toBe(
    "no AWS region is known for load balancer acme-production: set region in fleet.yaml or AWS_REGION",
  );
  const nobody = await failing(reader.describe("acme-production", place, never));
  expect(nobody).toMatchObject({ failure: "not-authorized" });
  expect(nobody.message).toContain("no AWS credentials were found");
});
