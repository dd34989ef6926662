import { expect, test } from "vitest";
import { auditAccount, counted, failing, noting, place, REGION } from "./audit-account.ts";

test("distributions over all pages, with aliases and origins; an account without any has none", async () => {
  const distributions = ["E1", "E2", "E3"].map((id) => ({
    id,
    domainName: `${id}.cloudfront.net`,
    enabled: true,
    aliases: id === "E1" ? ["render.example.com"] : [],
    origins: [{ id: "api", domainName: `origin-${id}.example.com` }],
  }));
  const { audit, model } = await auditAccount({ distributions }, { pageSize: 2 });
  const pacer = noting();
  const cloud = audit(pacer);
  const all = await cloud.distributions(place);
  expect(all.map(({ id }) => id)).toEqual(["E1", "E2", "E3"]);
  expect(all[0]).toEqual({
    id: "E1",
    domainName: "E1.cloudfront.net",
    aliases: ["render.example.com"],
    enabled: true,
    origins: ["origin-E1.example.com"],
  });
  expect(await cloud.distributions(place)).toBe(all);
  expect(counted(pacer.operations)).toEqual({ "cloudfront:ListDistributions": 2 });
  model.distributions?.splice(0);
  expect(await audit().distributions(place)).toEqual([]);
});

test("a certificate with each name once; one that is not there is not-found", async () => {
  const arn = `arn:aws:acm:${REGION}:123456789012:certificate/0a1b2c3d`;
  const notAfter = Date.parse("2027-03-01T00:00:00Z");
  const { audit, model } = await auditAccount({
    certificates: [
      {
        arn,
        domainName: "*.example.com",
        alternativeNames: ["*.example.com", "example.com"],
        status: "ISSUED",
        notAfter,
      },
    ],
  });
  const cloud = audit();
  expect(await cloud.certificate(arn, place)).toEqual({
    arn,
    status: "ISSUED",
    names: ["*.example.com", "example.com"],
    notAfter,
  });
  const waiting = model.certificates?.[0];
  if (waiting === undefined) throw new Error("no certificate");
  waiting.status = "PENDING_VALIDATION";
  delete waiting.notAfter;
  expect(await audit().certificate(arn, place)).toMatchObject({ status: "PENDING_VALIDATION", notAfter: undefined });
  expect(await failing(cloud.certificate(`${arn}9`, place))).toMatchObject({ failure: "not-found" });
});

test("retention of a log group by its exact name, behind all groups whose names begin so", async () => {
  const names = ["/ecs/core-1", "/ecs/core-2", "/ecs/core-3", "/ecs/core"];
  const logGroups = names.map((name, index) => ({
    region: REGION,
    name,
    ...(index === 3 ? { retentionInDays: 30 } : {}),
  }));
  const { audit } = await auditAccount({ logGroups }, { pageSize: 2 });
  const cloud = audit();
  expect(await cloud.logRetention("/ecs/core", place)).toBe(30);
  expect(await cloud.logRetention("/ecs/core-2", place)).toBeUndefined();
  expect(await failing(cloud.logRetention("/ecs/cor", place))).toMatchObject({
    failure: "not-found",
    message: "AWS in eu-west-1 has no log group /ecs/cor: the task definition names one that is not there",
  });
});

test("alarms and topics are read as the alarm manager reads them, once", async () => {
  const { audit, alarms } = await auditAccount();
  const { arn } = alarms.sns.topics.create(REGION, "ops", new Map(), new Map());
  const pacer = noting();
  const cloud = audit(pacer);
  expect(await cloud.region(place)).toBe(REGION);
  expect(await cloud.alarms(place)).toEqual([]);
  expect(await cloud.alarms(place)).toEqual([]);
  expect(await cloud.topic(arn, place)).toMatchObject({ arn, subscriptions: [] });
  await cloud.topic(arn, place);
  expect(await cloud.topic(`${arn}x`, place)).toBeUndefined();
  expect(counted(pacer.operations)).toEqual({
    "cloudwatch:DescribeAlarms": 1,
    "sns:GetTopicAttributes": 2,
    "sns:ListSubscriptionsByTopic": 1,
  });
});
