import { request } from "node:http";
import { text } from "node:stream/consumers";
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { accessLogObjects } from "../../src/sandbox/aws-s3-logs.ts";
import { awsBucket, type AwsBucket } from "../../src/sandbox/aws-s3-model.ts";
import { s3Service } from "../../src/sandbox/aws-s3.ts";
import { endpoint, REGION } from "./aws-endpoint.ts";

const object = (key: string) => ({ key, size: 1, lastModified: Date.parse("2026-11-21T08:00:00Z") });
const Bucket = "logs";

async function start(bucket: Partial<AwsBucket> = {}) {
  const made = awsBucket({ name: Bucket, region: REGION, ...bucket });
  const { aws, client } = await endpoint({ buckets: [made] }, (model) => [s3Service(model, { pageSize: 3 })]);
  const s3 = new S3Client(client);
  onTestFinished(() => s3.destroy());
  return { aws, s3, bucket: made };
}

test("a new bucket: SSE-S3, all public access blocked, no versioning, tags or lifecycle", async () => {
  const { s3 } = await start();
  expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
  const { ServerSideEncryptionConfiguration: encryption } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
  expect(encryption?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe("AES256");
  expect((await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  });
  await expect(s3.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toMatchObject({ name: "NoSuchTagSet" });
  await expect(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject({
    name: "NoSuchLifecycleConfiguration",
    $metadata: { httpStatusCode: 404 },
  });
  expect((await s3.send(new HeadBucketCommand({ Bucket }))).$metadata.httpStatusCode).toBe(200);
});

test("a bucket's settings come as they are in the model", async () => {
  const { s3, bucket } = await start({
    versioning: "Enabled",
    encryption: "aws:kms",
    tags: { VantaOwner: "ops@example.com", "a&b": "<c>" },
    lifecycle: [
      { id: "expire", enabled: true, prefix: "", expireDays: 90, expireNoncurrentDays: 30 },
      { id: "cold", enabled: false, prefix: "x/", transition: { days: 10, storageClass: "GLACIER" } },
    ],
  });
  delete bucket.publicAccessBlock;
  expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
  await expect(s3.send(new GetPublicAccessBlockCommand({ Bucket }))).rejects.toMatchObject({
    name: "NoSuchPublicAccessBlockConfiguration",
  });
  expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([
    { Key: "VantaOwner", Value: "ops@example.com" },
    { Key: "a&b", Value: "<c>" },
  ]);
  const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  expect(Rules).toMatchObject([
    {
      ID: "expire",
      Status: "Enabled",
      Expiration: { Days: 90 },
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    },
    { ID: "cold", Status: "Disabled", Transitions: [{ Days: 10, StorageClass: "GLACIER" }] },
  ]);
});

test("listings: byte order, prefix, start-after, and pages that neither lose nor repeat", async () => {
  const keys = ["b/2", "a", "b/1", "B", "c", "b/3", "d", "e"];
  const { s3, aws } = await start({ objects: () => keys.map(object) });
  const read: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket }))
    read.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
  expect(read).toEqual(["B", "a", "b/1", "b/2", "b/3", "c", "d", "e"]);
  expect(aws.calls).toHaveLength(3);
  const after = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "b/", StartAfter: "b/1" }));
  expect(after.Contents?.map(({ Key }) => Key)).toEqual(["b/2", "b/3"]);
  expect(after).toMatchObject({ KeyCount: 2, IsTruncated: false });
  expect(after.Contents?.[0]?.LastModified).toEqual(new Date("2026-11-21T08:00:00Z"));
});

test("a delimiter folds keys into common prefixes, each told once over all pages", async () => {
  const keys = ["p/a/1", "p/a/2", "p/b/1", "p/c/1", "p/d/1", "p/d/2", "p/z", "q/1"];
  const { s3 } = await start({ objects: () => keys.map(object) });
  const folders: string[] = [];
  const files: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: "p/", Delimiter: "/" })) {
    folders.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ""));
    files.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
  }
  expect([folders, files]).toEqual([["p/a/", "p/b/", "p/c/", "p/d/"], ["p/z"]]);
});

/** The bucket is in the name of the host, as the SDK writes it for AWS's own endpoints. */
function byVirtualHost(port: string): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=A/20261121/${REGION}/s3/aws4_request`;
  const headers = { host: `${Bucket}.s3.${REGION}.amazonaws.com`, authorization };
  return new Promise((resolve, reject) => {
    const asked = request({ port, path: "/?versioning", headers }, (answer) => resolve(text(answer)));
    asked.once("error", reject);
    asked.end();
  });
}

test("by virtual host as well as by path", async () => {
  const { aws } = await start({ versioning: "Suspended" });
  expect(await byVirtualHost(new URL(aws.url).port)).toContain("<Status>Suspended</Status>");
});

test("a bucket that is not there, a refusal and throttling bear S3's own codes", async () => {
  const { s3, aws } = await start();
  const missing = new GetBucketVersioningCommand({ Bucket: "other" });
  await expect(s3.send(missing)).rejects.toMatchObject({ name: "NoSuchBucket", $metadata: { httpStatusCode: 404 } });
  aws.setTroubles([{ kind: "deny" }]);
  await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({
    name: "AccessDenied",
    message: expect.stringContaining("not authorized to perform: s3:ListBucket"),
  });
  aws.setTroubles([{ kind: "throttle", service: "s3", action: "GetBucketTagging" }]);
  await expect(s3.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toMatchObject({
    name: "SlowDown",
    $metadata: { httpStatusCode: 503 },
  });
});

test("access logs: a file for each node and five minutes, where and as a load balancer names them", () => {
  const balancerArn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/acme/0123456789abcdef";
  const logs = {
    balancerArn,
    prefix: "acme",
    from: Date.parse("2026-11-20T23:54:00Z"),
    until: Date.parse("2026-11-21T00:06:30Z"),
    nodes: ["203.0.113.10"],
  };
  const found = accessLogObjects(logs);
  expect(found.map(({ key }) => key.replace(/_[0-9a-f]{8}\.log\.gz$/, ""))).toEqual(
    [
      ["2026/11/20", "20261120T2355Z"],
      ["2026/11/21", "20261121T0000Z"],
      ["2026/11/21", "20261121T0005Z"],
    ].map(
      ([day, minute]) =>
        `acme/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/${day}/123456789012_elasticloadbalancing_eu-west-1_app.acme.0123456789abcdef_${minute}_203.0.113.10`,
    ),
  );
  expect(found[2]?.lastModified).toBe(Date.parse("2026-11-21T00:06:00Z"));
  expect(accessLogObjects(logs)).toEqual(found);
  expect(accessLogObjects({ ...logs, prefix: "" })[0]?.key).toMatch(/^AWSLogs\//);
});
