import { expect, onTestFinished, test, vi } from "vitest";
import { createAuditCloud } from "../../src/aws/audit-cloud.ts";
import { accessLogObjects } from "../../src/sandbox/aws-s3-logs.ts";
import { awsBucket, type AwsBucket } from "../../src/sandbox/aws-s3-model.ts";
import { auditAccount, balancer, counted, failing, noting, place, REGION } from "./audit-account.ts";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

async function started(bucket: Partial<AwsBucket> = {}, options: { readonly pageSize?: number } = {}) {
  const made = awsBucket({ name: "logs", region: REGION, ...bucket });
  const account = await auditAccount({ buckets: [made] }, options);
  const pacer = noting();
  return { ...account, made, pacer, cloud: account.audit(pacer) };
}

test("a bucket as the runbook wants it, in five requests", async () => {
  const { cloud, pacer } = await started({
    versioning: "Enabled",
    tags: { VantaOwner: "ops@example.com" },
    lifecycle: [
      { id: "expire", enabled: true, prefix: "", expireDays: 90, expireNoncurrentDays: 30 },
      { id: "cold", enabled: true, prefix: "acme/", transition: { days: 10, storageClass: "GLACIER" } },
      { id: "off", enabled: false, prefix: "", expireDays: 1 },
    ],
  });
  const found = await cloud.bucket("logs", place);
  expect(found).toEqual({
    name: "logs",
    versioning: "Enabled",
    encryption: "AES256",
    publicAccessBlocked: true,
    tags: { VantaOwner: "ops@example.com" },
    lifecycle: [
      "expire after 90 days",
      "delete old versions after 30 days",
      "move to GLACIER after 10 days, below acme/",
    ],
  });
  expect(await cloud.bucket("logs", place)).toBe(found);
  expect(pacer.operations).toHaveLength(5);
});

test("what was never configured is off, and no failure; one open switch is not blocked", async () => {
  const { cloud, made, audit } = await started({ encryption: "aws:kms" });
  const open = made.publicAccessBlock;
  delete made.publicAccessBlock;
  expect(await cloud.bucket("logs", place)).toEqual({
    name: "logs",
    versioning: "off",
    encryption: "aws:kms",
    publicAccessBlocked: false,
    tags: {},
    lifecycle: [],
  });
  if (open === undefined) throw new Error("no block");
  made.publicAccessBlock = { ...open, restrictPublicBuckets: false };
  expect((await audit().bucket("logs", place)).publicAccessBlocked).toBe(false);
});

test("a bucket that is not there is not-found, for its settings and for its objects", async () => {
  const { cloud } = await started();
  for (const read of [cloud.bucket("none", place), cloud.newestLogObject("none", "AWSLogs/", 7, place)])
    expect(await failing(read)).toMatchObject({ name: "CloudError", failure: "not-found" });
});

const [acme, beta] = [balancer("acme"), balancer("beta")];

test.each([
  ["arriving", 3 * MINUTE, "2026-11-21T08:00:00Z", 1],
  ["arriving, and it is just after midnight", 3 * MINUTE, "2026-11-21T00:02:00Z", 2],
  ["since some hours not", 200 * MINUTE, "2026-11-21T08:00:00Z", 2],
  ["since three days not", 3 * DAY, "2026-11-21T08:00:00Z", 5],
])("the newest log of one balancer while logs are %s", async (_when, age, now, requests) => {
  const until = Date.parse(now) - age;
  const objects = accessLogObjects({ balancerArn: acme.arn, prefix: "p", from: until - DAY, until });
  const others = accessLogObjects({ balancerArn: beta.arn, prefix: "p", from: until - DAY, until: Date.parse(now) });
  const { cloud, pacer, clock } = await started({ objects: () => [...objects, ...others] });
  clock.step(Date.parse(now) - clock.now());
  const expected = Math.max(...objects.map(({ lastModified }) => lastModified));
  expect(await cloud.newestLogObject("logs", "p/AWSLogs/", 7, place, acme.arn)).toBe(expected);
  await cloud.newestLogObject("logs", "p/AWSLogs/", 7, place, acme.arn);
  expect(counted(pacer.operations)).toEqual({ "s3:ListBucket": requests });
});

test("without a balancer, the newest of all accounts, regions and balancers below the prefix, over small pages", async () => {
  const { cloud, clock, made } = await started({}, { pageSize: 3 });
  const now = clock.now();
  const elsewhere = acme.arn.replace("eu-west-1", "us-east-1").replace("123456789012", "210987654321");
  const of = (balancerArn: string, age: number) =>
    accessLogObjects({ balancerArn, prefix: "", from: now - 8 * 60 * MINUTE, until: now - age });
  const objects = [...of(acme.arn, 120 * MINUTE), ...of(beta.arn, 90 * MINUTE), ...of(elsewhere, 10 * MINUTE)];
  made.objects = () => objects;
  const newest = await cloud.newestLogObject("logs", "AWSLogs/", 7, place);
  expect(newest).toBe(Math.max(...objects.map(({ lastModified }) => lastModified)));
});

test("a test file or a log that is older than asked for is none", async () => {
  const { cloud, clock, made } = await started();
  const until = clock.now() - 8 * DAY;
  const old = accessLogObjects({ balancerArn: acme.arn, prefix: "", from: until - DAY, until });
  made.objects = () => [
    { key: "AWSLogs/123456789012/ELBAccessLogTestFile", size: 90, lastModified: clock.now() },
    ...old,
  ];
  expect(await cloud.newestLogObject("logs", "AWSLogs/", 7, place, acme.arn)).toBeUndefined();
  expect(await cloud.newestLogObject("logs", "AWSLogs/", 7, place)).toBeUndefined();
  expect(await cloud.newestLogObject("logs", "AWSLogs/", 9, place, acme.arn)).toBeGreaterThan(until - 10 * MINUTE);
});

test("an endpoint with a name, from the environment: the bucket is asked for by path, not by a host that nobody made", async () => {
  const { aws, clock } = await started();
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url.replace("127.0.0.1", "localhost"));
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIASANDBOX");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  const { signal } = new AbortController();
  const cloud = createAuditCloud({ clock, pacer: noting(), signal });
  expect(await cloud.bucket("logs", place)).toMatchObject({ name: "logs", publicAccessBlocked: true });
});
