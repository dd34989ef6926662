import { expect, onTestFinished, test } from "vitest";
import type { AuditCloud } from "../../src/domain/index.ts";
import { launchInstance } from "../../src/sandbox/aws-ec2-life.ts";
import { addElasticAddress, emptyEc2 } from "../../src/sandbox/aws-ec2-model.ts";
import { accessLogObjects } from "../../src/sandbox/aws-s3-logs.ts";
import { awsBucket } from "../../src/sandbox/aws-s3-model.ts";
import { shop } from "../sandbox/compute-account.ts";
import { ACCOUNT, auditAccount, auditOver, balancer, failing, noting, place, REGION } from "./audit-account.ts";

const acme = balancer("acme");
const certificateArn = `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/0a1b2c3d`;
const topicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:ops`;

/** An account in which everything that is asked for is there, over several pages where pages can be made small. */
async function whole() {
  const many = (count: number) => Array.from({ length: count }, (_, index) => index);
  const account = await auditAccount(
    {
      loadBalancers: [acme, balancer("beta"), balancer("gamma")],
      ec2: emptyEc2(REGION),
      certificates: [{ arn: certificateArn, domainName: "a.example.com", alternativeNames: [], status: "ISSUED" }],
      buckets: [
        awsBucket({
          name: "logs",
          region: REGION,
          tags: { a: "b" },
          lifecycle: [{ id: "x", enabled: true, prefix: "", expireDays: 9 }],
          objects: () =>
            accessLogObjects({
              balancerArn: acme.arn,
              prefix: "",
              from: account.clock.now() - 3_600_000,
              until: account.clock.now(),
            }),
        }),
      ],
      hostedZones: many(3).map((index) => ({
        id: `Z${index}`,
        name: `zone-${index}.com.`,
        records: many(5).map((record) => ({
          name: `a${record}.zone-${index}.com.`,
          type: "A",
          values: ["203.0.113.1"],
        })),
      })),
      distributions: many(3).map((index) => ({
        id: `E${index}`,
        domainName: `E${index}.cloudfront.net`,
        enabled: true,
        aliases: [],
        origins: [{ id: "o", domainName: "o.example.com" }],
      })),
      logGroups: many(3).map((index) => ({ region: REGION, name: `/ecs/core${index === 0 ? "" : index}` })),
    },
    { pageSize: 2 },
  );
  const { model, clock, alarms } = account;
  addElasticAddress(model, { region: REGION, publicIp: "198.51.100.7" });
  const at = clock.now() - 3_600_000;
  launchInstance(model, { id: "i-1", zone: "eu-west-1a", type: "t3.small", privateIp: "10.0.0.1", at });
  alarms.sns.topics.create(REGION, "ops", new Map(), new Map());
  return account;
}

const READS: Record<string, (cloud: AuditCloud) => Promise<unknown>> = {
  loadBalancer: (cloud) => cloud.loadBalancer("acme", place),
  zones: (cloud) => cloud.zones(place),
  securityGroups: (cloud) => cloud.securityGroups(acme.securityGroupIds, place),
  instances: (cloud) => cloud.instances(["i-1"], place),
  instancesTagged: (cloud) => cloud.instancesTagged({}, place),
  ownAddresses: (cloud) => cloud.ownAddresses(place),
  certificate: (cloud) => cloud.certificate(certificateArn, place),
  bucket: (cloud) => cloud.bucket("logs", place),
  newestLogObject: (cloud) => cloud.newestLogObject("logs", "AWSLogs/", 7, place, acme.arn),
  "newestLogObject of all": (cloud) => cloud.newestLogObject("logs", "AWSLogs/", 7, place),
  records: (cloud) => cloud.records("a4.zone-2.com", place),
  distributions: (cloud) => cloud.distributions(place),
  logRetention: (cloud) => cloud.logRetention("/ecs/core", place),
  alarms: (cloud) => cloud.alarms(place),
  topic: (cloud) => cloud.topic(topicArn, place),
};

const TROUBLES = {
  throttle: "throttled",
  deny: "not-authorized",
  error: "unreachable",
  down: "unreachable",
  cut: "unreachable",
  truncate: "unreachable",
} as const;

type Account = Pick<Awaited<ReturnType<typeof whole>>, "aws" | "clock">;

/** Breaks every single request of a read, one after the other, in every way. */
async function breakEach({ aws, clock }: Account, read: (cloud: AuditCloud) => Promise<unknown>): Promise<void> {
  const pacer = noting();
  const before = aws.calls.length;
  const answer = await read(auditOver(aws.url, clock, pacer));
  const requests = aws.calls.slice(before).map(({ service, action }) => ({ service, action }));
  expect(requests).toHaveLength(pacer.operations.length);
  const seen = new Map<string, number>();
  for (const { service, action } of requests) {
    const skip = seen.get(action) ?? 0;
    seen.set(action, skip + 1);
    for (const [kind, failure] of Object.entries(TROUBLES)) {
      aws.setTroubles([{ kind: kind as keyof typeof TROUBLES, service, action, skip, times: 1 }]);
      const broken = noting();
      const error = await failing(read(auditOver(aws.url, clock, broken)));
      await broken.idle();
      expect([action, skip, kind, error.name, error.failure]).toEqual([action, skip, kind, "CloudError", failure]);
      expect(error.message).toMatch(/^[^\n]+$/);
      // A refusal names what to allow, as it is paced: by IAM's name.
      const wanted = /: allow (\S+) to /.exec(error.message)?.[1];
      expect(pacer.operations.some((operation) => operation === wanted)).toBe(kind === "deny");
    }
  }
  aws.setTroubles([]);
  expect(await read(auditOver(aws.url, clock))).toEqual(answer);
}

test.each(Object.keys(READS))("%s: no trouble of any request gives half an answer", async (name) => {
  await breakEach(await whole(), READS[name] ?? (() => Promise.reject(new Error(name))));
});

test("ecsService: no trouble of any request gives half an answer", async () => {
  await breakEach(await shop(), (cloud) => cloud.ecsService("shop", "web", place));
});

test("what failed in passing is asked again, what was denied is not", async () => {
  const { aws, audit } = await whole();
  const pacer = noting();
  const cloud = audit(pacer);
  aws.setTroubles([{ kind: "throttle", times: 1 }]);
  expect(await failing(cloud.zones(place))).toMatchObject({ failure: "throttled" });
  expect(await cloud.zones(place)).toHaveLength(3);
  aws.setTroubles([{ kind: "deny", times: 1 }]);
  const reads = await Promise.all([failing(cloud.distributions(place)), failing(cloud.distributions(place))]);
  expect(reads.map(({ failure }) => failure)).toEqual(["not-authorized", "not-authorized"]);
  expect(await failing(cloud.distributions(place))).toMatchObject({ failure: "not-authorized" });
  expect(pacer.operations).toEqual([
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeAvailabilityZones",
    "cloudfront:ListDistributions",
  ]);
});

test("an endpoint that never answers ends with the audit's signal", async () => {
  const { aws, audit } = await whole();
  aws.setTroubles([{ kind: "hang" }]);
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const cloud = audit(noting(), controller.signal);
  const reads = [cloud.loadBalancer("acme", place), cloud.bucket("logs", place), cloud.ownAddresses(place)].map(
    failing,
  );
  await expect.poll(() => aws.calls.length, { interval: 5 }).toBe(9);
  controller.abort();
  expect((await Promise.all(reads)).map(({ failure }) => failure)).toEqual(["cancelled", "cancelled", "cancelled"]);
});

test("each place is read with its own region", async () => {
  const { audit } = await whole();
  const cloud = audit();
  await cloud.loadBalancer("acme", place);
  expect(await failing(cloud.loadBalancer("acme", { ...place, region: "us-east-1" }))).toMatchObject({
    failure: "not-found",
  });
});
